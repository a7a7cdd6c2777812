"""Student's t for one number against a few others, many times over, with variances that lend strength to each other.

A variance from a handful of numbers is nearly worthless. Where there are thousands of such tests, their variances show
together how variances spread, and each is drawn towards what the others lead one to expect (Smyth 2004):

    shrunken variance = (d0 s0² + (M − 1) s²) / (d0 + M − 1)

with d0 and s0² from the mean and the spread of ln s² over all tests. Here s0² follows a parabola in the logarithm of a
size, such as the number of tokens: long sentences vary more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import digamma, polygamma

from rdpt_core.arrays import Doubles, Floats, Ints

MOST_DEGREES = 1e6
"""d0 where variances differ no more than chance makes them."""

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class VariancePrior:
    """What variances are drawn towards.

    Attributes:
        degrees: d0, how many degrees of freedom the expectation is worth.
        coefficients: (3,), ln s0² as a polynomial in the logarithm of the size, highest power first.
        longest: the logarithm of the largest size that it was fitted on; beyond it s0² stays the same.
    """

    degrees: float
    coefficients: tuple[float, float, float]
    longest: float

    def variances(self, size: Ints) -> Doubles:
        """(n,), s0² of tests of these sizes."""
        logs = np.minimum(np.log(np.maximum(size, 1)), self.longest)
        return np.asarray(np.exp(np.polyval(self.coefficients, logs)), dtype=np.float64)


class LogMoments(NamedTuple):
    """Sums over tests by their size, which is their place: how many there are, of ln s², and of its square."""

    n: Doubles
    first: Doubles
    second: Doubles


def log_moments(variances: Floats | Doubles, size: Ints, longest: int) -> LogMoments:
    """The sums that a prior is fitted on. Variances of 0 or NaN are left out: they have no logarithm.

    Args:
        variances: (n,), from the same number of values each.
        size: (n,), whole numbers of at most `longest`.
    """
    kept = variances > 0
    logs, places = np.log(variances[kept].astype(np.float64)), size[kept]

    def by_size(weight: Doubles) -> Doubles:
        return np.bincount(places, weight, longest + 1).astype(np.float64)

    return LogMoments(by_size(np.ones_like(logs)), by_size(logs), by_size(logs**2))


def fit_prior(moments: LogMoments, degrees: int) -> VariancePrior:
    """The prior that fits the mean and the spread of ln s² (Smyth 2004, section 6.2), mean by size.

    Args:
        degrees: of freedom that each variance has of its own.
    """
    present = np.flatnonzero(moments.n > 0)
    n, total = moments.n[present], float(moments.n.sum())
    if total < 2:
        return VariancePrior(MOST_DEGREES, (0.0, 0.0, float(np.log(_TINY))), 0.0)
    logs = np.log(np.maximum(present, 1))
    mean = moments.first[present] / n
    # As many powers as there are sizes to tell them apart.
    powers = min(3, len(present), max(1, int(total) // 10))
    root = np.sqrt(n)
    design = np.vander(logs, powers)
    fitted, *_ = np.linalg.lstsq(design * root[:, None], mean * root, rcond=None)
    curve = design @ fitted
    spread = (moments.second[present] - 2 * curve * moments.first[present] + curve**2 * n).sum()
    excess = float(spread / max(1.0, total - powers) - polygamma(1, degrees / 2))
    d0 = min(2 * _inverse_trigamma(excess), MOST_DEGREES) if excess > 0 else MOST_DEGREES
    shift = float(np.log(degrees / 2) - digamma(degrees / 2) + digamma(d0 / 2) - np.log(d0 / 2))
    padded = [0.0] * (3 - powers) + fitted.tolist()
    return VariancePrior(d0, (padded[0], padded[1], padded[2] + shift), float(logs.max()))


def _inverse_trigamma(value: float) -> float:
    """y with trigamma(y) = value, by Newton's method on 1 / trigamma (Smyth 2004, appendix)."""
    if value > 1e7:
        return float(value**-0.5)
    y = 0.5 + 1 / value
    for _ in range(50):
        at = float(polygamma(1, y))
        step = at * (1 - at / value) / float(polygamma(2, y))
        y += step
        if -step / y < 1e-10:
            break
    return y


def t_statistics(excess: Floats, squares: Floats, n_others: int, prior: VariancePrior, expected: Floats) -> Floats:
    """(n,), how far one number lies above the mean of others, over the standard error of a new one among them.

    `excess / sqrt(s² (1 + 1/M))` with the shrunken variance s², on `prior.degrees + M − 1` degrees of freedom.

    Args:
        excess: (n,), the number minus the mean of the others.
        squares: (n,), the sum of the squared distances of the others from their mean.
        n_others: M.
        expected: (n,), s0² of each test.
    """
    degrees = np.float32(prior.degrees)
    variance = (degrees * expected + squares) / (degrees + np.float32(n_others - 1))
    found: Floats = excess / np.sqrt(np.maximum(variance, np.float32(_TINY)) * np.float32(1 + 1 / n_others))
    return found


def same_tail(t: Doubles, degrees: float, other: float) -> Doubles:
    """What Student's t on `other` degrees of freedom exceeds as rarely as `t` is exceeded on `degrees`.

    Tails of both sides alike, so that small chances keep their digits.
    """
    size = np.abs(t)
    return np.asarray(np.copysign(stats.t.isf(stats.t.sf(size, degrees), other), t), dtype=np.float64)
