"""q-values, beside statsmodels'."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from rdpt_core.analysis.statistics.false_discoveries import Dependence, q_values

METHODS: dict[Dependence, str] = {"positive": "fdr_bh", "any": "fdr_by"}


@pytest.mark.parametrize("dependence", METHODS)
@pytest.mark.parametrize("seed", range(4))
def test_they_agree_with_statsmodels(seed: int, dependence: Dependence) -> None:
    rng = np.random.default_rng(seed)
    # Rounded, so that there are ties.
    p_values = np.round(rng.random(5 + 60 * seed) ** 3, 2)
    expected = multipletests(p_values, method=METHODS[dependence])[1]
    assert q_values(p_values, dependence=dependence) == pytest.approx(expected, rel=1e-12)


def test_counts_stand_for_as_many_tests() -> None:
    rng = np.random.default_rng(1)
    p_values, counts = rng.random(40) ** 2, rng.integers(0, 5, 40)
    one_by_one = q_values(np.repeat(p_values, counts))
    together = np.repeat(q_values(p_values, counts), counts)
    assert together == pytest.approx(one_by_one, rel=1e-12)


def test_the_harmonic_number_of_many_tests_follows_its_expansion() -> None:
    few, many = 1_000_000, 1_000_001
    p_values = np.array([1e-9, 1.0])
    strict = [q_values(p_values, np.array([1, m - 1]), "any")[0] for m in (few, many)]
    assert strict[1] == pytest.approx(strict[0] * many / few, rel=1e-7)


def test_a_test_that_was_not_made_does_not_count() -> None:
    found = q_values(np.array([0.01, np.nan, 0.04]))
    assert found == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
    assert q_values(np.array([])).shape == (0,)
    assert np.isnan(q_values(np.array([np.nan]))).all()
