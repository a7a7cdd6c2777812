"""Bootstrap intervals for shares. The unit of inference is the question, never the sentence.

Sentences of one trace resemble each other, and so do traces of one question. So every resample draws questions with
replacement, and then, within each drawn question, as many of its traces as it has, again with replacement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MIN_QUESTIONS = 5
"""Below this many questions a bootstrap interval is far too narrow to be honest, so none is given."""

N_RESAMPLES = 1000
LEVEL = 0.95

INTERVAL_METHOD = (
    f"Intervals are {LEVEL:.0%} percentile intervals of a bootstrap that resamples questions, then traces within them "
    f"({N_RESAMPLES:,} resamples, seed 0); fewer than {MIN_QUESTIONS} questions get none."
)
"""For a methods paragraph."""

# Cells of the largest temporary array; 8 bytes each, so about 32 MB.
_MAX_CELLS = 4_000_000

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ShareIntervals:
    """Shares of k kinds with percentile intervals.

    Attributes:
        share: (k,), sums to 1, or NaN where nothing was counted.
        low: (k,) lower ends; NaN where refused.
        high: (k,) upper ends; NaN where refused.
        n_questions: questions with at least one counted thing.
        n_traces: traces with at least one counted thing.
        n_counted: how many things were counted.
        refused: why there is no interval; None if there is one.
    """

    share: Doubles
    low: Doubles
    high: Doubles
    n_questions: int
    n_traces: int
    n_counted: int
    refused: str | None


def bootstrap_shares(
    counts: npt.NDArray[np.int64],
    question: npt.NDArray[np.int64],
    *,
    n_resamples: int = N_RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> ShareIntervals:
    """Share of each kind among all counted things, with an interval from resampling questions, then their traces.

    Equals, for each resample, `counts[drawn traces].sum(axis=0)` divided by its total.

    Args:
        counts: (n_traces, k), how many things of each kind a trace holds.
        question: (n_traces,), equal for traces of the same question.
        seed: the same seed and input give the same interval.
    """
    keep = counts.sum(axis=1) > 0
    counts, question = counts[keep], question[keep]
    total = counts.sum(axis=0, dtype=np.int64)
    n_counted = int(total.sum())
    missing = np.full(counts.shape[1], np.nan)
    share = total / n_counted if n_counted else missing
    _, start, size = _groups(question)
    n_questions = len(size)
    if n_questions < MIN_QUESTIONS:
        refused = f"only {n_questions} question{'' if n_questions == 1 else 's'}; an interval needs {MIN_QUESTIONS}"
        return ShareIntervals(share, missing, missing, n_questions, len(question), n_counted, refused)
    ordered = counts[np.argsort(question, kind="stable")].astype(np.float64)
    shares = _resample(ordered, start, size, n_resamples, np.random.default_rng(seed))
    tail = (1 - level) / 2
    low, high = np.quantile(shares, [tail, 1 - tail], axis=0)
    return ShareIntervals(share, low, high, n_questions, len(question), n_counted, None)


def _groups(
    question: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Values, first positions and sizes of the groups of equal values once sorted."""
    values, size = np.unique(question, return_counts=True)
    start = np.concatenate([[0], np.cumsum(size)[:-1]]).astype(np.int64) if len(size) else np.empty(0, np.int64)
    return values, start, size.astype(np.int64)


def _resample(
    ordered: Doubles,
    start: npt.NDArray[np.int64],
    size: npt.NDArray[np.int64],
    n_resamples: int,
    rng: np.random.Generator,
) -> Doubles:
    """Shares of every resample. Shapes: `ordered` is (n_traces, k) sorted by question; result (n_resamples, k)."""
    n_questions, widest, n_kinds = len(size), int(size.max()), ordered.shape[1]
    # One row of zeros at the end: places beyond a drawn question's own number of traces point at it.
    padded = np.vstack([ordered, np.zeros((1, n_kinds))])
    nowhere = len(ordered)
    per_pass = max(1, _MAX_CELLS // (n_questions * widest))
    result = np.empty((n_resamples, n_kinds))
    for first in range(0, n_resamples, per_pass):
        n = min(per_pass, n_resamples - first)
        drawn = rng.integers(0, n_questions, size=(n, n_questions))
        n_here = size[drawn][:, :, None]
        place = np.floor(rng.random((n, n_questions, widest)) * n_here).astype(np.int64)
        index = np.where(np.arange(widest) < n_here, start[drawn][:, :, None] + place, nowhere).reshape(n, -1)
        # Weighted sums by counting how often each trace was drawn: far smaller than gathering its counts.
        flat = index + np.arange(n)[:, None] * (nowhere + 1)
        weight = np.bincount(flat.ravel(), minlength=n * (nowhere + 1)).reshape(n, nowhere + 1).astype(np.float64)
        sums = weight @ padded
        result[first : first + n] = sums / sums.sum(axis=1, keepdims=True)
    return result
