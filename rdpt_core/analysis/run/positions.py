"""Position curves: the share of each label at each position of the traces, with bands for whole curves.

*Absolute*: at position k, the share among the k-th sentences of all traces that have one. Positions may be taken
together in bins of equal width.

*Relative*: a trace is cut into equal parts, and a sentence counts in each part by how much of the part it fills. So
every trace weighs the same in every part, however many sentences it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.labels import label_order
from rdpt_core.analysis.run.gap_arrays import UNSCORED, Gaps
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.analysis.statistics.permutation import PermutationTest, permute_within_questions
from rdpt_core.analysis.statistics.resampling import percentile_interval, resample_sums, simultaneous_band
from rdpt_core.arrays import Bools, Codes, Doubles, Floats, Ints

MIN_AT_POSITION = 10
"""A curve ends before the first position where fewer questions than this have a scored sentence."""

MAX_POINTS = 60
RELATIVE_PARTS = 20
N_RESAMPLES = 1000

# Few enough for the processor's cache.
_PASS_TRACES = 1024

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
class PositionTable:
    """Labels at every position of every trace in scope.

    Attributes:
        is_relative: whether positions are parts of the trace or numbers of sentences.
        edges: (n_points + 1,); point i covers positions `edges[i] + 1` to `edges[i + 1]`, or that part of the trace.
        amount: (n_traces, n_points, n_labels), how much of each label stands there.
        reaches: (n_traces, n_points), whether the trace has a scored sentence there.
    """

    is_relative: bool
    edges: Doubles
    amount: Floats
    reaches: Bools


def absolute_edges(last: int) -> Doubles:
    """Edges of the bins of positions 1 to `last`: bins of equal width, at most `MAX_POINTS`. Shape: (n_points + 1,)."""
    width = -(-last // MAX_POINTS)
    return np.arange(0, last + width, width, dtype=np.float64)


def absolute_table(gaps: Gaps, codes: Codes, rows: Ints, last: int) -> PositionTable:
    """Labels at positions 1 to `last`.

    Args:
        codes: (n_sentences,), the label codes of the sentences of `gaps`.
        rows: (n_traces,), indices of the traces in `gaps`.
        last: the last sentence number, from 1.
    """
    n_labels, edges = len(label_order(gaps.roles)), absolute_edges(last)
    width, n_points = int(edges[1]), len(edges) - 1
    start, length = gaps.start[rows], gaps.length[rows]
    amount = np.zeros((len(rows), n_points, n_labels), np.float32)
    reaches = np.zeros((len(rows), n_points), bool)
    one_hot = np.vstack([np.zeros(n_labels), np.eye(n_labels)]).astype(np.float32)

    def fill(first: int) -> None:
        piece = slice(first, first + _PASS_TRACES)
        k = np.arange(min(n_points * width, int(length[piece].max(initial=0))))
        is_inside = k < length[piece][:, None]
        code = np.where(is_inside, codes[np.where(is_inside, start[piece][:, None] + k, 0)], UNSCORED)
        for offset in range(width):
            # One sentence of each bin.
            sampled = code[:, offset::width]
            if width == 1:
                amount[piece, : sampled.shape[1]] = one_hot[sampled]
            else:
                amount[piece, : sampled.shape[1]] += one_hot[sampled]
            reaches[piece, : sampled.shape[1]] |= sampled != UNSCORED

    in_parallel(fill, range(0, len(rows), _PASS_TRACES))
    return PositionTable(False, edges, amount, reaches)


def relative_table(gaps: Gaps, codes: Codes, rows: Ints, n_parts: int = RELATIVE_PARTS) -> PositionTable:
    """Labels at equal parts of each trace; a trace's amounts in a part sum to 1 if all of it is scored.

    Args:
        codes: (n_sentences,), the label codes of the sentences of `gaps`.
        rows: (n_traces,), indices of the traces in `gaps`.
    """
    n_labels = len(label_order(gaps.roles))
    start, length = gaps.start[rows], gaps.length[rows]
    amount = np.empty((len(rows), n_parts, n_labels), np.float32)

    def fill(first: int) -> None:
        piece = slice(first, min(first + _PASS_TRACES, len(rows)))
        low, high = int(start[piece].min()), int((start[piece] + length[piece]).max())
        amount[piece] = _amounts_by_part(codes[low:high], start[piece] - low, length[piece], n_parts, n_labels)

    in_parallel(fill, range(0, len(rows), _PASS_TRACES))
    np.clip(amount, 0, None, out=amount)
    return PositionTable(True, np.arange(n_parts + 1) / n_parts, amount, _over_labels(amount) > 1e-6)


def _over_labels(amount: Floats) -> Floats:
    """The sum along the last axis, which is so short that numpy's own takes several times longer."""
    total = amount[..., 0].copy()
    for k in range(1, amount.shape[-1]):
        total += amount[..., k]
    return total


