"""Very many groups of sentences at once: ratios whose clusters are questions, and tests of labels within traces.

A group is known by its pairs: one for each question that holds a sentence of it, with what that question adds. All
arrays over pairs have the group of each pair beside them, so that groups of any size stand in one array.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincc, ndtr, stdtr

from rdpt_core.analysis.statistics.exact import korn_graubard
from rdpt_core.analysis.statistics.resampling import LEVEL, MIN_QUESTIONS
from rdpt_core.arrays import Bools, Doubles, Ints

SMALLEST_P = 1e-300
"""No p-value is smaller: what lies beyond is a matter of rounding."""

# Below this skewness a gamma distribution is a normal one, and its shape is too large to compute with.
_LEAST_SKEWNESS = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Ratios:
    """`Σ value / Σ weight` of every group, with the variance for questions as clusters.

    Attributes:
        value: (n_groups,), NaN without weight.
        variance: (n_groups,), `n / (n - 1) · Σ term²`.
        degrees: (n_groups,), of that variance (Satterthwaite 1946), at most `n_effective - 1` and at least 1.
        n_questions: (n_groups,), pairs with weight.
        n_effective: (n_groups,), how many equal questions they are worth (Kish 1965).
        weight: (n_groups,), `Σ weight`.
        terms: (n_pairs,), `(value - ratio · weight) / Σ weight`: by how much each question moves the ratio.
    """

    value: Doubles
    variance: Doubles
    degrees: Doubles
    n_questions: Ints
    n_effective: Doubles
    weight: Doubles
    terms: Doubles

    @property
    def are_refused(self) -> Bools:
        """(n_groups,), whether questions are too few for an interval; see `intervals.refusal`."""
        return np.rint(self.n_effective) < MIN_QUESTIONS

    def share_ends(self, level: float = LEVEL) -> tuple[Doubles, Doubles]:
        """Korn and Graubard's interval (see `exact`) of ratios that are shares, the weight being what was counted.

        Returns:
            Low and high ends, (n_groups,); NaN where refused.
        """
        share = np.clip(np.nan_to_num(self.value), 0.0, 1.0)
        worth, counted = np.maximum(self.n_effective, 1.0), np.maximum(self.weight, 1.0)
        low, high = korn_graubard(share, self.variance, self.degrees, worth, counted, level)
        refused = self.are_refused
        return np.where(refused, np.nan, low), np.where(refused, np.nan, high)


def summed(group: Ints, values: npt.NDArray[np.number], n_groups: int) -> Doubles:
    """(n_groups,), the sum of the values of each group."""
    # Without any value numpy counts, in whole numbers.
    return np.bincount(group, np.asarray(values, np.float64), n_groups).astype(np.float64)


def ratios(group: Ints, value: npt.NDArray[np.number], weight: npt.NDArray[np.number], n_groups: int) -> Ratios:
    """The ratio of every group.

    Args:
        group: (n_pairs,), from 0.
        value: (n_pairs,).
        weight: (n_pairs,), at least 0; a pair without weight has no value.
    """
    total, whole, square = (summed(group, values, n_groups) for values in (value, weight, np.square(weight)))
    n_questions = np.bincount(group[weight > 0], minlength=n_groups)
    n_effective = whole**2 / np.where(square > 0, square, 1)
    ratio = total / np.where(whole > 0, whole, np.nan)
    # A group without weight has no terms, and neither does a question without weight in it.
    terms = (value - np.where(whole > 0, ratio, 0)[group] * weight) / np.where(whole > 0, whole, 1)[group]
    square_terms = terms * terms
    second, fourth = summed(group, square_terms, n_groups), summed(group, square_terms * square_terms, n_groups)
    n = np.maximum(n_questions, 2)
    kurtosis = np.divide(n * fourth, second**2, out=np.ones_like(second), where=second**2 > 0)
    degrees = np.maximum(np.minimum(2 * n / np.maximum(kurtosis - 1, 1e-9), n_effective - 1), 1)
    return Ratios(ratio, n / (n - 1) * second, degrees, n_questions, n_effective, whole, terms)


def correlations(group: Ints, first: Ratios, second: Ratios) -> Doubles:
    """(n_groups,), the correlation of two ratios over the same pairs; 0 where either does not vary."""
    n = len(first.value)
    common = summed(group, first.terms * second.terms, n)
    size = np.sqrt(summed(group, first.terms * first.terms, n) * summed(group, second.terms * second.terms, n))
    found: Doubles = np.divide(common, size, out=np.zeros_like(common), where=size > 1e-12)
    return found


def shuffled_moments(
    m: npt.NDArray[np.number], k: npt.NDArray[np.number], n: npt.NDArray[np.number]
) -> tuple[Doubles, Doubles, Doubles]:
    """Mean, variance and third central moment of how many of m places of a trace a label falls on, if its k labels are
    shuffled among its n sentences: those of the hypergeometric distribution.

    Args:
        m, k, n: (…), at most n each.
    """
    m, k, n = (np.asarray(given, np.float64) for given in (m, k, n))
    mean = m * k / np.maximum(n, 1)
    variance = mean * ((n - k) / np.maximum(n, 1)) * ((n - m) / np.maximum(n - 1, 1))
    third = variance * ((n - 2 * k) / np.maximum(n, 1)) * ((n - 2 * m) / np.maximum(n - 2, 1))
    return mean, variance, third


def shuffled_p_values(excess: Doubles, variance: Doubles, third: Doubles) -> Doubles:
    """How likely a count that is so far above its mean would be, were labels shuffled.

    The distribution is that of a shifted gamma variable with the same three moments (Pearson's type III, which Mielke
    and Berry use for permutation tests). It is read at the count itself and not half a count lower, so half of the
    chance of exactly this count is part of p (mid-p, Lancaster 1961): few counts are possible in a small group, and
    P(count ≥ what was counted) would be right on average far less often than it says.

    Args:
        excess: (n,), the count minus its mean.
        variance: (n,), of the count; where it is 0 the count cannot be anything else, and p is 1.
        third: (n,), its third central moment.
    """
    deviation = np.sqrt(np.where(variance > 0, variance, 1))
    z, skewness = excess / deviation, third / deviation**3
    p: Doubles = ndtr(-z)
    is_skewed = np.abs(skewness) > _LEAST_SKEWNESS
    shape = 4 / np.where(is_skewed, skewness, 1) ** 2
    right = gammaincc(shape, np.maximum(shape + z * np.sqrt(shape), 0))
    left = gammainc(shape, np.maximum(shape - z * np.sqrt(shape), 0))
    p = np.where(is_skewed, np.where(skewness > 0, right, left), p)
    return np.where(variance > 0, np.clip(p, SMALLEST_P, 1.0), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class ExcessTests:
    """One-sided tests of whether groups carry a label more often than their traces do.

    Attributes:
        z: (n_groups,), the excess in standard errors, whichever of the two errors is larger; 0 where nothing varies.
        p_value: (n_groups,), the larger of the two p-values; 1 where nothing varies.
        n_questions: (n_groups,).
    """

    z: Doubles
    p_value: Doubles
    n_questions: Ints


def excess_tests(
    group: Ints, excess: Doubles, weight: npt.NDArray[np.number], variance: Doubles, third: Doubles, n_groups: int
) -> ExcessTests:
    """Test every group in two ways, and believe the less sure one.

    The first shuffles labels within traces (`shuffled_p_values`). It is right however few the questions and however
    rare the label, if nothing but the trace decides how often it comes. The second takes questions as the units and
    needs no such thing: Student's t of the mean excess of a sentence, with the variance of `ratios`.

    Args:
        group: (n_pairs,), from 0.
        excess: (n_pairs,), labels on the group's sentences minus those expected by their traces.
        weight: (n_pairs,), how many sentences.
        variance, third: (n_pairs,), sums of the moments of `shuffled_moments` over the traces of a question.
    """
    total, by_trace, skew = (summed(group, values, n_groups) for values in (excess, variance, third))
    p_shuffled = shuffled_p_values(total, by_trace, skew)
    mean = ratios(group, excess, weight, n_groups)
    by_question = mean.variance * mean.weight**2
    t = np.divide(total, np.sqrt(by_question), out=np.full(n_groups, np.inf), where=by_question > 0)
    p_clustered = np.where(mean.n_questions > 1, stdtr(mean.degrees, -t), 1.0)
    error = np.sqrt(np.maximum(by_trace, by_question))
    z = np.divide(total, error, out=np.zeros(n_groups), where=by_trace > 0)
    return ExcessTests(z, np.clip(np.maximum(p_shuffled, p_clustered), SMALLEST_P, 1.0), mean.n_questions)
