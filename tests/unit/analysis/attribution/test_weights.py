"""Mixture weights: EM against the likelihood itself, and intervals that hold the planted share."""

import numpy as np
import pytest

from rdpt_core.analysis.attribution.answers import answer_all
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.weights import estimate_weights, fit_weights, make_sets, ratio_interval
from tests.support.companions.sources import SIBLING, A, B, World, draw

RULE = AttributionRule.make()


def sets_of(world, seed):
    sample = draw(world, seed)
    answers = answer_all(sample.evidence, RULE)
    members, counts = answers.sets()
    names = (*(source.name for source in answers.sources.named), "none")
    return make_sets(names, members, counts, sample.traces.question)


def test_weights_maximise_the_likelihood_of_the_sets():
    member = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1]], bool)
    counts = np.array([30.0, 10, 5, 40, 100])

    def likelihood(weights):
        return float(counts @ np.log(member @ weights))

    fitted = fit_weights(member, counts)
    assert fitted.sum() == pytest.approx(1)
    rng = np.random.default_rng(0)
    for _ in range(200):
        other = np.abs(fitted + rng.normal(0, 0.02, 3))
        assert likelihood(other / other.sum()) <= likelihood(fitted) + 1e-6
    # What is common decides nothing: A to B is 30 to 10, as among those that tell.
    assert fitted[0] / fitted[1] == pytest.approx(3, rel=1e-3)


def test_an_empty_sample_has_no_weights():
    assert np.isnan(fit_weights(np.eye(2, dtype=bool), np.zeros(2))).all()


def test_weights_find_what_is_planted_and_bracket_it():
    weights = estimate_weights(sets_of(World(n_questions=400), 1))
    of_teachers = dict(zip(weights.names, weights.weight, strict=True))
    assert of_teachers["A"] / (of_teachers["A"] + of_teachers["B"]) == pytest.approx(0.625, abs=0.04)
    assert (weights.low <= weights.weight).all()
    assert (weights.weight <= weights.high).all()
    assert (weights.least <= weights.weight + 1e-9).all()
    assert (weights.weight <= weights.most + 1e-6).all()


def test_few_questions_get_weights_and_no_interval():
    weights = estimate_weights(sets_of(World(n_questions=5), 1))
    assert weights.refused
    assert np.isnan(weights.low).all()
    assert not np.isnan(weights.weight).any()


def test_relatives_share_what_they_have_together():
    weights = estimate_weights(sets_of(World(teachers=(A, SIBLING, B)), 1))
    own = dict(zip(weights.names, zip(weights.weight, weights.low, weights.high, strict=True), strict=True))
    assert own["A"][0] == own["sibling"][0]
    assert own["A"][1] == own["sibling"][1] == 0
    assert 2 * own["A"][0] < own["A"][2]
    assert weights.weight.sum() == pytest.approx(1)


def coverage(n_worlds, n_questions):
    """How often the interval of teacher A's part of both teachers holds the planted part."""
    planted = 0.25 / 0.4
    held = 0
    for seed in range(n_worlds):
        sets = sets_of(World(n_questions=n_questions), 1000 + seed)
        _, low, high = ratio_interval(sets, *(np.isin(sets.names, names) for names in (["A"], ["A", "B"])))
        held += low <= planted <= high
    return held / n_worlds


def test_the_share_of_a_mixture_is_mostly_inside_its_interval():
    # 24 of 30 or fewer would have a chance of 2% if 95% were right.
    assert coverage(30, 30) >= 25 / 30


@pytest.mark.slow
@pytest.mark.parametrize("n_questions", [20, 60])
def test_the_share_of_a_mixture_is_inside_its_interval_in_93_percent_of_1000_worlds(n_questions):
    # Of 200 worlds, 95% would come out below 93% one time in eight; of 1000, hardly ever.
    assert coverage(1000, n_questions) >= 0.93
