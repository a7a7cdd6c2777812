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
    """Positions 1 to `last` in bins of equal width, at most `MAX_POINTS` of them."""
    width = -(-last // MAX_POINTS)
    return np.arange(0, last + width, width, dtype=np.float64)


def absolute_table(gaps: Gaps, codes: Codes, rows: Ints, last: int) -> PositionTable:
    """Labels at positions 1 to `last`.

    Args:
        rows: places of the traces in `gaps`.
    """
    n_labels, edges = len(label_order(gaps.roles)), absolute_edges(last)
    width, n_points = int(edges[1]), len(edges) - 1
    start, length = gaps.start[rows], gaps.length[rows]
    amount = np.zeros((len(rows), n_points, n_labels), np.float32)
    reaches = np.zeros((len(rows), n_points), bool)
    one_hot = np.vstack([np.zeros(n_labels), np.eye(n_labels)]).astype(np.float32)

    def fill(first: int) -> None:
        part = slice(first, first + _PASS_TRACES)
        k = np.arange(min(n_points * width, int(length[part].max(initial=0))))
        there = k < length[part][:, None]
        found = np.where(there, codes[np.where(there, start[part][:, None] + k, 0)], UNSCORED)
        for offset in range(width):
            here = found[:, offset::width]
            if width == 1:
                amount[part, : here.shape[1]] = one_hot[here]
            else:
                amount[part, : here.shape[1]] += one_hot[here]
            reaches[part, : here.shape[1]] |= here != UNSCORED

    in_parallel(fill, range(0, len(rows), _PASS_TRACES))
    return PositionTable(False, edges, amount, reaches)


def relative_table(gaps: Gaps, codes: Codes, rows: Ints, n_parts: int = RELATIVE_PARTS) -> PositionTable:
    """Labels at equal parts of each trace; a trace's amounts in a part sum to 1 if all of it is scored."""
    n_labels = len(label_order(gaps.roles))
    start, length = gaps.start[rows], gaps.length[rows]
    amount = np.empty((len(rows), n_parts, n_labels), np.float32)

    def fill(first: int) -> None:
        part = slice(first, min(first + _PASS_TRACES, len(rows)))
        begin, end = int(start[part].min()), int((start[part] + length[part]).max())
        amount[part] = _parts(codes[begin:end], start[part] - begin, length[part], n_parts, n_labels)

    in_parallel(fill, range(0, len(rows), _PASS_TRACES))
    np.clip(amount, 0, None, out=amount)
    return PositionTable(True, np.arange(n_parts + 1) / n_parts, amount, _over_labels(amount) > 1e-6)


def _over_labels(amount: Floats) -> Floats:
    """The sum along the last axis, which is so short that numpy's own takes several times longer."""
    total = amount[..., 0].copy()
    for k in range(1, amount.shape[-1]):
        total += amount[..., k]
    return total


def _parts(codes: Codes, start: Ints, length: Ints, n_parts: int, n_labels: int) -> Floats:
    """How much of each label fills each part, for traces that stand close together in `codes`."""
    # A part begins and ends inside of sentences: whole sentences before it, and a piece of the one it cuts.
    cut = np.arange(n_parts + 1) / n_parts * length[:, None]
    whole = np.minimum(cut.astype(np.int64), length[:, None])
    piece = (cut - whole).astype(np.float32)
    place = start[:, None] + whole
    cut_code = codes[np.minimum(place, max(0, len(codes) - 1))]
    scale = (n_parts / np.maximum(length, 1))[:, None]
    amount = np.empty((len(length), n_parts, n_labels), np.float32)
    before = np.zeros(len(codes) + 1, np.int32)
    for k in range(n_labels):
        np.cumsum(codes == k + 1, dtype=np.int32, out=before[1:])
        filled = before[place] - before[start][:, None] + piece * (cut_code == k + 1)
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
    """The curves of one group of traces. `traces` are its places in the facts."""

    name: str
    curves: tuple[Curve, ...]
    area: Area | None
    n_questions: int
    traces: Ints


def make_panel(name: str, table: PositionTable, facts: TraceTable, traces: Ints, lines: Sequence[str]) -> Panel:
    """Curves of some traces, all from the same resamples of their questions.

    Args:
        traces: places in `facts` and `table`.
        lines: `("all",)`, or `("correct", "incorrect")` to compare them.
    """
    values, question = np.unique(facts.question[traces], return_inverse=True)
    correct = facts.correct[traces]
    masks = {"all": np.ones(len(traces), bool), "correct": correct == 1, "incorrect": correct == 0}
    sums = np.zeros((len(values), len(lines), *table.amount.shape[1:]), np.float32)
    reaching = np.empty((len(lines), table.amount.shape[1]), np.int64)
    for place, line in enumerate(lines):
        chosen = np.flatnonzero(masks[line])
        _add_by_question(sums[:, place], table.amount, traces[chosen], question[chosen])
        reaching[place] = np.count_nonzero(table.reaches[traces[chosen]], axis=0)
    n_questions = (_over_labels(sums) > 0).sum(axis=0)
    shown = [_shown(n) for n in n_questions]
    longest = max(shown, default=0)
    drawn = resample_sums(sums[:, :, :longest], np.zeros(len(values), np.int64), N_RESAMPLES)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn /= _over_labels(drawn)[..., None]
        total = sums.sum(axis=0, dtype=np.float64)
        share = total / total.sum(axis=2, keepdims=True)
    curves = tuple(
        _curve(line, share[place], drawn[:, place], n_questions[place], reaching[place], shown[place])
        for place, line in enumerate(lines)
    )
    area = None
    if tuple(lines) == LINES[1:] and min(shown) > 0:
        area = _area(share, drawn, min(shown), n_questions, table, facts, traces)
    return Panel(name, curves, area, len(values), traces)


def _add_by_question(sums: Floats, amount: Floats, traces: Ints, question: Ints) -> None:
    """Write the amounts of some traces, added up by question, into `sums` (n_questions, n_points, n_labels)."""
    if len(question):
        order = np.argsort(question, kind="stable")
        present, first = np.unique(question[order], return_index=True)
        sums[present] = np.add.reduceat(amount[traces[order]], first, axis=0)


def _shown(n_questions: Ints) -> int:
    few = np.flatnonzero(n_questions < MIN_AT_POSITION)
    return int(few[0]) if len(few) else len(n_questions)


def _curve(line: str, share: Doubles, drawn: Floats, n_questions: Ints, n_traces: Ints, n_shown: int) -> Curve:
    shape = share.shape
    kept, low, high = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    if n_shown:
        kept[:n_shown] = share[:n_shown]
        # On this scale the spread of a share depends little on the share, and bands of rare labels are not lopsided.
        angles = np.arcsin(np.sqrt(drawn[:, :n_shown]))
        band = simultaneous_band(angles, np.arcsin(np.sqrt(share[:n_shown])), n_questions[:n_shown])
        low[:n_shown], high[:n_shown] = (np.sin(np.clip(end, 0, np.pi / 2)) ** 2 for end in band)
    return Curve(line, kept, low, high, n_questions, n_traces, n_shown)


def _area(
    share: Doubles,
    drawn: Floats,
    n_points: int,
    n_questions: Ints,
    table: PositionTable,
    facts: TraceTable,
    traces: Ints,
) -> Area:
    value = (share[0, :n_points] - share[1, :n_points]).mean(axis=0)
    gap = drawn[:, 0, :n_points] - drawn[:, 1, :n_points]
    # A resample with nothing at a far position still says something about the others.
    held = np.isfinite(gap)
    draws = np.where(held, gap, 0).sum(axis=1) / np.maximum(held.sum(axis=1), 1)
    low, high = percentile_interval(draws, int(n_questions[:, :n_points].min()))
    graded = traces[facts.correct[traces] >= 0]
    graded = graded[_informative(facts.correct[graded] == 1, facts.question[graded])]
    score = position_scores(table.amount[graded, :n_points])
    test = permute_within_questions(score, facts.correct[graded] == 1, facts.question[graded])
    return Area(value, low, high, n_points, test)


def _informative(correct: Bools, question: Ints) -> Bools:
    """Traces of questions that have both correct and incorrect ones; the others cannot change the test."""
    n = np.bincount(question)
    n_correct = np.bincount(question, correct, len(n))
    found: Bools = ((n_correct > 0) & (n_correct < n))[question]
    return found


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
    # What one sentence of label l at position p adds to the score of each label.
    adds = scale[:, None, None] * (np.eye(n_labels) - share[:, None, :])
    score: Doubles = (flat @ adds.reshape(-1, n_labels).astype(np.float32)).astype(np.float64)
    return score


def sentences_at(
    gaps: Gaps, codes: Codes, rows: Ints, table: PositionTable, point: int, label: int, limit: int
) -> tuple[int, Ints, Ints]:
    """What stands behind a point of a curve.

    Args:
        rows: places in `gaps` of the traces of `table`, or of some of them, whose `amount` is `table.amount`.
        label: place of the label in `label_order`.

    Returns:
        How many traces have such a sentence there, and for the first `limit` of them: its place in `rows` and the index
        of its first such sentence.
    """
    holding = np.flatnonzero(table.amount[:, point, label] > 1e-6)
    found = []
    for place in holding[:limit]:
        n = int(gaps.length[rows[place]])
        low, high = table.edges[point], table.edges[point + 1]
        if table.is_relative:
            # The small step keeps a boundary that falls between two sentences from reaching into a neighbour.
            low, high = np.floor(low * n + 1e-6), np.ceil(high * n - 1e-6)
        first = int(gaps.start[rows[place]] + low)
        here = codes[first : int(gaps.start[rows[place]] + min(high, n))] == label + 1
        found.append(int(low) + int(np.argmax(here)))
    return len(holding), holding[:limit], np.array(found, np.int64)


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
