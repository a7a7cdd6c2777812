"""Exact intervals against statsmodels and scipy, by hand where they meet, and where a bootstrap has nothing to draw."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from rdpt_core.analysis.statistics.exact import (
    clopper_pearson,
    clustered_variance,
    correlation,
    effective_number,
    korn_graubard,
    mover,
)


def test_equal_weights_are_worth_their_number_and_one_giant_little_more_than_one() -> None:
    assert effective_number(np.full(12, 7.0)) == pytest.approx(12)
    # 19 of 5 and one of 500: 595² / (19 · 25 + 250,000).
    assert effective_number(np.array([5.0] * 19 + [500.0])) == pytest.approx(595**2 / 250_475)
    assert effective_number(np.zeros((3, 2))).tolist() == [0, 0]


@pytest.mark.parametrize("n", [8, 30])
def test_clopper_pearson_is_that_of_statsmodels(n: int) -> None:
    counts = np.arange(n + 1)
    assert np.array(clopper_pearson(counts / n, n)) == pytest.approx(
        np.array(proportion_confint(counts, n, method="beta"))
    )


def test_a_broken_number_of_observations_lies_between_whole_ones() -> None:
    low, high = clopper_pearson(1.0, [8, 8.5, 9])
    assert np.all(np.diff(low) > 0) and np.all(high == 1)
    assert low[0] == pytest.approx(0.025 ** (1 / 8))


def test_one_answer_a_question_is_the_binomial_case() -> None:
    # 6 of 10: the variance of a mean of ten, so 9 observations, but never fewer than questions.
    answers = np.array([1.0] * 6 + [0.0] * 4)
    variance, degrees = clustered_variance((answers - 0.6)[:, None] / 10, np.array([10]), np.array([10.0]))
    assert variance[0] == pytest.approx(0.6 * 0.4 / 9)
    assert degrees[0] == 9
    low, high = korn_graubard(np.array([0.6]), variance, degrees, 10, 10)
    assert (low[0], high[0]) == pytest.approx(proportion_confint(6, 10, method="beta"))


def test_korn_and_graubard_by_hand() -> None:
    # 20 equally heavy questions of 10 sentences: 0.3 · 0.7 / 0.004 = 52.5, less for a variance with 19 degrees.
    low, high = korn_graubard(np.array([0.3]), np.array([0.004]), np.array([19.0]), 20, 200)
    n = 52.5 * (1.9719565 / 2.0930241) ** 2
    assert low[0] == pytest.approx(beta.ppf(0.025, 0.3 * n, 0.7 * n + 1), rel=1e-5)
    assert high[0] == pytest.approx(beta.ppf(0.975, 0.3 * n + 1, 0.7 * n), rel=1e-5)


def test_a_variance_from_one_question_has_few_degrees_of_freedom() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=(40, 1))
    rare = np.full((40, 1), -1 / 40)
    rare[0] += 1
    n, worth = np.array([40]), np.array([40.0])
    assert clustered_variance(common - common.mean(), n, worth)[1][0] > 30
    assert clustered_variance(rare, n, worth)[1][0] == pytest.approx(2, abs=0.2)


def test_mover_agrees_with_newcombe_for_independent_shares() -> None:
    # Newcombe's own method, from Wilson's intervals of either side.
    sides = [(k / n, *proportion_confint(k, n, method="wilson")) for k, n in ((56, 70), (48, 80))]
    first, second = (tuple(np.array([value]) for value in side) for side in sides)
    low, high = mover(first, second, 0.0)
    assert (low[0], high[0]) == pytest.approx(confint_proportions_2indep(56, 70, 48, 80, method="newcomb"), abs=1e-9)
    # His printed example (Statistics in Medicine 17, 1998, page 877).
    assert (low[0], high[0]) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_what_two_shares_have_in_common_cancels() -> None:
    side = np.array([0.5]), np.array([0.3]), np.array([0.7])
    alone, paired = mover(side, side, 0.0), mover(side, side, 0.9)
    assert paired[1] - paired[0] < 0.4 * (alone[1] - alone[0])


def test_two_shares_of_0_do_not_differ_for_certain() -> None:
    none = (np.zeros(1), *(np.array([end]) for end in (0.0, 0.2)))
    assert [end[0] for end in mover(none, none, 0.0)] == pytest.approx([-0.2, 0.2])


def test_correlation_is_that_of_numpy_where_it_is_defined() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(2, 50, 2))
    second += first
    second[:, 1] = 0.25
    assert correlation(first, second) == pytest.approx([np.corrcoef(first[:, 0], second[:, 0])[0, 1], 0])
    second[7, 0] = np.nan
    kept = np.arange(50) != 7
    assert correlation(first, second)[0] == pytest.approx(np.corrcoef(first[kept, 0], second[kept, 0])[0, 1])
