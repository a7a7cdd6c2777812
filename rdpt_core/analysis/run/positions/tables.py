"""Labels at every position of every trace.

*Absolute*: at position k, the share among the k-th sentences of all traces that have one. Positions may be taken
together in bins of equal width.

*Relative*: a trace is cut into equal parts, and a sentence counts in each part by how much of the part it fills. So
every trace weighs the same in every part, however many sentences it has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.labels import label_order
from rdpt_core.analysis.run.gaps.gap_arrays import UNSCORED, Gaps
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Bools, Codes, Doubles, Floats, Ints

MAX_POINTS = 60
RELATIVE_PARTS = 20

# Few enough for the processor's cache.
_PASS_TRACES = 1024


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
    return PositionTable(True, np.arange(n_parts + 1) / n_parts, amount, over_labels(amount) > 1e-6)


def over_labels(amount: Floats) -> Floats:
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
    # Of nothing but traces without a sentence, there is no code to look at.
    codes = codes if len(codes) else np.full(1, UNSCORED, codes.dtype)
    cut_code = codes[np.minimum(cut_index, len(codes) - 1)]
    scale = (n_parts / np.maximum(length, 1))[:, None]
    amount = np.empty((len(length), n_parts, n_labels), np.float32)
    before = np.zeros(len(codes) + 1, np.int32)
    for k in range(n_labels):
        np.cumsum(codes == k + 1, dtype=np.int32, out=before[1:])
        filled = before[cut_index] - before[start][:, None] + piece * (cut_code == k + 1)
        amount[:, :, k] = np.diff(filled, axis=1) * scale
    return amount


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
