"""Reach in groups and in levels, with intervals over questions: beside a control, and beside the student's own text.

    reach        share of the sentences that `reached` counts
    label        share of the label Teacher (or Gained) alone
    control      share of that label with a control in the teacher's place, on the same sentences
    excess       label − control, paired
    base line    reach on text that the student wrote itself, scored under the same models
    gain         reach − base line, on the questions that both have, paired

Steps between levels are differences of these shares; that of the excess is a difference of differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rdpt_core.analysis.evidence.transfer.levels import LEVELS, Assignment, Level
from rdpt_core.analysis.evidence.transfer.trend import Trend, trend_test
from rdpt_core.analysis.questions import number_questions
from rdpt_core.analysis.run.group_shares import CrossTable, Difference, RunCounts, cross_tabulate, difference
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.analysis.statistics.resampling import percentile_interval
from rdpt_core.arrays import Bools, Doubles, Ints

TRUE, CONTROL, BASE = "true", "control", "base"

# Group and level stand in this column of the counted traces: a question has one of them, so that resamples keep how
# many questions each has.
COLUMN = "domain"


@dataclass(frozen=True, slots=True)
class Step:
    """A number with its interval; ends are NaN where refused."""

    value: float
    low: float
    high: float
    refused: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """One group, or one level.

    Attributes:
        name: of the group, or of the level.
        level: its level; None for a group without one.
        reach, label, control, base: intervals whose first share is the number. `control` and `base` are None where
            there is no such sentence.
        excess, gain: None likewise.
        n_sentences: scored.
        members: indices of its traces among those in scope.
    """

    name: str
    level: Level | None
    reach: ShareIntervals
    label: ShareIntervals
    control: ShareIntervals | None
    excess: Step | None
    base: ShareIntervals | None
    gain: Step | None
    n_sentences: int
    members: Ints


@dataclass(frozen=True, slots=True)
class LevelSteps:
    """What a level has more than the level after it, or the last one.

    Attributes:
        first, second: the two levels.
        reach, label: differences of shares.
        control: the same of the control's share; None without one.
        excess: `label` minus `control`; None without one.
    """

    first: Level
    second: Level
    reach: Step
    label: Step
    control: Step | None
    excess: Step | None


@dataclass(frozen=True, slots=True, eq=False)
class ReachTable:
    """All groups and levels that hold a scored sentence.

    Attributes:
        groups: from seen to unseen, groups without a level last; in natural order within a level.
        levels: those that hold something.
        steps: each level against the next, and where there are three, the first against the last.
        trend: of reach over the levels.
        trend_excess: of the excess; None without a control.
        trend_control: of the control's share; None without one.
        n_shared: questions that the run and the student's own text share; 0 without such text.
    """

    assignment: Assignment
    groups: tuple[Reach, ...]
    levels: tuple[Reach, ...]
    steps: tuple[LevelSteps, ...]
    trend: Trend
    trend_excess: Trend | None
    trend_control: Trend | None
    n_shared: int


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Traces with their sentences counted. Shapes: (n_traces, 3), `reached.ABOVE`, `UP` and `OTHER`.

    Attributes:
        traces: the traces.
        true: with the teacher.
        joint_true: of the sentences that are scored under the control, too; None without a control.
        joint_control: the same sentences under the control.
    """

    traces: TraceTable
    true: Doubles
    joint_true: Doubles | None = None
    joint_control: Doubles | None = None


def reach_table(counted: Counted, base: Counted | None, assignment: Assignment) -> ReachTable:
    """Reach of every group and level.

    Args:
        base: the student's own text, whose traces have groups of the same names.
    """
    level = assignment.trace_levels(counted.traces)
    names = counted.traces.names[assignment.by]
    rank = {name: _rank(assignment.level_of.get(name)) for name in names}
    groups = tuple(sorted(names, key=lambda name: rank[name]))
    group = renumbered(counted.traces, assignment.by, groups)
    levels = tuple(LEVELS)
    sides = [(group, groups), (level, levels)]
    base_sides: list[Ints | None] = [None, None]
    if base is not None:
        base_sides = [renumbered(base.traces, assignment.by, groups), assignment.trace_levels(base.traces)]
    rows = [
        _rows(counted, codes, values, base, base_codes, assignment)
        for (codes, values), base_codes in zip(sides, base_sides, strict=True)
    ]
    shared = 0
    if base is not None:
        question, in_base, _ = common_questions(counted, base)
        shared = len(np.unique(question[in_base]))
    return ReachTable(
        assignment,
        rows[0],
        rows[1],
        _steps(counted, level, [row.name for row in rows[1]]),
        _trend(counted, level, counted.true[:, :2].sum(axis=1), counted.true.sum(axis=1)),
        _control_trend(counted, level, both=True),
        _control_trend(counted, level, both=False),
        shared,
    )


