"""What stands before and after the sentences of a pattern, against what stands there usually.

A neighbour is the next sentence of the same trace, or the one before it. What is usual are the neighbours, on the same
side, of all sentences that are not the pattern's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rdpt_core.analysis.behaviours.families import LENS, OPENING, KindFamily
from rdpt_core.analysis.behaviours.patterns.shapes import NeighbourKind, Neighbours
from rdpt_core.analysis.behaviours.patterns.sums import Sentences, of_traces, trace_counts
from rdpt_core.analysis.behaviours.patterns.tables import Sums, pairs, tabulate
from rdpt_core.analysis.run.group_shares import CrossTable, difference
from rdpt_core.arrays import Bools, Doubles, Ints

AFTER, BEFORE = "after", "before"
SHOWN = 10
"""How many kinds of neighbours are told: the most frequent ones."""

_IS_IT = ("it", "another")


def neighbours(own: Sentences, families: Sequence[KindFamily], side: str) -> Neighbours:
    """The sentences on one side of those of a pattern.

    Args:
        families: the run's families of kinds; openings and lenses are looked at.
        side: `AFTER` or `BEFORE`.
    """
    step = 1 if side == AFTER else -1
    length = own.gaps.length[own.rows]
    has_one = (own.index + 1 < length[own.trace]) if side == AFTER else own.index > 0
    chosen = np.flatnonzero(has_one)
    trace, place = own.trace[chosen], own.places[chosen].astype(np.int64) + step
    inside = trace_counts(trace, own.codes[place], own.counts.shape)
    everything = own.counts - _without_neighbour(own, side)
    sides = of_traces(own.traces, inside[:, 1:]), of_traces(own.traces, (everything - inside)[:, 1:])
    (labels,) = pairs(tabulate(sides, own.labels), ("",))
    is_neighbour = np.zeros(len(own.codes), bool)
    is_neighbour[place] = True
    rest = np.maximum(length - 1, 0) - np.bincount(trace, minlength=len(length))
    n_beside = _by_question(own, trace), np.bincount(own.traces.question, rest, own.traces.n_questions)
    by_name = {family.family: family for family in families}
    kinds = (_kinds(own, by_name.get(name), side, is_neighbour, n_beside) for name in (OPENING, LENS))
    return Neighbours(side, labels, *kinds)


def _without_neighbour(own: Sentences, side: str) -> Doubles:
    """(n_traces, 1 + n_labels): the sentence of each trace that is nobody's neighbour on that side: when one looks
    after sentences, the first of a trace comes after none."""
    holding = np.flatnonzero(own.gaps.length[own.rows])
    rows = own.rows[holding]
    place = own.gaps.start[rows] if side == AFTER else own.gaps.start[rows + 1] - 1
    return trace_counts(holding, own.codes[place], own.counts.shape)


def _by_question(own: Sentences, trace: Ints) -> Doubles:
    return np.bincount(own.traces.question[trace], minlength=own.traces.n_questions).astype(np.float64)


def _kinds(
    own: Sentences, family: KindFamily | None, side: str, is_neighbour: Bools, n_beside: tuple[Doubles, Doubles]
) -> tuple[NeighbourKind, ...]:
    """The most frequent kinds of a family among the neighbours.

    Args:
        is_neighbour: (n_sentences of the run,).
        n_beside: (n_questions,) neighbours of the pattern, and those of all other sentences.
    """
    if family is None or not len(family.members):
        return ()
    n = np.diff(np.concatenate([[0], np.cumsum(is_neighbour[family.members])])[family.start])
    shown = np.argsort(-n, kind="stable")[:SHOWN]
    shown = shown[n[shown] > 0]
    groups = [group for kind in shown.tolist() for group in _pair(own, family, kind, side, is_neighbour, n_beside)]
    if not groups:
        return ()
    table = tabulate(groups, _IS_IT)
    return tuple(_kind(table, family, kind, 2 * number) for number, kind in enumerate(shown.tolist()))


def _pair(
    own: Sentences, family: KindFamily, kind: int, side: str, is_neighbour: Bools, n_beside: tuple[Doubles, Doubles]
) -> tuple[Sums, Sums]:
    """Neighbours of the pattern of this kind and of another; the same of the neighbours of all other sentences."""
    members = family.members[int(family.start[kind]) : int(family.start[kind + 1])]
    row = np.searchsorted(own.gaps.start, members, side="right") - 1
    trace_of_row = np.full(len(own.gaps.trace_no), -1, np.int64)
    trace_of_row[own.rows] = np.arange(len(own.rows))
    trace, edge = trace_of_row[row], own.gaps.start[row] if side == AFTER else own.gaps.start[row + 1] - 1
    is_beside = (trace >= 0) & (members != edge)
    groups = []
    for chosen, n in zip((is_neighbour[members], ~is_neighbour[members]), n_beside, strict=True):
        found = trace[is_beside & chosen]
        n_kind = _by_question(own, found)
        groups.append(Sums(np.stack([n_kind, n - n_kind], axis=1), len(np.unique(found))))
    return groups[0], groups[1]


def _kind(table: CrossTable, family: KindFamily, kind: int, first: int) -> NeighbourKind:
    beside, rest = (table.cells[first + k].intervals for k in range(2))
    apart = difference(table, first, first + 1)
    share, rest_share = float(beside.share[0]), float(rest.share[0])
    return NeighbourKind(
        family=family.family,
        kind=family.names[kind],
        n=round(share * beside.n_counted),
        share=share,
        rest_share=rest_share,
        lift=share / rest_share if rest_share > 0 else float("nan") if np.isnan(rest_share) else float("inf"),
        difference=float(apart.value[0]),
        low=float(apart.low[0]),
        high=float(apart.high[0]),
    )
