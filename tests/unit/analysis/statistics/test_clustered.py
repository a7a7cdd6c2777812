"""Ratios and tests of many groups, beside the same for one group at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import hypergeom

from rdpt_core.analysis.statistics.clustered import (
    correlations,
    excess_tests,
    ratios,
    shuffled_moments,
    shuffled_p_values,
)
from rdpt_core.analysis.statistics.exact import clustered_variance, effective_number, korn_graubard

RNG = np.random.default_rng(5)
GROUP = np.repeat(np.arange(3), [12, 30, 14])
WEIGHT = RNG.integers(1, 6, len(GROUP))
VALUE = RNG.binomial(WEIGHT, 0.4)


def test_ratios_are_those_of_each_group() -> None:
    found = ratios(GROUP, VALUE, WEIGHT, 4)
    low, high = found.share_ends()
    for k in range(3):
        value, weight = VALUE[k == GROUP], WEIGHT[k == GROUP]
        share = value.sum() / weight.sum()
        terms = (value - share * weight) / weight.sum()
        worth = effective_number(weight)
        variance, degrees = clustered_variance(terms, np.asarray(len(value)), worth)
        ends = korn_graubard(np.asarray(share), variance, degrees, worth, weight.sum())
        expected = [float(number) for number in (share, variance, degrees, len(value), worth, *ends)]
        got = [found.value[k], found.variance[k], found.degrees[k], found.n_questions[k], found.n_effective[k]]
        assert [*got, low[k], high[k]] == pytest.approx(expected, nan_ok=True)
    assert np.isnan(found.value[3])
    assert np.isnan(low[3])


def test_a_ratio_goes_with_itself_and_against_its_rest() -> None:
    found, rest = ratios(GROUP, VALUE, WEIGHT, 3), ratios(GROUP, WEIGHT - VALUE, WEIGHT, 3)
    assert correlations(GROUP, found, found) == pytest.approx(np.ones(3))
    assert correlations(GROUP, found, rest) == pytest.approx(-np.ones(3))


@pytest.mark.parametrize(("m", "k", "n"), [(1, 3, 10), (4, 2, 9), (5, 5, 5), (3, 0, 8), (2, 7, 8), (1, 1, 1)])
def test_moments_are_those_of_the_hypergeometric_distribution(m: int, k: int, n: int) -> None:
    counts = np.arange(m + 1)
    p = hypergeom(n, k, m).pmf(counts)
    mean = (p * counts).sum()
    expected = [mean, (p * (counts - mean) ** 2).sum(), (p * (counts - mean) ** 3).sum()]
    got = shuffled_moments(np.array([m]), np.array([k]), np.array([n]))
    assert [float(moment[0]) for moment in got] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.7, 0.95])
def test_p_values_are_close_to_exact_ones(rate: float) -> None:
    """One sentence in each of 40 traces of 20: the count is binomial, and its mid-p is exact."""
    k = round(20 * rate)
    mean, variance, third = (40 * moment for moment in shuffled_moments(np.ones(1), np.full(1, k), np.full(1, 20)))
    counts = np.arange(41)
    pmf = hypergeom(20 * 10**9, k * 10**9, 40).pmf(counts)
    exact = pmf[::-1].cumsum()[::-1] - pmf / 2
    got = shuffled_p_values(counts - mean, np.repeat(variance, 41), np.repeat(third, 41))
    matters = (exact > 1e-4) & (exact < 0.5)
    assert np.abs(np.log10(got[matters] / exact[matters])).max() < 0.25


def test_a_label_that_cannot_fall_elsewhere_says_nothing() -> None:
    assert shuffled_p_values(np.zeros(1), np.zeros(1), np.zeros(1)) == 1


def test_the_less_sure_test_counts() -> None:
    """Ten questions with one sentence each that all have a label that one in three has: Student's t, whose variance is
    0, would be sure; shuffling says half of 3 ** -10, and its distribution of three moments is on the safe side."""
    ones = np.ones(10)
    moments = shuffled_moments(ones, 3 * ones, 9 * ones)
    found = excess_tests(np.zeros(10, np.int64), ones - moments[0], ones, moments[1], moments[2], 1)
    assert 0.5 * 3**-10.0 < found.p_value[0] < 1e-4
    # All of the excess in one question: shuffling would be sure of it, and questions as units are not.
    h = np.array([20.0, *np.zeros(9)])
    moments = shuffled_moments(20 * ones, 20 * ones, 60 * ones)
    found = excess_tests(np.zeros(10, np.int64), h - moments[0] + 6, 20 * ones, moments[1], moments[2], 1)
    assert found.p_value[0] > 0.05