def _rank(level: Level | None) -> int:
    return len(LEVELS) if level is None else LEVELS.index(level)


def renumbered(traces: TraceTable, by: str, names: Sequence[str]) -> Ints:
    """(n_traces,), each trace's group among `names`, -1 for one that is not there."""
    own = np.array([names.index(name) if name in names else -1 for name in traces.names[by]], np.int64)
    return own[traces.codes[by]] if len(own) else np.zeros(0, np.int64)


def _column(traces: TraceTable, codes: Ints, values: Sequence[str]) -> TraceTable:
    return replace(traces, codes={**traces.codes, COLUMN: codes}, names={**traces.names, COLUMN: tuple(values)})


def kept_traces(traces: TraceTable, rows: Ints) -> TraceTable:
    """Some of the traces, with the questions that they have."""
    held, question = np.unique(traces.question[rows], return_inverse=True)
    return replace(
        traces,
        trace_no=traces.trace_no[rows],
        question=question.astype(np.int64),
        question_keys=tuple(traces.question_keys[number] for number in held.tolist()),
        codes={name: codes[rows] for name, codes in traces.codes.items()},
        correct=traces.correct[rows],
        question_names=tuple(traces.question_names[number] for number in held.tolist()),
    )


def side_of(name: str, traces: TraceTable, codes: Ints, values: Sequence[str], hits: Doubles, n: Doubles) -> RunCounts:
    """One side of a table: the traces that have a value, each with its hits and all the rest."""
    rows = np.flatnonzero(codes >= 0)
    chosen = _column(kept_traces(traces, rows), codes[rows], values)
    counts = np.stack([hits[rows], n[rows] - hits[rows]], axis=1)
    return RunCounts(name, chosen, counts, n[rows].astype(np.int64))


def _reach_side(name: str, counted: Counted, codes: Ints, values: Sequence[str]) -> RunCounts:
    parts = counted.true
    return side_of(name, counted.traces, codes, values, parts[:, :2].sum(axis=1), parts.sum(axis=1))


def _label_sides(counted: Counted, codes: Ints, values: Sequence[str]) -> list[RunCounts]:
    """The label alone: with the teacher and under the control on the same sentences, or with the teacher."""
    if counted.joint_true is None or counted.joint_control is None:
        return [side_of(TRUE, counted.traces, codes, values, counted.true[:, 0], counted.true.sum(axis=1))]
    return [
        side_of(name, counted.traces, codes, values, parts[:, 0], parts.sum(axis=1))
        for name, parts in ((TRUE, counted.joint_true), (CONTROL, counted.joint_control))
    ]


SHARES = ("counted", "rest")


def places_of(table: CrossTable) -> dict[tuple[str, str], int]:
    return {(cell.row, cell.column): index for index, cell in enumerate(table.cells)}


def _rows(
    counted: Counted,
    codes: Ints,
    values: Sequence[str],
    base: Counted | None,
    base_codes: Ints | None,
    assignment: Assignment,
) -> tuple[Reach, ...]:
    reach = cross_tabulate([_reach_side(TRUE, counted, codes, values)], SHARES, "run", COLUMN)
    label = cross_tabulate(_label_sides(counted, codes, values), SHARES, "run", COLUMN)
    place, label_place = places_of(reach), places_of(label)
    gains: dict[str, tuple[ShareIntervals, Step]] = {}
    if base is not None and base_codes is not None:
        gains = _gains(counted, codes, values, base, base_codes)
    kept = np.flatnonzero(codes >= 0)
    rows = []
    for name in values:
        if (TRUE, name) not in place or (TRUE, name) not in label_place:
            continue
        cell, own = reach.cells[place[TRUE, name]], label_place[TRUE, name]
        other = label_place.get((CONTROL, name))
        base_share, gain = gains.get(name, (None, None))
        rows.append(
            Reach(
                name=name,
                level=assignment.level_of[name] if name in assignment.level_of else _as_level(name),
                reach=cell.intervals,
                label=label.cells[own].intervals,
                control=None if other is None else label.cells[other].intervals,
                excess=None if other is None else first_share(difference(label, own, other)),
                base=base_share,
                gain=gain,
                n_sentences=cell.n_sentences,
                members=kept[cell.members[0]],
            )
        )
    return tuple(rows)


def _as_level(name: str) -> Level | None:
    return next((level for level in LEVELS if level == name), None)


def first_share(found: Difference) -> Step:
    return Step(float(found.value[0]), float(found.low[0]), float(found.high[0]), found.refused)


