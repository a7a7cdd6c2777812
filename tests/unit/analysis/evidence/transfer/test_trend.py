"""The trend test: naive permutations, uniform p-values where levels mean nothing, and power where they do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import kstest

from rdpt_core.analysis.evidence.transfer.trend import N_SHUFFLES, trend_test

LEVEL_OF = np.array([2, 2, 2, 1, 1, 0, 0, 0])


def world(rng: np.random.Generator, effect: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eight benchmarks with means of their own, ten questions each."""
    benchmark = np.repeat(np.arange(8), 10)
    mean = 0.4 + 0.1 * rng.standard_normal(8) + effect * LEVEL_OF
    return mean[benchmark] + 0.1 * rng.standard_normal(80), LEVEL_OF[benchmark], benchmark


def test_all_arrangements_of_benchmarks_are_those_of_brute_force() -> None:
    share, level, benchmark = world(np.random.default_rng(3), effect=0.05)
    found = trend_test(share, level, benchmark)
    means = np.array([share[benchmark == b].mean() for b in range(8)])
    arrangements = sorted(set(itertools.permutations(LEVEL_OF.tolist())))
    slopes = [np.polyfit(levels, means, 1)[0] for levels in arrangements]
    observed = np.polyfit(LEVEL_OF, means, 1)[0]
    p = np.mean(np.abs(slopes) >= abs(observed) - 1e-12)
    assert (found.shuffled, found.n_units, found.is_exact) == ("benchmarks", 8, True)
    assert found.n_arrangements == len(arrangements) == math.factorial(8) // (6 * 2 * 6)
    assert found.slope == pytest.approx(observed)
    assert found.p_value == pytest.approx(p)
    assert found.smallest_p == pytest.approx(np.mean(np.abs(slopes) >= max(np.abs(slopes)) - 1e-12))


def test_levels_that_mean_nothing_give_uniform_p_values() -> None:
    rng = np.random.default_rng(11)
    found = [trend_test(*world(rng)).p_value for _ in range(200)]
    assert kstest(found, "uniform").pvalue > 0.01
    # A test over questions of such a world would find something nearly always: benchmarks differ.
    assert np.mean(np.array(found) <= 0.05) <= 0.1


def test_shuffled_levels_within_benchmarks_give_uniform_p_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rdpt_core.analysis.evidence.transfer.trend.N_SHUFFLES", 199)
    rng = np.random.default_rng(12)
    found = []
    for number in range(200):
        share, _, benchmark = world(rng)
        found.append(trend_test(share, rng.integers(0, 3, 80), benchmark, seed=number).p_value)
    assert kstest(found, "uniform").pvalue > 0.01


def test_within_benchmarks_a_difference_between_them_is_no_trend() -> None:
    rng = np.random.default_rng(5)
    benchmark = np.repeat([0, 1], 40)
    # Mostly seen in the first benchmark, whose shares are higher whatever the level.
    level = np.where(rng.random(80) < np.where(benchmark == 0, 0.8, 0.2), 2, 0)
    share = np.where(benchmark == 0, 0.8, 0.2) + 0.05 * rng.standard_normal(80)
    alone = trend_test(share, level, benchmark)
    assert alone.shuffled == "questions within benchmarks"
    assert alone.p_value > 0.05
    assert trend_test(share, level, np.zeros(80, int)).p_value < 0.001
    shifted = trend_test(share + 0.1 * level, level, benchmark)
    assert shifted.p_value == pytest.approx(1 / (1 + N_SHUFFLES))
    # Within each benchmark the slope is the planted one, give or take four of its standard errors.
    assert shifted.slope == pytest.approx(0.1, abs=4 * 0.05 / math.sqrt(80 * 0.64))


def test_few_benchmarks_cannot_give_a_small_p_and_one_level_gives_none() -> None:
    share, benchmark = np.array([0.9, 0.8, 0.1]), np.arange(3)
    found = trend_test(share, np.array([2, 1, 0]), benchmark)
    assert found.n_arrangements == 6
    assert found.p_value >= found.smallest_p >= 1 / 6
    assert (
        trend_test(share, np.array([1, 1, 1]), benchmark).refused == "all benchmarks with a share have the same level"
    )
    nothing = trend_test(np.full(3, np.nan), np.array([2, 1, 0]), benchmark)
    assert math.isnan(nothing.p_value) and nothing.refused == "no question has a share"
