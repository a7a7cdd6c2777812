"""Counts of sentences by what their gaps say, from the gaps in memory, and yet exact in double precision.

A question about a sentence is answered from its gaps in single precision wherever rounding cannot change the answer.
Where it could, the sentence is doubtful: it is left out, and answered from its gaps as the database computes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rdpt_core.analysis.run.gaps.gap_arrays import Gaps, traces_of
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Bools, Doubles, Ints, SmallInts

ROUNDING = 2.0**-23
"""A gap in single precision is off by at most half of this part of itself."""

# Sentences of one pass: few enough for the processor's cache.
_PASS = 131_072

Values: TypeAlias = npt.NDArray[np.floating]

Classify: TypeAlias = Callable[[Values, Values | None], tuple[Ints, Bools]]
"""From `gap` and `max_gap` of some sentences, in either precision, the bin of each, and whether it is doubtful."""

Exact: TypeAlias = Callable[[SmallInts], tuple[Doubles, Doubles | None]]
"""`exact_gaps` of some traces."""


def count_by_trace(gaps: Gaps, rows: Ints, classify: Classify, n_bins: int, exact: Exact) -> Ints:
    """Scored sentences of each trace in each bin. Shape: (len(rows), n_bins).

    Args:
        rows: indices of traces in `gaps`, ascending.
        classify: gives each sentence its bin, from 0.
        exact: gaps in double precision, asked for the traces of doubtful sentences.
    """
    return count_by_group(gaps, rows, classify, n_bins, exact, np.arange(len(rows)), len(rows))


def count_all(gaps: Gaps, rows: Ints, classify: Classify, n_bins: int, exact: Exact) -> Ints:
    """Scored sentences of some traces in each bin. Shape: (n_bins,). Arguments as for `count_by_trace`."""
    counts: Ints = count_by_group(gaps, rows, classify, n_bins, exact, np.zeros(len(rows), np.int64), 1)[0]
    return counts


def count_by_group(
    gaps: Gaps, rows: Ints, classify: Classify, n_bins: int, exact: Exact, group: Ints, n_groups: int
) -> Ints:
    """The same by groups of traces, numbered from 0. Shapes: `group` (len(rows),), result (n_groups, n_bins).

    The other arguments are as for `count_by_trace`.
    """
    width = n_bins + 1
    counts = np.zeros((n_groups, width), np.int64)
    length = gaps.length[rows]
    step = max(1, _PASS * len(rows) // max(1, int(length.sum())))

    def count_piece(first: int) -> tuple[Ints, Ints, Ints]:
        piece = slice(first, first + step)
        sentences = _sentences(gaps, rows[piece], length[piece])
        gap = gaps.gap[sentences]
        max_gap = None if gaps.max_gap is None else gaps.max_gap[sentences]
        bins, is_doubtful = classify(gap, max_gap)
        is_unscored = np.isnan(gap if max_gap is None else max_gap)
        is_doubtful &= ~is_unscored
        bins[is_unscored | is_doubtful] = n_bins
        present, group_in_piece = np.unique(group[piece], return_inverse=True)
        bins += np.repeat(group_in_piece * width, length[piece])
        binned = np.bincount(bins, minlength=len(present) * width).reshape(-1, width)
        return present, binned, _sentence_numbers(sentences, np.flatnonzero(is_doubtful))

    doubtful_pieces = []
    for present, binned, doubtful in in_parallel(count_piece, range(0, len(rows), step)):
        counts[present] += binned
        doubtful_pieces.append(doubtful)
    doubtful = np.concatenate([np.empty(0, np.int64), *doubtful_pieces])
    if len(doubtful):
        traces, sentences = traces_of(gaps, doubtful)
        gap, max_gap = exact(gaps.trace_no[traces])
        chosen = np.searchsorted(sentences, doubtful)
        bins, _ = classify(gap[chosen], None if max_gap is None else max_gap[chosen])
        row = np.searchsorted(rows, np.searchsorted(gaps.start, doubtful, side="right") - 1)
        np.add.at(counts, (group[row], bins), 1)
    return counts[:, :n_bins]


def _sentences(gaps: Gaps, rows: Ints, length: Ints) -> slice | Ints:
    """The indices of the sentences of some traces: a slice if the traces follow each other."""
    first, last = int(gaps.start[rows[0]]), int(gaps.start[rows[-1] + 1])
    if last - first == int(length.sum()):
        return slice(first, last)
    return np.repeat(gaps.start[rows] - np.cumsum(length) + length, length) + np.arange(int(length.sum()))


def _sentence_numbers(sentences: slice | Ints, chosen: Ints) -> Ints:
    """`sentences[chosen]`, also of a slice."""
    return chosen + sentences.start if isinstance(sentences, slice) else sentences[chosen]


def reach(value: Values, thresholds: Doubles, denominator: int) -> tuple[Ints, Bools]:
    """The number of the first threshold that is at least `value`, and where rounding could change it.

    Args:
        value: (n,), at least 0; NaN is beyond all.
        thresholds: (m,), the whole numbers from 0 divided by `denominator`.
    """
    edges = np.concatenate([[-np.inf], thresholds, [np.inf]]).astype(value.dtype)
    number = np.fmin(np.ceil(value * denominator), len(thresholds)).astype(np.int64)
    # A product is rounded, so its neighbours are tried as well.
    number -= edges[number] >= value
    number += edges[number + 1] < value
    return number, edges[number + 1] == value
