"""Spread of gaps, and labels of standardised log-ratios, against the same by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.evidence.transfer.reached import ABOVE, NOT_COUNTED, OTHER, UP
from rdpt_core.analysis.evidence.transfer.scale import ALL, factors, spreads, standardised_parts
from rdpt_core.analysis.labels import LabelRule, Space
from rdpt_core.analysis.run.gaps.gap_arrays import Gaps

RNG = np.random.default_rng(4)
N, LENGTH = 30, 8
START = np.arange(N + 1) * LENGTH
GROUP = np.repeat([0, 1, -1], 10)
GAP = (RNG.standard_normal(N * LENGTH) * np.repeat([1.0, 4.0, 9.0], 10 * LENGTH) + 0.5).astype(np.float32)
GAP[3] = np.nan
MAX_GAP = (np.abs(GAP) + RNG.random(N * LENGTH)).astype(np.float32)
GAPS = Gaps(("teacher", "student", "distilled"), np.arange(N, dtype=np.int32), START, GAP, MAX_GAP)
RULE = LabelRule(0.5, 1.0, space=Space.RATIO)


def test_spreads_of_groups_and_of_all() -> None:
    found = spreads(GAPS, np.arange(N), GROUP, np.arange(N), ["narrow", "wide", "empty"])
    assert [one.name for one in found] == ["narrow", "wide", ALL]
    of_sentence = np.repeat(GROUP, LENGTH)
    for k, one in enumerate(found):
        held = GAP[(of_sentence == k) if one.name != ALL else (of_sentence >= 0)]
        held = held[~np.isnan(held)].astype(float)
        assert one.sd == pytest.approx(held.std())
        assert one.mean == pytest.approx(held.mean())
        assert one.robust == pytest.approx(1.4826 * np.median(np.abs(held - np.median(held))))
        assert one.n_sentences == len(held)
        assert one.low < one.sd < one.high
    few = spreads(GAPS, np.arange(3), GROUP[:3], np.arange(3), ["narrow"])
    assert few[0].refused is not None and np.isnan(few[0].low)


def test_traces_that_are_not_looked_at_do_not_count() -> None:
    rows = np.array([2, 11, 12])
    found = spreads(GAPS, rows, np.zeros(3, int), np.arange(3), ["some"])
    held = np.concatenate([GAP[START[row] : START[row + 1]] for row in rows]).astype(float)
    assert found[0].sd == pytest.approx(held.std())


def test_standardised_labels_are_those_of_scaled_thresholds() -> None:
    found = spreads(GAPS, np.arange(N), GROUP, np.arange(N), ["narrow", "wide"])
    factor = factors(found, ["narrow", "wide"], GROUP)
    sd = {one.name: one.sd for one in found}
    assert factor[:10] == pytest.approx(sd[ALL] / sd["narrow"])
    assert factor[-1] == 1.0
    raised = RNG.random(N * LENGTH) < 0.5
    parts = standardised_parts(GAPS, RULE, factor, raised)
    for i in range(N * LENGTH):
        scale = factor[i // LENGTH]
        gap, most = float(GAP[i]), float(MAX_GAP[i])
        if np.isnan(most):
            expected = NOT_COUNTED
        elif most <= RULE.alpha / scale:
            expected = OTHER
        elif gap > RULE.beta / scale:
            expected = ABOVE
        else:
            expected = UP if gap >= -RULE.beta / scale and raised[i] else OTHER
        assert parts[i] == expected, i


def test_gaps_that_do_not_vary_are_left_as_they_are() -> None:
    flat = Gaps(GAPS.roles, GAPS.trace_no, START, np.ones_like(GAP), np.ones_like(GAP))
    found = spreads(flat, np.arange(N), GROUP, np.arange(N), ["narrow", "wide"])
    assert factors(found, ["narrow", "wide"], GROUP).tolist() == [1.0] * N
