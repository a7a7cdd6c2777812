"""Separation: both kinds and none, at several scales, and against whether maximum likelihood settles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from rdpt_core.analysis.statistics.regression.separation import Separation, find_separation

ZERO = np.zeros(40, np.int64)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_kinds_are_told_apart_at_any_scale(scale: float) -> None:
    x = scale * np.linspace(-1, 1, 40)[:, None]
    above = x[:, 0] > 0
    assert find_separation(x, above, ZERO) is Separation.COMPLETE
    # One value in the middle holds both outcomes.
    tied = x.copy()
    tied[19:21] = 0
    assert find_separation(tied, above, ZERO) is Separation.PARTIAL
    swapped = above.copy()
    swapped[[5, 30]] = ~swapped[[5, 30]]
    assert find_separation(x, swapped, ZERO) is None


def test_a_label_that_only_correct_traces_have_separates_in_part() -> None:
    rng = np.random.default_rng(0)
    label = (np.arange(500) < 6).astype(float)[:, None]
    correct = (rng.random(500) < 0.5) | (label[:, 0] == 1)
    assert find_separation(label, correct, np.zeros(500, np.int64)) is Separation.PARTIAL


def test_a_far_trace_is_not_separation() -> None:
    rng = np.random.default_rng(2)
    count = rng.poisson(8, 300).astype(float)
    correct = rng.random(300) < expit(-0.35 * (count - 8))
    count[0], correct[0] = 2000, False
    assert find_separation(count[:, None], correct, np.zeros(300, np.int64)) is None


def test_groups_have_their_own_thresholds() -> None:
    x = np.concatenate([np.linspace(0, 1, 20), np.linspace(10, 11, 20)])[:, None]
    correct = np.concatenate([np.arange(20) >= 10, np.arange(20) >= 10])
    assert find_separation(x, correct, ZERO) is None
    assert find_separation(x, correct, np.repeat([0, 1], 20)) is Separation.COMPLETE


def test_a_combination_separates_where_no_predictor_does() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40, 2))
    x += np.where((x @ [1, -1] > 0)[:, None], [0.05, -0.05], [-0.05, 0.05])
    correct = x @ [1, -1] > 0
    assert find_separation(x[:, :1], correct, ZERO) is None
    assert find_separation(x, correct, ZERO) is Separation.COMPLETE
