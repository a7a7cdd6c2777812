"""A share corrected for how often a label is wrong: Rogan and Gladen (American Journal of Epidemiology 107, 1978).

A label is put on a part `fp` of what is not meant, and on a part `sens` of what is. If a text is a mixture of both,
with a part π of what is meant, then it is seen on a part `obs`:

    obs = (1 − π) · fp + π · sens         so         π = (obs − fp) / (sens − fp),   clipped to [0, 1]

All three are shares in samples, whose questions may be the same. The interval inverts a test, as Fieller's does
(Journal of the Royal Statistical Society B 16, 1954): it holds every π in [0, 1] at which the contrast
`g(π) = obs − (1 − π) · fp − π · sens` does not differ from 0. The contrast has no denominator that might vanish, as π
itself has, and one variance with questions as clusters, so that a question of several samples counts once. Its degrees
of freedom are Satterthwaite's. In simulation the interval holds the truth in about 95% of samples, also for a truth of
0 or 1 (`tests/unit/analysis/statistics/test_rogan_gladen.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.special import stdtrit

from rdpt_core.analysis.statistics.exact import clopper_pearson, clustered_variance, effective_number
from rdpt_core.analysis.statistics.intervals import refusal
from rdpt_core.analysis.statistics.resampling import LEVEL
from rdpt_core.arrays import Doubles

FLOOR = 0.1
"""The least by which `sens` must surely exceed `fp`: below it the correction makes every error ten times as large."""

_N_STEPS = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CorrectedShare:
    """A corrected share. NaN is what is not known.

    Attributes:
        observed: share of the label in the text in question.
        false_rate: its share in text of which nothing is meant.
        sensitivity: its share in text of which all is meant.
        share: the corrected share, clipped to [0, 1].
        low, high: ends of its interval.
        n_questions: of the three samples, in the order above.
        n_effective: how many equal questions each is worth.
        n_counted: sentences of each.
        refused: why there is no interval; None if there is one.
    """

    observed: float
    false_rate: float
    sensitivity: float
    share: float
    low: float
    high: float
    n_questions: tuple[int, int, int]
    n_effective: tuple[float, float, float]
    n_counted: tuple[int, int, int]
    refused: str | None


def rogan_gladen(labelled: Doubles, counted: Doubles, level: float = LEVEL) -> CorrectedShare:
    """Correct an observed share by two samples in which the truth is known.

    Args:
        labelled: (n_questions, 3), sentences of each question that carry the label: in the text in question, in text of
            which nothing is meant, in text of which all is meant. A question that several samples share has one row.
        counted: (n_questions, 3), scored sentences; 0 where a sample lacks the question.
        level: the interval's coverage.
    """
    total = counted.sum(axis=0)
    n_questions, n_effective = (counted > 0).sum(axis=0), effective_number(counted)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = labelled.sum(axis=0) / total
        # By how much each question moves each share.
        terms = (labelled - shares * counted) / total
    spread = _Spread(shares, terms, n_questions, n_effective, level)
    low, high, refused = np.nan, np.nan, _too_few(n_questions, n_effective)
    if refused is None:
        refused = spread.refuses_gap()
    if refused is None:
        low, high, refused = _interval(spread)
    estimate = np.nan
    if refused is None:
        estimate = float(np.clip((shares[0] - shares[1]) / (shares[2] - shares[1]), 0, 1))
        # Between two steps an end may lie beside the estimate.
        low, high = min(low, estimate), max(high, estimate)
    observed, wrong, right = shares.tolist()
    return CorrectedShare(
        observed=observed,
        false_rate=wrong,
        sensitivity=right,
        share=estimate,
        low=low,
        high=high,
        n_questions=_three(n_questions, int),
        n_effective=_three(n_effective, float),
        n_counted=_three(total, int),
        refused=refused,
    )


def _three(values: Doubles, kind: Callable[[float], T]) -> tuple[T, T, T]:
    first, second, third = (kind(value) for value in values.tolist())
    return first, second, third


@dataclass(frozen=True, slots=True)
class _Spread:
    """How far contrasts of the three shares stray."""

    shares: Doubles
    terms: Doubles
    n_questions: Doubles
    n_effective: Doubles
    level: float

    def reach(self, coefficients: Doubles) -> Doubles:
        """(k,), half the width of the interval of each contrast.

        A share of 0 or 1 in every question has no variance to go by: it strays as far as its exact interval reaches.

        Args:
            coefficients: (3, k), of the shares.
        """
        is_used = coefficients != 0
        n = ((self.terms != 0).astype(np.float64) @ is_used > 0).sum(axis=0)
        worth = np.where(is_used, self.n_effective[:, None], np.inf).min(axis=0)
        variance, degrees = clustered_variance(self.terms @ coefficients, n, worth)
        quantile = stdtrit(degrees, (1 + self.level) / 2)
        low, high = clopper_pearson(self.shares, np.maximum(self.n_effective, 1), self.level)
        certain = np.where(self.shares == 0, high, np.where(self.shares == 1, 1 - low, 0))
        return np.asarray(np.sqrt(quantile**2 * variance + certain**2 @ coefficients**2))

    def refuses_gap(self) -> str | None:
        """Why the two samples of known text do not tell the label's meaning; None if they do."""
        gap = self.shares[2] - self.shares[1]
        least = gap - self.reach(np.array([[0.0], [-1.0], [1.0]]))[0]
        if least > FLOOR:
            return None
        return (
            f"the label is not surely more frequent in the one known text than in the other: {gap:.2f}, at the least "
            f"{least:.2f}, where {FLOOR:g} is needed"
        )


def _too_few(n_questions: Doubles, n_effective: Doubles) -> str | None:
    reasons = (refusal(int(n), float(worth)) for n, worth in zip(n_questions, n_effective, strict=True))
    return next((reason for reason in reasons if reason is not None), None)


def _interval(spread: _Spread) -> tuple[float, float, str | None]:
    """All parts in [0, 1] that explain what is observed; none, with the reason, if no part does."""
    part = np.linspace(0, 1, _N_STEPS + 1)
    coefficients = np.stack([np.ones_like(part), part - 1, -part])
    contrast, reach = spread.shares @ coefficients, spread.reach(coefficients)
    # Above 0 where a part is refused: it explains less than is seen, or more.
    too_small, too_large = contrast - reach, -contrast - reach
    accepted = np.flatnonzero((too_small <= 0) & (too_large <= 0))
    if len(accepted):
        first, last = int(accepted[0]), int(accepted[-1])
        low = 0.0 if first == 0 else _crossing(part, too_small, first - 1)
        return low, 1.0 if last == _N_STEPS else _crossing(part, too_large, last), None
    for values, word in ((too_small[-1], "more"), (too_large[0], "less")):
        if values > 0:
            return np.nan, np.nan, f"the label is {word} frequent than in either known text, so no mixture explains it"
    # An interval shorter than a step.
    estimate = float(part[np.argmin(np.abs(contrast))])
    return estimate, estimate, None


def _crossing(part: Doubles, values: Doubles, index: int) -> float:
    """Where a straight line between a step and the next one is 0."""
    first, second = float(values[index]), float(values[index + 1])
    step = 0.5 if first == second else first / (first - second)
    return float(part[index] + step * (part[index + 1] - part[index]))
