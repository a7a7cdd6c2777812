"""The sentences behind a cell of a table of answers."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.attribution.data import attribution_of
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.tables import ALL_TRACES
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.drilldown import LIMIT, Drilldown, drilldown_of, first_index_with_label
from rdpt_core.analysis.scope import Scope


def sentences_behind(
    data: RunData,
    rule: LabelRule,
    attribution: AttributionRule,
    scope: Scope,
    rows: str,
    row: str | None,
    answer: str,
    limit: int = LIMIT,
) -> Drilldown:
    """Traces of a row that have a sentence with this answer, those with most of them first, each at its first one.

    Args:
        rows: what the rows of the table are, one of `tables.ROWS`.
        row: the name of one; None, or `all traces`, for all in scope.
        answer: one of the table's answers.
    """
    own = attribution_of(data)
    answers, table = own.answers(rule, attribution), own.table(rule, attribution, scope, rows)
    code = table.answers.index(answer) + 1
    group = table.total if row in (None, ALL_TRACES) else next((r for r in table.rows if r.row == row), None)
    if group is None:
        return Drilldown(data.run, 0, (), ())
    places = own.rows(rule, attribution, scope)[group.members]
    n = own.counts(rule, attribution)[places, code].astype(np.int64)
    holding = np.flatnonzero(n)
    listed = holding[np.argsort(-n[holding], kind="stable")][:limit]
    chosen = places[listed]
    length = np.diff(answers.start)[chosen]
    index = first_index_with_label(answers.codes, answers.start[chosen], length, code)
    numbers = {f"sentences: {answer}": n[listed].tolist()}
    return drilldown_of(data, rule, len(holding), answers.trace_no[chosen], index, numbers)
