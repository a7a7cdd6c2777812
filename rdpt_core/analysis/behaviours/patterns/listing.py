"""The sentences of a pattern: as passages to read, some at a time; their labels group by group."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.behaviours.patterns.members import pattern_key, places_of
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.behaviours.patterns.shapes import Against
from rdpt_core.analysis.behaviours.patterns.sums import sentences_in
from rdpt_core.analysis.behaviours.patterns.tables import pairs, strata_of, tabulate
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Family
from rdpt_core.analysis.run.search import Passage, Query, hits_at, passages
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import SmallInts

_GROUPS = Family("pattern_groups", 16)


def places_in_scope(data: RunData, rule: LabelRule, scope: Scope, pattern: Pattern) -> SmallInts:
    """The sentences of a pattern that stand in traces in scope, ascending; places in the arrays of `RunData.gaps`.

    Raises:
        UsageError: see `places_of`.
    """
    return sentences_in(data, rule, scope, places_of(data, pattern, rule.marks)).places


def passages_of(data: RunData, rule: LabelRule, pattern: Pattern, places: SmallInts) -> tuple[Passage, ...]:
    """Some sentences of a pattern, with what it looks for marked where that is a text or an expression.

    Args:
        places: (n,), few: their texts are read.
    """
    gaps = data.gaps(rule)
    rows = np.searchsorted(gaps.start, places, side="right") - 1
    trace_nos, indices = gaps.trace_no[rows].tolist(), (places - gaps.start[rows]).tolist()
    query = None
    if pattern.how in ("text", "expression"):
        query = Query(pattern.value, pattern.how == "expression", pattern.match_case)
    hits = data.ask(hits_at, rule, tuple(trace_nos), tuple(indices), query)
    return data.ask(passages, hits)


def bars_by_group(data: RunData, rule: LabelRule, scope: Scope, pattern: Pattern) -> tuple[tuple[str, Against], ...]:
    """`share_bar` of each benchmark and grade that has a labelled sentence of the pattern, with what it is a group of:
    `by_benchmark` and `by_correctness` of a `PatternView`, without the rest of it.

    Raises:
        UsageError: see `places_of`.
    """

    def count() -> tuple[tuple[str, Against], ...]:
        own = sentences_in(data, rule, scope, places_of(data, pattern, rule.marks))
        found = []
        for by in ("benchmark", "correctness"):
            # A question has one benchmark, but may have traces of either grade.
            stratum = strata_of(own.traces, by) if by == "benchmark" else None
            groups = pairs(tabulate(own.pairs(by), own.labels, stratum), own.traces.names[by])
            found += [(by, one) for one in groups if one.pattern.n_counted]
        return tuple(found)

    key = (*data.key, *pattern_key(data, pattern), rule, scope)
    bars: tuple[tuple[str, Against], ...] = data.keep(_GROUPS, key, count)
    return bars
