"""Resampling against plain loops, and against what theory says."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.statistics import resampling
from rdpt_core.analysis.statistics.resampling import (
    acceleration,
    bca_interval,
    percentile_interval,
    question_draws,
    resample_sums,
    tail,
)


def test_every_resample_draws_as_many_questions_from_each_stratum_as_there_are() -> None:
    stratum = np.array([0, 1, 0, 1, 1, 2])
    counts = np.concatenate([block for _, block in question_draws(stratum, 50)])
    assert counts.shape == (50, 6)
    for s, n in enumerate((2, 3, 1)):
        assert np.all(counts[:, stratum == s].sum(axis=1) == n)
    assert np.all(counts[:, 5] == 1)


def test_totals_equal_a_plain_loop_over_the_same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = np.random.default_rng(1).integers(0, 50, (9, 2, 3))
    whole = resample_sums(sums, np.zeros(9, np.int64), 40)
    for row, counts in enumerate(next(question_draws(np.zeros(9, np.int64), 40))[1]):
        drawn = np.repeat(np.arange(9), counts.astype(int))
        assert np.array_equal(whole[row], sums[drawn].sum(axis=0))
    monkeypatch.setattr(resampling, "_CELLS", 9 * 7)
    monkeypatch.setattr(resampling, "_KEPT_CELLS", 0)
    assert np.array_equal(resample_sums(sums, np.zeros(9, np.int64), 40), whole)


def test_tails_are_wider_for_few_questions_and_plain_for_many() -> None:
    # By hand for n = 2: t(0.025, 1) = -12.706, times sqrt(2), far out.
    assert tail(2) < 1e-60
    assert tail(8) == pytest.approx(0.00574, abs=1e-4)
    assert tail(10**7) == pytest.approx(0.025, abs=1e-6)
    assert np.all(np.diff(tail([5, 10, 20, 100])) > 0)


def test_percentiles_skip_what_is_undefined() -> None:
    draws = np.column_stack([np.linspace(0, 1, 1001), np.full(1001, np.nan)])
    draws[::2, 0] = np.nan
    low, high = percentile_interval(draws, 10**7)
    assert (low[0], high[0]) == pytest.approx((0.025, 0.975), abs=2e-3)
    assert np.isnan(low[1]) and np.isnan(high[1])


def test_bca_without_bias_and_skew_is_the_percentile_interval() -> None:
    draws = np.random.default_rng(0).normal(size=(20_001, 1))
    centre = np.median(draws, axis=0)
    plain = percentile_interval(draws, 50)
    interval = bca_interval(draws, centre, np.zeros(1), 50)
    assert interval[0] == pytest.approx(plain[0], abs=0.02) and interval[1] == pytest.approx(plain[1], abs=0.02)
    skewed = bca_interval(draws, centre, np.array([0.1]), 50)
    assert skewed[0] > interval[0] and skewed[1] > interval[1]


def test_acceleration_by_hand() -> None:
    # Gaps from their mean: 1, 1, -2; cubes sum to -6, squares to 6.
    assert acceleration(np.array([[1.0], [1.0], [4.0]]))[0] == pytest.approx(-6 / (6 * 6**1.5))
    assert acceleration(np.ones((4, 1)))[0] == 0
