"""Correct answers by group and level: of the distilled model, and of the student beside it where its text is graded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.evidence.transfer.levels import LEVELS, Assignment, Level
from rdpt_core.analysis.evidence.transfer.reach import (
    BASE,
    COLUMN,
    SHARES,
    TRUE,
    Counted,
    Step,
    common_questions,
    first_share,
    places_of,
    renumbered,
    side_of,
)
from rdpt_core.analysis.run.group_shares import RunCounts, cross_tabulate, difference
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.arrays import Bools, Ints


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One group or level; every question weighs the same.

    Attributes:
        name: of the group, or of the level.
        level: its level; None for a group without one.
        is_level: whether it is a level.
        distilled: of the run's graded traces.
        student: of the student's own graded traces, on the questions that both have; None without any.
        gain: what the distilled model has beyond it on these questions; None without any.
    """

    name: str
    level: Level | None
    is_level: bool
    distilled: ShareIntervals
    student: ShareIntervals | None
    gain: Step | None


def accuracy_rows(counted: Counted, base: Counted | None, assignment: Assignment) -> tuple[Accuracy, ...]:
    """Accuracy of every group with a graded trace, then of every level."""
    by = assignment.by
    names = counted.traces.names[by]
    rows: list[Accuracy] = []
    for is_level, values, own, other in (
        (
            False,
            names,
            renumbered(counted.traces, by, names),
            None if base is None else renumbered(base.traces, by, names),
        ),
        (
            True,
            LEVELS,
            assignment.trace_levels(counted.traces),
            None if base is None else assignment.trace_levels(base.traces),
        ),
    ):
        everything = _side(TRUE, counted.traces, own, values, np.ones(len(own), bool))
        if not len(everything.counts):
            continue
        table = cross_tabulate([everything], SHARES, "run", COLUMN, "questions")
        beside = {} if base is None or other is None else _beside(counted, own, base, other, values)
        for cell in table.cells:
            level: Level | None = assignment.level_of.get(cell.column, _as_level(cell.column))
            student, gain = beside.get(cell.column, (None, None))
            rows.append(Accuracy(cell.column, level, is_level, cell.intervals, student, gain))
    return tuple(rows)


def _as_level(name: str) -> Level | None:
    return next((level for level in LEVELS if level == name), None)


def _side(name: str, traces: TraceTable, codes: Ints, values: tuple[str, ...], kept: Bools) -> RunCounts:
    graded = kept & (traces.correct >= 0)
    return side_of(
        name,
        traces,
        np.where(graded, codes, -1),
        values,
        (traces.correct == 1).astype(np.float64),
        np.ones(len(codes)),
    )


def _beside(
    counted: Counted, own: Ints, base: Counted, other: Ints, values: tuple[str, ...]
) -> dict[str, tuple[ShareIntervals, Step]]:
    _, in_base, in_run = common_questions(counted, base, graded=True)
    sides = [_side(TRUE, counted.traces, own, values, in_base), _side(BASE, base.traces, other, values, in_run)]
    if not all(len(side.counts) for side in sides):
        return {}
    table = cross_tabulate(sides, SHARES, "run", COLUMN, "questions")
    place = places_of(table)
    return {
        name: (
            table.cells[place[BASE, name]].intervals,
            first_share(difference(table, place[TRUE, name], place[BASE, name])),
        )
        for name in values
        if (TRUE, name) in place and (BASE, name) in place
    }
