"""Intervals where a bootstrap has nothing to draw: shares of 0 and 1, rare labels, and differences of such shares.

A share that is 0 in every question is 0 in every resample, so that its bootstrap interval is [0, 0], however few the
questions. Clopper and Pearson's interval knows better. It needs a number of independent observations, which sentences
are not; Korn and Graubard (Survey Methodology 24, 1998) put the *effective* number in its place: as many independent
observations as would give a share the variance that it has.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, stdtrit

from rdpt_core.analysis.statistics.resampling import LEVEL
from rdpt_core.arrays import Doubles, Ints


def effective_number(weight: npt.ArrayLike, axis: int = 0) -> Doubles:
    """How many equal questions unequal ones are worth: `(Σ weight)² / Σ weight²` (Kish 1965); 0 without any."""
    given = np.asarray(weight, dtype=np.float64)
    square = (given**2).sum(axis=axis)
    return np.asarray(given.sum(axis=axis) ** 2 / np.where(square > 0, square, 1))


def clopper_pearson(share: npt.ArrayLike, n: npt.ArrayLike, level: npt.ArrayLike = LEVEL) -> tuple[Doubles, Doubles]:
    """The exact interval of a binomial share (Clopper and Pearson 1934), also where `n` is no whole number.

    Args:
        share: (…), between 0 and 1.
        n: (…), independent observations, above 0.
        level: (…) or one number.

    Returns:
        Low and high ends, (…).
    """
    share, n, level = np.broadcast_arrays(*(np.asarray(given, np.float64) for given in (share, n, level)))
    x, tail = np.clip(share, 0, 1) * n, (1 - level) / 2
    rest = n - x
    low = np.where(x > 0, betaincinv(np.where(x > 0, x, 1), rest + 1, tail), 0.0)
    high = np.where(rest > 0, betaincinv(x + 1, np.where(rest > 0, rest, 1), 1 - tail), 1.0)
    return low, high


def clustered_variance(terms: Doubles, n_questions: Ints, n_effective: Doubles) -> tuple[Doubles, Doubles]:
    """The variance of a statistic whose questions are independent, and how many degrees of freedom it has.

    `variance = n / (n - 1) · Σ term²`. The degrees of freedom are Satterthwaite's (1946), `2 variance² / Var(variance)`
    and at most `n_effective - 1`: few where few questions bring all of the variance, as with a rare label.

    Args:
        terms: (n_questions, …), by how much each question moves the statistic; they sum to 0.
        n_questions: (…), questions that count.
        n_effective: (…), the effective number of them.
    """
    square = (terms**2).sum(axis=0)
    fourth = (terms**4).sum(axis=0)
    n = np.maximum(n_questions, 2)
    kurtosis = np.divide(n * fourth, square**2, out=np.ones_like(square), where=square**2 > 0)
    degrees = 2 * n / np.maximum(kurtosis - 1, 1e-9)
    return n / (n - 1) * square, np.maximum(np.minimum(degrees, n_effective - 1), 1)


def korn_graubard(
    share: Doubles,
    variance: Doubles,
    degrees: Doubles,
    n_effective: npt.ArrayLike,
    n_counted: npt.ArrayLike,
    level: float = LEVEL,
) -> tuple[Doubles, Doubles]:
    """Clopper and Pearson's interval on the effective number of observations (Korn and Graubard 1998).

    That number is `share · (1 - share) / variance`, times `(t(n_counted - 1) / t(degrees))²` because the variance is
    itself estimated. It is no more than what was counted, and no less than the effective number of questions, which it
    would be if all that a question holds were alike. A share of 0 or 1 has no variance to go by, and gets the latter.

    Args:
        share: (…), between 0 and 1.
        variance: (…), of the share, with questions as clusters.
        degrees: (…), degrees of freedom of that variance, at least 1.
        n_effective: (…), the effective number of questions.
        n_counted: (…), how many sentences, tokens or traces were counted.

    Returns:
        Low and high ends, (…).
    """
    questions, counted = (np.asarray(n, dtype=np.float64) for n in (n_effective, n_counted))
    tail = (1 - level) / 2
    few = stdtrit(np.maximum(counted - 1, 1), tail) / stdtrit(degrees, tail)
    spread = share * (1 - share)
    n = np.divide(spread, variance, out=np.full_like(share, np.inf), where=variance > 0) * few**2
    n = np.clip(n, questions, np.maximum(counted, questions))
    return clopper_pearson(share, np.where(spread > 0, n, questions), level)


Ends = tuple[Doubles, Doubles, Doubles]
"""Value, low and high end, (…) each."""


def mover(first: Ends, second: Ends, correlation: npt.ArrayLike) -> tuple[Doubles, Doubles]:
    """Interval of a difference from the intervals of its sides: the method of variance estimates recovery.

    `low = a - b - sqrt((a - a_low)² + (b_high - b)² - 2 r (a - a_low) (b_high - b))`, the high end likewise (Newcombe
    1998; with a correlation, Zou and Donner 2008). It follows its sides where they are lopsided, as near 0.

    Args:
        first: the minuend.
        second: the subtrahend.
        correlation: (…), of the two; 0 where they are independent.

    Returns:
        Low and high ends, (…).
    """
    (a, a_low, a_high), (b, b_low, b_high) = first, second

    def reach(from_first: Doubles, from_second: Doubles) -> Doubles:
        square = from_first**2 + from_second**2 - 2 * np.asarray(correlation) * from_first * from_second
        return np.sqrt(np.maximum(square, 0))

    return a - b - reach(a - a_low, b_high - b), a - b + reach(a_high - a, b - b_low)


def correlation(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> Doubles:
    """Correlation of two statistics over their common resamples; 0 where either does not vary.

    Args:
        first, second: (n_resamples, …), NaN where undefined.
    """
    known = np.isfinite(first) & np.isfinite(second)
    n = np.maximum(known.sum(axis=0), 1)
    gaps = []
    for draws in (first, second):
        held = np.where(known, draws, 0).astype(np.float64)
        gaps.append(np.where(known, held - held.sum(axis=0) / n, 0))
    size = np.sqrt((gaps[0] ** 2).sum(axis=0) * (gaps[1] ** 2).sum(axis=0))
    # Single precision: what does not vary may vary by a last digit.
    common: Doubles = np.divide((gaps[0] * gaps[1]).sum(axis=0), size, out=np.zeros_like(size), where=size > 1e-10)
    return common
