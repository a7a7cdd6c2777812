"""The sentences of a pattern as passages to read, some at a time."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.behaviours.patterns.members import places_of
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.search import Passage, Query, hits_at, passages
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import SmallInts


def places_in_scope(data: RunData, rule: LabelRule, scope: Scope, pattern: Pattern) -> SmallInts:
    """The sentences of a pattern that stand in traces in scope, ascending; places in the arrays of `RunData.gaps`.

    Raises:
        UsageError: its expression cannot be used.
    """
    places = places_of(data, pattern, rule.marks)
    if scope == Scope():
        return places
    is_chosen = np.zeros(len(data.gaps(rule).trace_no), bool)
    is_chosen[data.rows(rule, scope)] = True
    return places[is_chosen[_rows(data, rule, places)]]


def passages_of(data: RunData, rule: LabelRule, pattern: Pattern, places: SmallInts) -> tuple[Passage, ...]:
    """Some sentences of a pattern, with what it looks for marked where that is a text or an expression.

    Args:
        places: (n,), few: their texts are read.
    """
    gaps, rows = data.gaps(rule), _rows(data, rule, places)
    trace_nos, indices = gaps.trace_no[rows].tolist(), (places - gaps.start[rows]).tolist()
    query = None
    if pattern.how in ("text", "expression"):
        query = Query(pattern.value, pattern.how == "expression", pattern.match_case)
    hits = data.ask(hits_at, rule, tuple(trace_nos), tuple(indices), query)
    return data.ask(passages, hits)


def _rows(data: RunData, rule: LabelRule, places: SmallInts) -> SmallInts:
    """(n,), the index of the trace of each place among all scored traces."""
    rows: SmallInts = np.searchsorted(data.gaps(rule).start, places, side="right") - 1
    return rows