def common_questions(counted: Counted, base: Counted, *, graded: bool = False) -> tuple[Ints, Bools, Bools]:
    """(n_traces,), the number of each trace's question among those of both; whether the other side has it, for both.

    Args:
        graded: only by traces that are graded, rather than those with a scored sentence.
    """
    first, second = counted.traces, base.traces
    numbers = number_questions([*first.question_names, *second.question_names])
    own = numbers[: first.n_questions][first.question]
    other = numbers[first.n_questions :][second.question]
    has_own, has_other = (side.traces.correct >= 0 if graded else side.true.sum(axis=1) > 0 for side in (counted, base))
    return own, np.isin(own, other[has_other]) & has_own, np.isin(other, own[has_own]) & has_other


def _gains(
    counted: Counted, codes: Ints, values: Sequence[str], base: Counted, base_codes: Ints
) -> dict[str, tuple[ShareIntervals, Step]]:
    """Group → reach on the student's own text, and what the run has beyond it in the same questions."""
    _, in_base, in_run = common_questions(counted, base)
    sides = [
        _reach_side(TRUE, counted, np.where(in_base, codes, -1), values),
        _reach_side(BASE, base, np.where(in_run, base_codes, -1), values),
    ]
    if not all(len(side.counts) for side in sides):
        return {}
    table = cross_tabulate(sides, SHARES, "run", COLUMN)
    place = places_of(table)
    found = {}
    for name in values:
        own, other = place.get((TRUE, name)), place.get((BASE, name))
        if own is not None and other is not None:
            found[name] = table.cells[other].intervals, first_share(difference(table, own, other))
    return found


def _steps(counted: Counted, level: Ints, present: Sequence[str]) -> tuple[LevelSteps, ...]:
    held: list[Level] = [name for name in LEVELS if name in present]
    pairs = list(zip(held, held[1:], strict=False))
    if len(held) > 2:
        pairs.append((held[0], held[-1]))
    if not pairs:
        return ()
    reach = cross_tabulate([_reach_side(TRUE, counted, level, LEVELS)], SHARES, "run", COLUMN)
    label = cross_tabulate(_label_sides(counted, level, LEVELS), SHARES, "run", COLUMN)
    place, label_place = places_of(reach), places_of(label)
    steps = []
    for first, second in pairs:
        own = [label_place[TRUE, name] for name in (first, second)]
        other = [label_place.get((CONTROL, name)) for name in (first, second)]
        control = excess = None
        if other[0] is not None and other[1] is not None:
            control = first_share(difference(label, other[0], other[1]))
            excess = _difference_of_differences(label, (own[0], other[0]), (own[1], other[1]))
        steps.append(
            LevelSteps(
                first,
                second,
                first_share(difference(reach, place[TRUE, first], place[TRUE, second])),
                first_share(difference(label, own[0], own[1])),
                control,
                excess,
            )
        )
    return tuple(steps)


def _difference_of_differences(table: CrossTable, first: tuple[int, int], second: tuple[int, int]) -> Step:
    """Expanded percentiles (Hesterberg 2015) of (a − b) − (c − d) in the common resamples."""
    cells = [table.cells[index].intervals for index in (*first, *second)]
    a, b, c, d = (float(cell.share[0]) for cell in cells)
    value = (a - b) - (c - d)
    refused = next((cell.refused for cell in cells if cell.refused is not None), None)
    if refused is not None:
        return Step(value, np.nan, np.nan, refused)
    drawn = [table.draws[:, index, 0].astype(np.float64) for index in (*first, *second)]
    draws = (drawn[0] - drawn[1]) - (drawn[2] - drawn[3])
    low, high = percentile_interval(draws[:, None], min(cell.n_effective for cell in cells))
    return Step(value, float(low[0]), float(high[0]))


def _trend(counted: Counted, level: Ints, hits: Doubles, n: Doubles) -> Trend:
    """The test over questions; a question of several levels or benchmarks counts once in each."""
    traces = counted.traces
    n_benchmarks = max(1, len(traces.names["benchmark"]))
    key = (traces.question * n_benchmarks + traces.codes["benchmark"]) * (len(LEVELS) + 1) + level + 1
    held, number = np.unique(key, return_inverse=True)
    total = np.bincount(number, n, len(held))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.bincount(number, hits, len(held)) / total
    level_no = held % (len(LEVELS) + 1) - 1
    towards_seen = np.where(level_no < 0, -1, len(LEVELS) - 1 - level_no)
    return trend_test(share, towards_seen, held // (len(LEVELS) + 1) % n_benchmarks)


def _control_trend(counted: Counted, level: Ints, *, both: bool) -> Trend | None:
    if counted.joint_true is None or counted.joint_control is None:
        return None
    hits = counted.joint_control[:, 0]
    return _trend(counted, level, counted.joint_true[:, 0] - hits if both else hits, counted.joint_true.sum(axis=1))
