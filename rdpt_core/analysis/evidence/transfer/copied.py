"""Reach in sentences that stand in the training texts, in those that follow a template of theirs, and in new ones.

What is reached among copied sentences may be remembered; what is reached among new ones was copied neither word for
word nor as a template. A short sentence is easily copied, so classes differ in more than memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.evidence.overlap.classes import CLASSES
from rdpt_core.analysis.evidence.transfer.levels import LEVELS, Assignment, Level
from rdpt_core.analysis.evidence.transfer.reach import COLUMN, SHARES, places_of, renumbered, side_of
from rdpt_core.analysis.evidence.transfer.reached import N_PARTS
from rdpt_core.analysis.run.gaps.gap_arrays import count_by_trace
from rdpt_core.analysis.run.group_shares import RunCounts, cross_tabulate
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.arrays import Codes, Doubles, Ints

KNOWN = "in the training texts"


@dataclass(frozen=True, slots=True)
class ClassReach:
    """One class of sentences in one group or level.

    Attributes:
        name: of the group, or of the level.
        level: its level; None for a group without one.
        training_class: one of `overlap.classes.CLASSES`.
        share: interval whose first share is that of the class among the sentences of the group that were looked up.
        reach: interval whose first share is the reach within the class; None where it has no scored sentence.
    """

    name: str
    level: Level | None
    training_class: str
    share: ShareIntervals
    reach: ShareIntervals | None


@dataclass(frozen=True, slots=True, eq=False)
class CopiedTable:
    """Classes by group and by level.

    Attributes:
        n_known: scored sentences that were looked up.
        n_unknown: scored sentences that were not.
    """

    groups: tuple[ClassReach, ...]
    levels: tuple[ClassReach, ...]
    n_known: int
    n_unknown: int


def count_classes(start: Ints, parts: Codes, classes: Codes) -> Doubles:
    """(n_traces, 4, 4), sentences of each trace by class (unknown first) and by part (unscored first)."""
    n = len(CLASSES) + 1
    codes = classes * np.uint8(N_PARTS) + parts
    return count_by_trace(start, codes, n * N_PARTS).reshape(-1, n, N_PARTS)


def known_parts(traces: TraceTable, counts: Doubles, by: str) -> dict[str, float]:
    """Group → the part of its scored sentences that is copied or has a template; NaN where none was looked up.

    Args:
        counts: (n_traces, 4, 4), as `count_classes` gives them.
    """
    scored = counts[:, 1:, 1:].sum(axis=2)
    names = traces.names[by]
    sums = np.stack([np.bincount(traces.codes[by], column, len(names)) for column in scored.T], axis=1)
    with np.errstate(invalid="ignore"):
        part = sums[:, :2].sum(axis=1) / sums.sum(axis=1)
    return dict(zip(names, part.tolist(), strict=True))


def copied_table(traces: TraceTable, counts: Doubles, assignment: Assignment) -> CopiedTable:
    """Every class in every group and level.

    Args:
        counts: (n_traces, 4, 4), as `count_classes` gives them.
    """
    names = traces.names[assignment.by]
    scored = counts[:, :, 1:]
    groups = _rows(traces, scored[:, 1:], renumbered(traces, assignment.by, names), names, assignment)
    levels = _rows(traces, scored[:, 1:], assignment.trace_levels(traces), LEVELS, assignment)
    return CopiedTable(groups, levels, int(scored[:, 1:].sum()), int(scored[:, 0].sum()))


def _rows(
    traces: TraceTable, scored: Doubles, codes: Ints, values: Sequence[str], assignment: Assignment
) -> tuple[ClassReach, ...]:
    n, hits = scored.sum(axis=2), scored[:, :, :2].sum(axis=2)
    of_class: list[RunCounts] = []
    in_class: list[RunCounts] = []
    for k, name in enumerate(CLASSES):
        of_class.append(side_of(name, traces, codes, values, n[:, k], n.sum(axis=1)))
        in_class.append(side_of(name, traces, codes, values, hits[:, k], n[:, k]))
    shares, reaches = (cross_tabulate(sides, SHARES, "run", COLUMN) for sides in (of_class, in_class))
    share_at, reach_at = places_of(shares), places_of(reaches)
    rows = []
    for value in values:
        level: Level | None = assignment.level_of.get(value, next((one for one in LEVELS if one == value), None))
        for name in CLASSES:
            if (name, value) in share_at:
                place = reach_at.get((name, value))
                reach = None if place is None else reaches.cells[place].intervals
                rows.append(ClassReach(value, level, name, shares.cells[share_at[name, value]].intervals, reach))
    return tuple(rows)
