"""The sentences that an analysis counts: the one source of all its queries."""

from __future__ import annotations

from rdpt_core.analysis.labels import LabelRule


def sentences_sql(run_no: int, rule: LabelRule, condition: str = "TRUE") -> str:
    """A parenthesised query for the rows of `sentences` that count under a rule: marks of format only if it says so.

    It stands where `labels_sql` takes its source.

    Args:
        condition: SQL over the columns of `sentences`.
    """
    counted = "TRUE" if rule.marks else "NOT is_mark"
    return f"(SELECT * FROM sentences WHERE run_no = {run_no:d} AND {counted} AND {condition})"
