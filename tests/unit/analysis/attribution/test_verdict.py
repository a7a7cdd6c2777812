"""The verdict: with all teachers there, with the true one withheld, with a relative; silent with few questions."""

import numpy as np
import pytest

from rdpt_core.analysis.attribution.answers import answer_all
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.verdict import make_verdict
from rdpt_core.analysis.attribution.weights import Sets, estimate_weights, make_sets
from tests.support.companions.sources import SIBLING, A, B, World, draw

ONLY_A = {"A": 0.35, "student": 0.15, "common": 0.5}
MIXED = {"A": 0.2, "B": 0.2, "student": 0.1, "common": 0.4, "both teachers": 0.1}


def verdict_of(seed=1, **world):
    sample = draw(World(**world), seed)
    answers = answer_all(sample.evidence, AttributionRule.make())
    members, counts = answers.sets()
    names = (*(source.name for source in answers.sources.named), "none")
    sets = make_sets(names, members, counts, sample.traces.question)
    return make_verdict(sets, estimate_weights(sets), None, n_controls=1)


def states(verdict):
    return {source.name: source.state for source in verdict.sources}


def test_one_teacher_taught():
    verdict = verdict_of(shares=ONLY_A, n_questions=200)
    assert states(verdict) == {"A": "in", "B": "not in"}
    assert verdict.sentence == "A; not B (95% confidence)."
    assert verdict.relatives == ()


def test_both_taught():
    verdict = verdict_of(shares=MIXED)
    assert states(verdict) == {"A": "in", "B": "in"}
    assert verdict.sentence == "A and B (95% confidence)."


def test_the_true_teacher_is_withheld():
    verdict = verdict_of(shares=ONLY_A, teachers=(B,), n_questions=200)
    assert states(verdict) == {"B": "not in"}
    assert verdict.dominated_by_none
    assert verdict.sentence == "Mostly none of these; not B (95% confidence)."


def test_a_relative_cannot_be_told_apart_and_does_not_win():
    verdict = verdict_of(shares=ONLY_A, teachers=(A, SIBLING, B), n_questions=200)
    assert verdict.relatives == (("A", "sibling"),)
    assert states(verdict) == {"A": "in", "sibling": "in", "B": "not in"}
    assert verdict.sentence.startswith("At least one of A and sibling, which cannot be told apart; not B")
    assert any("cannot be told apart" in warning for warning in verdict.warnings)


def test_few_questions_leave_it_open_or_are_refused():
    assert verdict_of(shares=ONLY_A, n_questions=5).refused
    verdict = verdict_of(shares={"A": 0.02, "student": 0.28, "common": 0.7}, n_questions=12)
    assert states(verdict)["A"] == "open"
    assert any("Few questions" in warning for warning in verdict.warnings)


def judged(member, total, n_questions=200, names=("A", "B")):
    """The verdict where every question has the same sentences. Sources: teachers, student, none."""
    sets = Sets((*names, "student", "none"), np.array(member, bool), np.tile(np.array(total, float), (n_questions, 1)))
    return make_verdict(sets, estimate_weights(sets), None, n_controls=1)


def test_of_a_teacher_that_is_like_the_student_nothing_is_said():
    # Nearly all that names the student names A, and nothing names B.
    verdict = judged([[1, 0, 1, 1], [0, 0, 1, 1]], [100, 1])
    assert states(verdict) == {"A": "open", "B": "not in"}
    verdict = judged([[1, 1, 1, 1]], [100])
    assert verdict.sentence == "Nothing can be said of A and B."


def test_a_teacher_stands_before_those_that_cannot_be_told_apart():
    verdict = judged([[1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]], [30, 40, 30], names=("A", "sibling", "B"))
    assert verdict.sentence == "B and at least one of A and sibling, which cannot be told apart (95% confidence)."


def test_a_teacher_that_a_control_is_like_is_not_ruled_out():
    verdict = judged([[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0]], [30, 40, 30])
    assert states(verdict) == {"A": "in", "B": "open"}
    assert verdict.sentence == "A; nothing can be said of B (95% confidence)."


@pytest.mark.slow
def test_a_teacher_that_taught_nothing_is_found_in_at_most_5_percent_of_worlds():
    found = sum(states(verdict_of(seed, shares=ONLY_A, n_questions=40))["B"] == "in" for seed in range(200))
    assert found <= 10
