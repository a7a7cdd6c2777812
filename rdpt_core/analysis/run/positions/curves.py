"""Position curves: the share of each label at each position of the traces, with bands for whole curves.

Long traces may differ from short ones, and only they reach far. So a curve may rise although nothing changes within any
trace. Beside each curve by sentence number stands that of the *same traces*: the longer half of them, up to a position
that all of these reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.run.positions.areas import Area, compare_within_questions, signed_area
from rdpt_core.analysis.run.positions.tables import PositionTable, over_labels
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.bands import share_band
from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.resampling import resample_sums
from rdpt_core.arrays import Doubles, Floats, Ints

MIN_AT_POSITION = 10
"""A curve ends before the first position where the questions with a scored sentence are worth fewer than this."""

N_RESAMPLES = 1000

LINES = ("all", "correct", "incorrect")


@dataclass(frozen=True, slots=True)
class PositionView:
    """Which curves are drawn.

    Attributes:
        compare: correct against incorrect traces, instead of all.
        relative: by part of the trace, instead of by sentence number.
        by_benchmark: a panel a benchmark, instead of one for all.
        last: the last sentence number.
    """

    compare: bool = False
    relative: bool = False
    by_benchmark: bool = True
    last: int = 60


@dataclass(frozen=True, slots=True, eq=False)
class SameTraces:
    """The curve of traces that all reach its last position.

    Attributes:
        share: (n_same, n_labels), at its positions.
        at_least: sentences that every one of these traces has.
        n_traces: how many they are.
    """

    share: Doubles
    at_least: int
    n_traces: int


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Label shares along the positions. Shapes: (n_points, n_labels), NaN from `n_shown` on.

    Attributes:
        line: one of `LINES`.
        low, high: simultaneous 95% band of each label's curve.
        n_questions, n_traces: (n_points,), with a scored sentence there, also beyond the cut.
        n_effective: (n_points,), the effective number of these questions.
        n_shown: points before the cut.
        same: the curve of the same traces; None by part of the trace, and where all traces are equally long.
    """

    line: str
    share: Doubles
    low: Doubles
    high: Doubles
    n_questions: Ints
    n_effective: Doubles
    n_traces: Ints
    n_shown: int
    same: SameTraces | None


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """The curves of one group of traces.

    Attributes:
        area: None unless correct and incorrect traces are compared, and reach some position together.
        rows: (n,), indices of its traces in the table of traces.
    """

    name: str
    curves: tuple[Curve, ...]
    area: Area | None
    n_questions: int
    rows: Ints


def make_panel(name: str, table: PositionTable, traces: TraceTable, rows: Ints, lines: Sequence[str]) -> Panel:
    """Curves of some traces, all from the same resamples of their questions.

    Args:
        rows: (n,), indices of these traces in `table` and `traces`.
        lines: `("all",)`, or `("correct", "incorrect")` to compare them.
    """
    values, question = np.unique(traces.question[rows], return_inverse=True)
    correct = traces.correct[rows]
    masks = {"all": np.ones(len(rows), bool), "correct": correct == 1, "incorrect": correct == 0}
    chosen = [np.flatnonzero(masks[line]) for line in lines]
    sums = np.zeros((len(values), len(lines), *table.amount.shape[1:]), np.float32)
    for line_no, members in enumerate(chosen):
        _add_by_question(sums[:, line_no], table.amount, rows[members], question[members])
    weight = over_labels(sums)
    n_questions, n_effective = (weight > 0).sum(axis=0), effective_number(weight)
    shown = [_shown(n) for n in n_effective]
    drawn = resample_sums(sums[:, :, : max(shown)], np.zeros(len(values), np.int64), N_RESAMPLES)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn /= over_labels(drawn)[..., None]
        total = sums.sum(axis=0, dtype=np.float64)
        share = total / total.sum(axis=2, keepdims=True)
    curves = tuple(
        _curve(line, table, rows[chosen[no]], share[no], drawn[:, no], n_questions[no], n_effective[no], shown[no])
        for no, line in enumerate(lines)
    )
    area, n = None, min(shown)
    if tuple(lines) == LINES[1:] and n > 0:
        graded = rows[correct >= 0]
        test = compare_within_questions(table.amount[graded, :n], correct[correct >= 0] == 1, traces.question[graded])
        area = signed_area(share[:, :n], drawn[:, :, :n], n_effective[:, :n], total[:, :n].sum(axis=(1, 2)), test)
    return Panel(name, curves, area, len(values), rows)


