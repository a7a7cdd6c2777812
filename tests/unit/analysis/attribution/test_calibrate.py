"""Calibration on known text: the score written naively, and thresholds that a control sets."""

import numpy as np
import pytest

from rdpt_core.analysis.attribution.calibrate import best_temper, compare_tempers, largest_shortfall
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.errors import UsageError
from tests.support.companions.sources import A, B, World, draw

WORLD = World(far=0.6, noise=1.0)


def known_of(sample):
    bits = {"A": 1, "B": 2, "student": 4, "common": 7}
    known = np.zeros(len(sample.kind), np.int64)
    for kind, value in bits.items():
        known[sample.of(kind)] = value
    return known


def test_the_log_score_is_a_mean_divergence():
    sample = draw(WORLD, 1)
    known = known_of(sample)
    (found,) = compare_tempers(sample.evidence, known, tempers=[0.3])
    total = []
    for i, bits in enumerate(known.tolist()):
        weights = np.exp(0.3 * np.array([float(row[i]) for row in sample.evidence.relative]))
        posterior = weights / weights.sum()
        ideal = [k for k in range(3) if bits >> k & 1]
        total.append(sum(np.log(1 / len(ideal) / posterior[k]) / len(ideal) for k in ideal))
    assert found.log_score == pytest.approx(np.mean(total), rel=1e-3)
    assert found.n == len(known)


def test_tempers_that_are_too_sure_or_too_vague_score_worse():
    sample = draw(WORLD, 2)
    found = compare_tempers(sample.evidence, known_of(sample))
    best = best_temper(found)
    assert found[0].temper < best < found[-1].temper


def test_known_text_is_needed():
    sample = draw(WORLD, 2)
    with pytest.raises(UsageError):
        compare_tempers(sample.evidence, np.zeros(len(sample.kind), np.int64))


def test_a_control_that_knows_something_lowers_the_shortfall():
    rule = AttributionRule.make()
    harmless = draw(World(), 3)
    assert largest_shortfall(harmless.evidence, rule) == 4.0
    knows = draw(World(teachers=(B,), controls=(A,)), 3)
    assert largest_shortfall(knows.evidence, rule) is None
    assert largest_shortfall(draw(World(controls=()), 3).evidence, rule) is None
