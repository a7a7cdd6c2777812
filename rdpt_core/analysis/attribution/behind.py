"""The sentences behind a cell of a table of answers, or behind sets of sources."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.attribution.data import attribution_of
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.drilldown import LIMIT, Drilldown, drilldown_of, first_index_with_label
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import Ints


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
        row: the name of one; None for all in scope.
        answer: one of the table's answers.
    """
    own = attribution_of(data)
    table = own.table(rule, attribution, scope, rows)
    sets = own.columns(rule, attribution, scope).sets_of(answer)
    group = table.total if row is None else next((r for r in table.rows if r.row == row), None)
    if group is None:
        return Drilldown(data.run, 0, (), ())
    return _list(data, rule, attribution, scope, group.members, sets, answer, limit)


def sentences_of_sets(
    data: RunData,
    rule: LabelRule,
    attribution: AttributionRule,
    scope: Scope,
    sets: Ints,
    name: str,
    limit: int = LIMIT,
) -> Drilldown:
    """The same of all traces in scope that have a sentence which names one of some sets of sources.

    Args:
        sets: as bits.
        name: what to call them.
    """
    members = np.arange(len(attribution_of(data).rows(rule, attribution, scope)))
    return _list(data, rule, attribution, scope, members, sets, name, limit)


def _list(
    data: RunData,
    rule: LabelRule,
    attribution: AttributionRule,
    scope: Scope,
    members: Ints,
    sets: Ints,
    name: str,
    limit: int,
) -> Drilldown:
    """Args: members: traces, as indices into those in scope."""
    own = attribution_of(data)
    answers, known = own.answers(rule, attribution), own.columns(rule, attribution, scope).members
    wanted = np.isin(known, sets)
    n = own.set_counts(rule, attribution, scope)[members][:, wanted].sum(axis=1).astype(np.int64)
    holding = np.flatnonzero(n)
    listed = holding[np.argsort(-n[holding], kind="stable")][:limit]
    chosen = own.rows(rule, attribution, scope)[members[listed]]
    length = np.diff(answers.start)[chosen]
    is_one = np.isin(answers.members, sets.astype(answers.members.dtype)).astype(np.uint8)
    index = first_index_with_label(is_one, answers.start[chosen], length, 1)
    numbers = {f"sentences: {name}": n[listed].tolist()}
    return drilldown_of(data, rule, len(holding), answers.trace_no[chosen], index, numbers)
