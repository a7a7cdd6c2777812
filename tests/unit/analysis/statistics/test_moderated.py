"""Shrunken variances: planted priors come back, and the t is the formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rdpt_core.analysis.statistics.moderated import (
    MOST_DEGREES,
    VariancePrior,
    fit_prior,
    log_moments,
    same_tail,
    t_statistics,
)

DEGREES = 4


def variances(d0: float, size: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Variances on `DEGREES` degrees of freedom whose truths are drawn from a prior of s0² = 0.3 size^1.2."""
    truth = 0.3 * size**1.2 * d0 / rng.chisquare(d0, len(size))
    return truth * rng.chisquare(DEGREES, len(size)) / DEGREES


@pytest.mark.parametrize("d0", [2.5, 6.0, 20.0])
def test_a_planted_prior_comes_back(d0: float) -> None:
    rng = np.random.default_rng(0)
    size = rng.integers(1, 40, 60_000)
    prior = fit_prior(log_moments(variances(d0, size, rng), size, 40), DEGREES)
    assert prior.degrees == pytest.approx(d0, rel=0.12)
    sizes = np.array([2, 10, 39])
    assert prior.variances(sizes) == pytest.approx(0.3 * sizes**1.2, rel=0.08)


def test_moments_of_parts_add_up() -> None:
    rng = np.random.default_rng(1)
    size = rng.integers(1, 9, 500)
    values = np.where(rng.random(500) < 0.1, np.nan, rng.random(500))
    whole = log_moments(values, size, 9)
    parts = [log_moments(values[s], size[s], 9) for s in (slice(0, 200), slice(200, 500))]
    for total, first, second in zip(whole, *parts, strict=True):
        assert total == pytest.approx(first + second)
    kept = ~np.isnan(values) & (size == 3)
    assert whole.n[3] == kept.sum()
    assert whole.second[3] == pytest.approx((np.log(values[kept]) ** 2).sum())


def test_variances_that_differ_by_chance_alone_are_taken_together() -> None:
    rng = np.random.default_rng(2)
    size = np.full(5_000, 7)
    prior = fit_prior(log_moments(2.0 * rng.chisquare(DEGREES, 5_000) / DEGREES, size, 7), DEGREES)
    assert prior.degrees > 50
    assert prior.variances(np.array([7])) == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize("values", [[], [1.0], [0.0, 0.0, np.nan], [1.0, 2.0, 3.0]])
def test_a_handful_gives_a_prior(values: list[float]) -> None:
    size = np.ones(len(values), np.int64)
    prior = fit_prior(log_moments(np.array(values), size, 1), DEGREES)
    assert 0 < prior.degrees <= MOST_DEGREES
    assert np.isfinite(prior.variances(np.array([1, 500]))).all()


def test_beyond_the_longest_the_expectation_stays() -> None:
    prior = VariancePrior(4.0, (0.1, 1.0, 0.0), float(np.log(30)))
    assert prior.variances(np.array([30, 31, 9_999])).tolist() == [prior.variances(np.array([30]))[0]] * 3


def test_t_is_the_formula() -> None:
    rng = np.random.default_rng(3)
    others, new = rng.normal(size=(6, 50)), rng.normal(size=50) + 1
    prior, s0 = VariancePrior(3.5, (0.0, 0.0, 0.0), 1.0), 1 + rng.random(50)
    expected = [
        (new[i] - np.mean(others[:, i]))
        / np.sqrt((3.5 * s0[i] + 5 * np.var(others[:, i], ddof=1)) / (3.5 + 5) * (1 + 1 / 6))
        for i in range(50)
    ]
    squares = ((others - others.mean(axis=0)) ** 2).sum(axis=0)
    excess = new - others.mean(axis=0)
    found = t_statistics(*(np.float32(x) for x in (excess, squares)), 6, prior, np.float32(s0))
    assert found == pytest.approx(expected, rel=1e-5)


def test_no_variance_at_all_is_no_division_by_zero() -> None:
    prior = fit_prior(log_moments(np.zeros(5), np.ones(5, np.int64), 1), DEGREES)
    t = t_statistics(np.float32([0, 1, -1]), np.zeros(3, np.float32), 5, prior, np.zeros(3, np.float32))
    assert t[0] == 0 and t[1] > 1e3 and t[2] < -1e3


def test_the_same_tail() -> None:
    t = np.array([-30.0, -2.0, 0.0, 0.5, 3.0, 400.0])
    other = same_tail(t, 7.5, 6.5)
    assert stats.t.cdf(other[:3], 6.5) == pytest.approx(stats.t.cdf(t[:3], 7.5), rel=1e-9)
    assert stats.t.sf(other[3:], 6.5) == pytest.approx(stats.t.sf(t[3:], 7.5), rel=1e-9)