def _add_by_question(sums: Floats, amount: Floats, rows: Ints, question: Ints) -> None:
    """Add the amounts of some traces up by question, into `sums` (n_questions, n_points, n_labels), zeros so far."""
    if len(question):
        order = np.argsort(question, kind="stable")
        present, first = np.unique(question[order], return_index=True)
        sums[present] = np.add.reduceat(amount[rows[order]], first, axis=0)


def _shown(n_effective: Doubles) -> int:
    few = np.flatnonzero(np.round(n_effective) < MIN_AT_POSITION)
    return int(few[0]) if len(few) else len(n_effective)


def _curve(
    line: str,
    table: PositionTable,
    rows: Ints,
    share: Doubles,
    drawn: Floats,
    n_questions: Ints,
    n_effective: Doubles,
    n_shown: int,
) -> Curve:
    shape = share.shape
    shown_share, low, high = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    if n_shown:
        shown_share[:n_shown] = share[:n_shown]
        low[:n_shown], high[:n_shown] = share_band(drawn[:, :n_shown], share[:n_shown], n_effective[:n_shown])
    n_traces = np.count_nonzero(table.reaches[rows], axis=0)
    same = _same_traces(table, rows, n_traces[:n_shown])
    return Curve(line, shown_share, low, high, n_questions, n_effective, n_traces, n_shown, same)


def _same_traces(table: PositionTable, rows: Ints, n_traces: Ints) -> SameTraces | None:
    """The curve of the longer half of the traces, up to the last position that half of them reach.

    Args:
        n_traces: (n_shown,), traces with a scored sentence at each position that is shown.
    """
    if table.is_relative or len(n_traces) < 2:
        return None
    point = int(np.flatnonzero(2 * n_traces >= n_traces[0])[-1])
    if point == 0 or n_traces[point] == n_traces[0]:
        return None
    long = rows[table.reaches[rows, point]]
    total = table.amount[long, : point + 1].sum(axis=0, dtype=np.float64)
    share = total / np.maximum(total.sum(axis=1, keepdims=True), 1)
    return SameTraces(share, int(table.edges[point]) + 1, len(long))


def positions_table(panels: Sequence[Panel], table: PositionTable, labels: Sequence[str]) -> pa.Table:
    """One row a panel, curve, position and label: share, band, counts, and the share among the same traces.

    Share and band are NULL beyond the cut; what concerns the same traces is NULL beyond the last of their positions.
    """
    rows = []
    for panel in panels:
        for curve in panel.curves:
            for point in range(len(table.edges) - 1):
                row: dict[str, object] = {"group": panel.name, "traces": curve.line}
                if table.is_relative:
                    row |= {"part_from": float(table.edges[point]), "part_to": float(table.edges[point + 1])}
                else:
                    row |= {"sentence_from": int(table.edges[point]) + 1, "sentence_to": int(table.edges[point + 1])}
                rows += [row | {"label": label} | _point_row(curve, point, k) for k, label in enumerate(labels)]
    numbers = dict.fromkeys(("share", "low", "high", "same_traces_share"), pa.float64())
    numbers |= {"same_traces_at_least": pa.int64(), "n_same_traces": pa.int64()}
    made = pa.Table.from_pylist(rows)
    return made.cast(pa.schema([(field.name, numbers.get(field.name, field.type)) for field in made.schema]))


def _point_row(curve: Curve, point: int, k: int) -> dict[str, object]:
    known, same = point < curve.n_shown, curve.same
    held = same is not None and point < len(same.share)
    return {
        "share": float(curve.share[point, k]) if known else None,
        "low": float(curve.low[point, k]) if known else None,
        "high": float(curve.high[point, k]) if known else None,
        "n_questions": int(curve.n_questions[point]),
        "n_traces": int(curve.n_traces[point]),
        "n_effective": float(curve.n_effective[point]),
        "same_traces_share": float(same.share[point, k]) if same is not None and held else None,
        "same_traces_at_least": same.at_least if same is not None and held else None,
        "n_same_traces": same.n_traces if same is not None and held else None,
    }
