"""The cluster bootstrap, vectorised: how often each question is drawn, and intervals from what comes of it.

The unit of inference, the cluster, is the question. A resample draws as many questions as there are, with replacement,
and a drawn question brings all of its traces. Drawing the traces of a drawn question once more would count their noise
twice, since the totals of the questions hold it already: where questions are alike the intervals become far too wide
(see `tests/benchmarks/bench_coverage.py`, which prints both). So everything here works on one row of sums a question.

Plain percentile intervals are too narrow for few questions: their spread lacks a factor sqrt(n / (n - 1)), and n - 1
degrees of freedom call for a quantile of Student's t. `tail` moves the percentiles outwards by both (the expanded
percentile interval of Hesterberg, "What Teachers Should Know About the Bootstrap", 2015).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri, stdtrit

from rdpt_core.arrays import Doubles, Floats, Ints

MIN_QUESTIONS = 8
"""Below this many questions no interval is given: in simulation it covers the truth too rarely."""

LEVEL = 0.95
SEED = 0

_CELLS = 8_000_000
_KEPT_CELLS = 4_000_000


def resamples_for(n_questions: int) -> int:
    """How many resamples are drawn: few questions need percentiles further out, and each resample then costs less."""
    return 2000 if n_questions <= 1000 else 1000


def question_draws(stratum: Ints, n_resamples: int, seed: int = SEED) -> Iterator[tuple[int, Floats]]:
    """How often each question is drawn in each resample, in blocks of resamples.

    Args:
        stratum: (n_questions,), from 0. Each stratum keeps its number of questions in every resample.

    Yields:
        The first resample of the block, and an array (resamples of the block, n_questions) of counts. Single precision
        holds counts and their products with sums below 2**24 exactly.
    """
    rng = np.random.default_rng(seed)
    n = len(stratum)
    strata = [np.flatnonzero(stratum == s) for s in np.unique(stratum)]
    block = max(1, min(n_resamples, _CELLS // max(1, n)))
    for first in range(0, n_resamples, block):
        n_in_block = min(block, n_resamples - first)
        counts = np.empty((n_in_block, n), np.float32)
        for resample in range(n_in_block):
            for members in strata:
                drawn = rng.integers(0, len(members), len(members))
                counts[resample, members] = np.bincount(drawn, minlength=len(members))
        yield first, counts


def resample_sums(sums: npt.NDArray[Any], stratum: Ints, n_resamples: int | None = None, seed: int = SEED) -> Floats:
    """Totals of every resample. Shapes: `sums` (n_questions, …); result (n_resamples, …).

    Equals `sums[drawn questions].sum(axis=0)` for each resample.
    """
    n_questions = len(sums)
    n_resamples = resamples_for(n_questions) if n_resamples is None else n_resamples
    flat = np.ascontiguousarray(sums.reshape(n_questions, -1), dtype=np.float32)
    totals = np.empty((n_resamples, flat.shape[1]), np.float32)
    blocks: Iterable[tuple[int, Floats]] = question_draws(stratum, n_resamples, seed)
    if n_questions * n_resamples <= _KEPT_CELLS:
        blocks = [(0, _kept_draws(stratum.astype(np.int64).tobytes(), n_resamples, seed))]
    for first, counts in blocks:
        np.matmul(counts, flat, out=totals[first : first + len(counts)])
    return totals.reshape(n_resamples, *sums.shape[1:])


@lru_cache(maxsize=8)
def _kept_draws(stratum: bytes, n_resamples: int, seed: int) -> Floats:
    """The draws depend on the questions alone, so that a change of a threshold need not draw again."""
    return next(question_draws(np.frombuffer(stratum, np.int64), n_resamples, seed))[1]


def tail(n_questions: npt.ArrayLike, level: float = LEVEL) -> Doubles:
    """Part of the resamples that an interval leaves out on each side (Hesterberg 2015; see the top of this file).

    Equals `Φ(sqrt(n / (n - 1)) · t)` with t the quantile (1 - level) / 2 of Student's t with n - 1 degrees of freedom.

    Args:
        n_questions: (…) or one number; fewer than two count as two.
    """
    n = np.maximum(np.asarray(n_questions, dtype=np.float64), 2.0)
    return np.asarray(ndtr(np.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 - level) / 2)))


def percentile_interval(
    draws: npt.NDArray[np.floating], n_questions: npt.ArrayLike, level: float = LEVEL
) -> tuple[Doubles, Doubles]:
    """Expanded percentile interval (Hesterberg 2015).

    Args:
        draws: (n_resamples, …), NaN where undefined.
        n_questions: (…) or one number.

    Returns:
        Low and high ends, (…).
    """
    ordered = np.sort(draws.reshape(len(draws), -1), axis=0)
    tail_part = np.broadcast_to(tail(n_questions, level), draws.shape[1:]).reshape(-1)
    low, high = (
        _quantiles(ordered, probability).reshape(draws.shape[1:]) for probability in (tail_part, 1 - tail_part)
    )
    return low, high


def bca_interval(
    draws: npt.NDArray[np.floating],
    estimate: Doubles,
    skewness: Doubles,
    n_questions: npt.ArrayLike,
    level: float = LEVEL,
) -> tuple[Doubles, Doubles]:
    """Bias-corrected and accelerated interval (Efron 1987) with the expanded tails.

    For shares near 0 or 1, whose resamples are skewed.

    Args:
        draws: (n_resamples, …), NaN where undefined.
        estimate: (…).
        skewness: (…), the acceleration; see `acceleration`.
        n_questions: (…) or one number.

    Returns:
        Low and high ends, (…).
    """
    shape = draws.shape[1:]
    flat = draws.reshape(len(draws), -1)
    centre = estimate.reshape(-1)
    valid = np.maximum(np.isfinite(flat).sum(axis=0), 1)
    # Single precision: a resample that repeats the sample may miss the estimate by a last digit.
    ties = np.abs(flat - centre) <= 1e-6 * np.maximum(1.0, np.abs(centre))
    below = ((flat < centre) & ~ties).sum(axis=0) + 0.5 * ties.sum(axis=0)
    shift = ndtri(np.clip(below / valid, 0.5 / valid, 1 - 0.5 / valid))
    ordered = np.sort(flat, axis=0)
    tail_part = np.broadcast_to(tail(n_questions, level), shape).reshape(-1)
    skew = skewness.reshape(-1)
    ends = []
    for probability in (tail_part, 1 - tail_part):
        z = shift + ndtri(probability)
        ends.append(_quantiles(ordered, ndtr(shift + z / np.maximum(1 - skew * z, 1e-3))).reshape(shape))
    return ends[0], ends[1]


def acceleration(leave_one_out: Doubles, axis: int = 0) -> Doubles:
    """The acceleration of BCa (Efron 1987): `Σ gap³ / (6 · (Σ gap²)^1.5)`, gap being the mean estimate minus each.

    Args:
        leave_one_out: estimates that leave out one question each, along `axis`; NaN where it was not in anyway.
    """
    gap = np.nanmean(leave_one_out, axis=axis, keepdims=True) - leave_one_out
    square = np.nansum(gap**2, axis=axis)
    cube = np.nansum(gap**3, axis=axis)
    return np.where(square > 0, cube / np.maximum(6 * square**1.5, 1e-300), 0.0)


def _quantiles(ordered: npt.NDArray[np.floating], probability: Doubles) -> Doubles:
    """One quantile of each column, interpolated; `ordered` is sorted, its NaNs last."""
    n = np.isfinite(ordered).sum(axis=0)
    rank = np.clip(probability, 0, 1) * np.maximum(n - 1, 0)
    low = np.floor(rank).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(n - 1, 0))
    columns = np.arange(ordered.shape[1])
    below, above = ordered[low, columns].astype(np.float64), ordered[high, columns].astype(np.float64)
    return np.where(n > 0, below + (rank - low) * (above - below), np.nan)