def _amounts_by_part(codes: Codes, start: Ints, length: Ints, n_parts: int, n_labels: int) -> Floats:
    """How much of each label fills each part, for traces that stand close together in `codes`."""
    # A part begins and ends inside sentences: whole sentences before it, and a piece of the one it cuts.
    cut = np.arange(n_parts + 1) / n_parts * length[:, None]
    whole = np.minimum(cut.astype(np.int64), length[:, None])
    piece = (cut - whole).astype(np.float32)
    cut_index = start[:, None] + whole
    cut_code = codes[np.minimum(cut_index, max(0, len(codes) - 1))]
    scale = (n_parts / np.maximum(length, 1))[:, None]
    amount = np.empty((len(length), n_parts, n_labels), np.float32)
    before = np.zeros(len(codes) + 1, np.int32)
    for k in range(n_labels):
        np.cumsum(codes == k + 1, dtype=np.int32, out=before[1:])
        filled = before[cut_index] - before[start][:, None] + piece * (cut_code == k + 1)
        amount[:, :, k] = np.diff(filled, axis=1) * scale
    return amount


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Label shares along the positions. Shapes: (n_points, n_labels), NaN from `n_shown` on.

    Attributes:
        line: one of `LINES`.
        low, high: simultaneous 95% band of each label's curve.
        n_questions, n_traces: (n_points,), with a scored sentence there, also beyond the cut.
        n_shown: points before the cut.
    """

    line: str
    share: Doubles
    low: Doubles
    high: Doubles
    n_questions: Ints
    n_traces: Ints
    n_shown: int


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """Signed area between the curves of correct and of incorrect traces, one value a label.

    Attributes:
        value: (n_labels,), mean height of correct above incorrect over the common positions, as a share.
        low, high: (n_labels,), 95% interval from resampling questions.
        n_points: common positions.
        test: the same within questions, and its permutation p-value.
    """

    value: Doubles
    low: Doubles
    high: Doubles
    n_points: int
    test: PermutationTest


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
    sums = np.zeros((len(values), len(lines), *table.amount.shape[1:]), np.float32)
    reaching = np.empty((len(lines), table.amount.shape[1]), np.int64)
    for line_no, line in enumerate(lines):
        chosen = np.flatnonzero(masks[line])
        _add_by_question(sums[:, line_no], table.amount, rows[chosen], question[chosen])
        reaching[line_no] = np.count_nonzero(table.reaches[rows[chosen]], axis=0)
    n_questions = (_over_labels(sums) > 0).sum(axis=0)
    shown = [_shown(n) for n in n_questions]
    longest = max(shown, default=0)
    drawn = resample_sums(sums[:, :, :longest], np.zeros(len(values), np.int64), N_RESAMPLES)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn /= _over_labels(drawn)[..., None]
        total = sums.sum(axis=0, dtype=np.float64)
        share = total / total.sum(axis=2, keepdims=True)
    curves = tuple(
        _curve(line, share[line_no], drawn[:, line_no], n_questions[line_no], reaching[line_no], shown[line_no])
        for line_no, line in enumerate(lines)
    )
    area = None
    if tuple(lines) == LINES[1:] and min(shown) > 0:
        area = _area(share, drawn, min(shown), n_questions, table, traces, rows)
    return Panel(name, curves, area, len(values), rows)


def _add_by_question(sums: Floats, amount: Floats, rows: Ints, question: Ints) -> None:
    """Add the amounts of some traces up by question, into `sums` (n_questions, n_points, n_labels), zeros so far."""
    if len(question):
        order = np.argsort(question, kind="stable")
        present, first = np.unique(question[order], return_index=True)
        sums[present] = np.add.reduceat(amount[rows[order]], first, axis=0)


def _shown(n_questions: Ints) -> int:
    few = np.flatnonzero(n_questions < MIN_AT_POSITION)
    return int(few[0]) if len(few) else len(n_questions)


def _curve(line: str, share: Doubles, drawn: Floats, n_questions: Ints, n_traces: Ints, n_shown: int) -> Curve:
    shape = share.shape
    shown_share, low, high = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    if n_shown:
        shown_share[:n_shown] = share[:n_shown]
        # On this scale the spread of a share depends little on the share, and bands of rare labels are not lopsided.
        angles = np.arcsin(np.sqrt(drawn[:, :n_shown]))
        band = simultaneous_band(angles, np.arcsin(np.sqrt(share[:n_shown])), n_questions[:n_shown])
        low[:n_shown], high[:n_shown] = (np.sin(np.clip(end, 0, np.pi / 2)) ** 2 for end in band)
    return Curve(line, shown_share, low, high, n_questions, n_traces, n_shown)


def _area(
    share: Doubles,
    drawn: Floats,
    n_points: int,
    n_questions: Ints,
    table: PositionTable,
    traces: TraceTable,
    rows: Ints,
) -> Area:
    value = (share[0, :n_points] - share[1, :n_points]).mean(axis=0)
    gap = drawn[:, 0, :n_points] - drawn[:, 1, :n_points]
    # A resample with nothing at a far position still says something about the others.
    held = np.isfinite(gap)
    draws = np.where(held, gap, 0).sum(axis=1) / np.maximum(held.sum(axis=1), 1)
    low, high = percentile_interval(draws, int(n_questions[:, :n_points].min()))
    graded = rows[traces.correct[rows] >= 0]
    graded = graded[_informative(traces.correct[graded] == 1, traces.question[graded])]
    score = position_scores(table.amount[graded, :n_points])
    test = permute_within_questions(score, traces.correct[graded] == 1, traces.question[graded])
    return Area(value, low, high, n_points, test)


def _informative(correct: Bools, question: Ints) -> Bools:
    """Traces of questions that have both correct and incorrect ones; the others cannot change the test."""
    n = np.bincount(question)
    n_correct = np.bincount(question, correct, len(n))
    mask: Bools = ((n_correct > 0) & (n_correct < n))[question]
    return mask


def position_scores(amount: Floats) -> Doubles:
    """How far each trace stands above the common curve, in mean height. Shapes: (n, n_points, k) -> (n, k).

    At each position a trace adds its labels minus the common share there, weighted by how few traces get that far. So
    a long trace scores 0 unless its labels differ: length alone makes no area.
    """
    n_traces, n_points, n_labels = amount.shape
    flat = amount.reshape(n_traces, -1)
    total = np.einsum("tj->j", flat, dtype=np.float64).reshape(n_points, n_labels)
    weight = total.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(weight[:, None] > 0, total / weight[:, None], 0)
        scale = np.where(weight > 0, n_traces / weight, 0) / max(1, n_points)
    # What a sentence of label l at position p adds to the score of each label.
    adds = scale[:, None, None] * (np.eye(n_labels) - share[:, None, :])
    score: Doubles = (flat @ adds.reshape(-1, n_labels).astype(np.float32)).astype(np.float64)
    return score


def sentences_at(
    gaps: Gaps, codes: Codes, rows: Ints, table: PositionTable, point: int, label: int, limit: int
) -> tuple[int, Ints, Ints]:
    """The sentences behind a point of a curve, for a drill-down.

    Args:
        codes: (n_sentences,), the label codes of the sentences of `gaps`.
        rows: (n_traces,), indices in `gaps` of the traces of `table`.
        point: index of the point.
        label: index of the label in `label_order`.

    Returns:
        How many traces have such a sentence there, and for the first `limit` of them: their indices in `rows` and, for
        each, the index in its trace of the first such sentence.
    """
    holding = np.flatnonzero(table.amount[:, point, label] > 1e-6)
    sentence_index = []
    for row in rows[holding[:limit]]:
        n = int(gaps.length[row])
        low, high = table.edges[point], table.edges[point + 1]
        if table.is_relative:
            # The small step keeps a boundary that falls between two sentences from reaching into a neighbour.
            low, high = np.floor(low * n + 1e-6), np.ceil(high * n - 1e-6)
        is_labelled = codes[int(gaps.start[row] + low) : int(gaps.start[row] + min(high, n))] == label + 1
        sentence_index.append(int(low) + int(np.argmax(is_labelled)))
    return len(holding), holding[:limit], np.array(sentence_index, np.int64)


def positions_table(panels: Sequence[Panel], table: PositionTable, labels: Sequence[str]) -> pa.Table:
    """One row a panel, curve, position and label: share, band, and counts; NULL beyond the cut."""
    rows = []
    for panel in panels:
        for curve in panel.curves:
            for point in range(len(table.edges) - 1):
                row: dict[str, object] = {"group": panel.name, "traces": curve.line}
                if table.is_relative:
                    row |= {"part_from": float(table.edges[point]), "part_to": float(table.edges[point + 1])}
                else:
                    row |= {"sentence_from": int(table.edges[point]) + 1, "sentence_to": int(table.edges[point + 1])}
                counts = {"n_questions": int(curve.n_questions[point]), "n_traces": int(curve.n_traces[point])}
                for k, label in enumerate(labels):
                    known = point < curve.n_shown
                    values = {
                        name: float(array[point, k]) if known else None
                        for name, array in (("share", curve.share), ("low", curve.low), ("high", curve.high))
                    }
                    rows.append(row | {"label": label} | values | counts)
    return pa.Table.from_pylist(rows)
