"""The dip: from its definition by linear programming, and its p-values under one hump, flat and clustered."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from rdpt_core.analysis.statistics.unimodality import dip_test, dips
from tests.support import humps


def dip_by_definition(distribution: np.ndarray, position: np.ndarray) -> float:
    """The smallest d such that some function convex before a mode and concave after it is within d everywhere."""
    n, found = len(position), 1.0
    for mode in range(n):
        # Two values at the mode, since a distribution with one hump may jump there; the last variable is d.
        knots = [*range(mode + 1), *range(mode, n)]
        rows, bounds = [], []

        def at_most(bound: float, coefficients: dict[int, float], rows: list = rows, bounds: list = bounds) -> None:
            row = np.zeros(n + 2)
            for index, value in coefficients.items():
                row[index] += value
            rows.append(row)
            bounds.append(bound)

        for index, knot in enumerate(knots):
            at_most(distribution[knot], {index: 1, n + 1: -1})
            at_most(-distribution[knot], {index: -1, n + 1: -1})
            if index:
                at_most(0, {index - 1: 1, index: -1})
        for first in [*range(mode - 1), *range(mode + 1, n - 1)]:
            a, b = (position[knots[first + k + 1]] - position[knots[first + k]] for k in (0, 1))
            sign = 1 if first < mode - 1 else -1
            at_most(0, {first: -sign / a, first + 1: sign / a + sign / b, first + 2: -sign / b})
        free = [(None, None)] * (n + 1) + [(0, None)]
        answer = linprog(np.eye(n + 2)[-1], np.array(rows), np.array(bounds), bounds=free)
        found = min(found, answer.fun)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_dip_is_the_distance_to_the_nearest_distribution_with_one_hump(seed: int) -> None:
    part = np.random.default_rng(seed).dirichlet(np.full(10, 0.7))
    distribution, position = np.concatenate([[0], np.cumsum(part)]), np.linspace(0, 1, 11)
    levels = np.linspace(0, part.max() * 10, 4000)
    (dip,) = dips(distribution[None], position, levels)
    # Levels are a four-thousandth of the steepest density apart, and so far may the excess of mass be off.
    assert dip == pytest.approx(dip_by_definition(distribution, position), abs=levels[1])
    assert dip > 0.01


def test_one_hump_has_no_dip() -> None:
    counts = np.array([1, 4, 9, 20, 30, 12, 5, 5, 2])
    assert dip_test(counts[None].astype(float)).dip == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("kind", ["uniform", "uniform, a third of it between questions"])
def test_p_values_of_a_flat_density_are_seldom_small(kind: str) -> None:
    p = []
    for seed in range(60):
        counts, _ = humps.histogram(humps.ONE_HUMP[kind](np.random.default_rng(seed), 60, 40))
        p.append(dip_test(counts[:, :-1]).p_value)
    # 3 of 60 are expected at most; 8 or more would come by chance once in a hundred times.
    assert np.sum(np.array(p) <= 0.05) < 8
    # A test that never rejects would pass, too, so its p-values must also not be too large.
    assert np.mean(np.array(p) <= 0.5) > 0.25


def test_sentences_taken_for_independent_find_humps_that_are_not_there() -> None:
    """Why questions are resampled: alike sentences make humps by chance, one a question."""
    rng = np.random.default_rng(0)
    n_false = {True: 0, False: 0}
    for _ in range(20):
        centre = rng.random((12, 1))
        values = np.clip(centre + 0.03 * rng.normal(size=(12, 50)), 0, 1)
        for by_question in n_false:
            counts, _ = humps.histogram(values if by_question else values.reshape(-1, 1), 1.0)
            n_false[by_question] += dip_test(counts[:, :-1]).p_value <= 0.05
    assert n_false[False] > 14 > 4 > n_false[True]


def test_few_questions_give_no_p_value() -> None:
    test = dip_test(np.ones((7, 20)))
    assert np.isnan(test.p_value) and test.refused is not None and "7 questions" in test.refused
    assert dip_test(np.zeros((5, 20))).n_questions == 0


def test_a_question_that_outweighs_all_others_leaves_too_few_to_tell() -> None:
    counts = np.tile([5.0, 0, 0, 5], (20, 1))
    assert dip_test(counts).refused is None
    counts[0] *= 100
    test = dip_test(counts)
    assert test.n_questions == 20 and test.n_effective == pytest.approx(119**2 / (100**2 + 19))
    assert test.refused is not None and "worth 1" in test.refused and np.isnan(test.p_value)
