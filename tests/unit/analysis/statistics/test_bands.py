"""Bands of whole curves: what theory says of many questions, and what few questions and empty positions must not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, t

from rdpt_core.analysis.statistics.bands import for_few_questions, share_band, strayed


def test_independent_points_stray_as_far_as_sidak_says_and_the_band_holds_them() -> None:
    draws = np.random.default_rng(2).normal(size=(4000, 8, 1))
    reach = strayed(draws, np.zeros((8, 1)), np.ones((8, 1)))
    assert reach[0] == pytest.approx(-norm.ppf((1 - 0.95 ** (1 / 8)) / 2), abs=0.1)
    assert (np.abs(draws) <= reach).all(axis=1).mean() == pytest.approx(0.95, abs=0.002)


def test_few_questions_reach_further_at_the_same_probability() -> None:
    reach = np.array([1.959964, 2.73])
    expected = t.isf(norm.sf(reach), 11) * np.sqrt(12 / 11)
    assert for_few_questions(reach, 12) == pytest.approx(expected)
    assert for_few_questions(reach, 10**9) == pytest.approx(reach)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_curve_without_spread_has_a_band_as_wide_as_the_exact_interval(share: float) -> None:
    low, high = share_band(np.full((100, 3, 1), share), np.full((3, 1), share), np.array([20.0, 15.0, 12.0]))
    width = high - low
    # Clopper and Pearson's interval of 0 of 12 reaches 0.265.
    assert width[2, 0] >= 1 - 0.025 ** (1 / 12)
    assert np.all(np.diff(width[:, 0]) > 0)


def test_one_empty_position_has_a_band_that_holds_what_few_questions_cannot_exclude() -> None:
    rng = np.random.default_rng(5)
    counts = rng.binomial(1, 0.05, (2000, 20, 6))
    counts[:, :, 3] = 0
    share = np.full((6, 1), 0.05)
    share[3] = 0
    low, high = share_band(counts.mean(axis=1)[..., None], share, np.full(6, 20.0))
    assert low[3, 0] == 0 and high[3, 0] > 0.16
    assert np.all((low <= share) & (share <= high))


def test_resamples_without_anything_at_a_point_are_left_out_there() -> None:
    draws = np.random.default_rng(1).beta(30, 70, (500, 2, 1))
    draws[:250, 1] = np.nan
    low, high = share_band(draws, np.full((2, 1), 0.3), np.array([40.0, 20.0]))
    assert np.all(np.isfinite(low) & np.isfinite(high))
