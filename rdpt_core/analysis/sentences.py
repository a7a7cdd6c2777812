"""The sentences that an analysis counts, the one source of all its queries, and their class in SQL."""

from __future__ import annotations

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.records.overlap import COPIED, NEW, TEMPLATE


def sentences_sql(run_no: int, rule: LabelRule, condition: str = "TRUE") -> str:
    """A parenthesised query for the rows of `sentences` that count under a rule: marks of format only if it says so.

    It stands where `labels_sql` takes its source.

    Args:
        condition: SQL over the columns of `sentences`.
    """
    counted = "TRUE" if rule.marks else "NOT is_mark"
    return f"(SELECT * FROM sentences WHERE run_no = {run_no:d} AND {counted} AND {condition})"


def class_sql(n_verbatim: str, n_template: str) -> str:
    """The class of a sentence in training texts, by name: an expression that is NULL where nothing is known.

    It is that of `evidence.overlap.classes.class_codes`.

    Args:
        n_verbatim, n_template: SQL of the two counts.
    """
    return (
        f"CASE WHEN {n_verbatim} IS NULL OR {n_template} IS NULL THEN NULL WHEN {n_verbatim} > 0 THEN '{COPIED}' "
        f"WHEN {n_template} > 0 THEN '{TEMPLATE}' ELSE '{NEW}' END"
    )
