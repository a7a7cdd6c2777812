"""Holm's adjustment, beside statsmodels'."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from rdpt_core.analysis.statistics.holm import holm


@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p_values = np.round(rng.random(3 + 7 * seed) ** 3, 2)
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], rel=1e-12)


def test_a_test_that_was_not_made_does_not_count() -> None:
    found = holm(np.array([0.01, np.nan, 0.04, 0.03]))
    assert found == pytest.approx([0.03, np.nan, 0.06, 0.06], nan_ok=True)


def test_nothing_and_one_stay_as_they_are() -> None:
    assert holm(np.array([])).shape == (0,)
    assert holm(np.array([0.2])).tolist() == [0.2]
    assert np.isnan(holm(np.array([np.nan]))).all()
