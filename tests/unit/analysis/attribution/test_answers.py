"""Answers: the formula, once more and naively; planted truth; and what must never be credited to anybody."""

import numpy as np
import pytest

from rdpt_core.analysis.attribution.answers import answer_all, answer_in_place, judge, members_words
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.sources import Sources
from tests.support.companions.sources import DECOY, SIBLING, STUDENT, A, B, World, draw, make_evidence

RULE = AttributionRule.make()
THREE = Sources((A, B, STUDENT), (DECOY,), True)


def one(values, control, *, n_tokens=10, rule=RULE):
    """The answer about one sentence with these logprob sums, relative to the distilled model's."""
    relative = np.array([*values, control], dtype=float)[:, None]
    evidence = make_evidence(THREE, relative, np.array([n_tokens]), np.array([1]))
    answers = answer_all(evidence, rule)
    return THREE.answers[answers.codes[0] - 1], members_words(int(answers.members[0]), THREE)


@pytest.mark.parametrize(
    ("values", "control", "expected"),
    [
        ((-1, -40, -50), -45, ("A", "A")),
        ((-40, -1, -50), -45, ("B", "B")),
        ((-40, -45, -1), -45, ("student", "student")),
        ((-1, -2, -1), -2, ("several", "A, B, student or none of these")),
        ((-1, -1.5, -60), -60, ("several", "A or B")),
        ((-1, -60, -2), -60, ("several", "A or student")),
        ((-60, -70, -80), -90, ("none", "none of these")),
        ((-9, -9, -9), 25, ("none", "none of these")),
        # Nobody is sure, and nobody near: the likeliest is still not named alone.
        ((-1, -8, -8), -8, ("several", "A or B")),
    ],
)
def test_what_is_said_of_a_sentence(values, control, expected):
    assert one(values, control) == expected


def test_a_short_sentence_needs_more_than_one_surprising_token_to_be_nobodys():
    assert one((-6, -30, -30), -30, n_tokens=2)[0] == "A"
    assert one((-30, -60, -60), -60, n_tokens=2)[0] == "none"


def test_the_formula_written_naively():
    rng = np.random.default_rng(1)
    relative = rng.normal(-10, 12, (4, 400))
    n_tokens = rng.integers(1, 30, 400)
    evidence = make_evidence(THREE, relative, n_tokens, np.array([400]))
    rule = AttributionRule.make(0.8, 0.25, 0.7, 0.3)
    judged = judge(evidence.part(slice(0, 400)), rule)
    kinds = set()
    for i in range(400):
        values = [float(v) for v in [row[i] for row in evidence.relative]]
        weights = [np.exp(0.3 * v) for v in values]
        posterior = [w / sum(weights) for w in weights]
        # Half precision holds a thousandth: a posterior at a threshold may fall to either side.
        if min(abs(max(posterior) - 0.8), min(abs(p / max(posterior) - 0.25) for p in posterior)) < 1e-3:
            continue
        best = int(np.argmax(posterior))
        if float(evidence.shortfall[i]) > 0.7 or (posterior[best] >= 0.8 and best == 3):
            code, members = 5, {3}
        elif posterior[best] >= 0.8:
            code, members = best + 1, {best}
        else:
            code, members = 4, {k for k in range(4) if posterior[k] >= 0.25 * posterior[best]}
            if len(members) == 1:
                members.add(int(np.argsort(posterior)[-2]))
        kinds.add(code)
        assert judged.codes[i] == code
        assert judged.members[i] == sum(1 << k for k in members)
        assert judged.posterior[:, i] == pytest.approx(posterior, abs=1e-5)
    assert kinds == {1, 2, 3, 4, 5}


def test_what_lacks_a_number_has_no_answer():
    evidence = make_evidence(THREE, np.array([[-1.0, np.nan], [-9, -9], [-9, -9], [-9, -9]]), np.ones(2), np.array([2]))
    answers = answer_all(evidence, RULE)
    assert answers.codes.tolist()[1] == 0
    assert answers.members.tolist()[1] == 0
    assert answers.counts()[0, 0] == 1


def test_planted_sentences_are_credited_to_whom_they_come_from():
    sample = draw(World(), 3)
    answers = answer_all(sample.evidence, RULE)
    names = np.array(["", *answers.sources.answers])[answers.codes]
    for kind in ("A", "B", "student"):
        assert (names[sample.of(kind)] == kind).mean() >= 0.95
    assert np.isin(names[sample.of("common")], ("several", "student")).mean() >= 0.95


def test_with_the_true_teacher_withheld_its_sentences_are_nobodys():
    sample = draw(World(teachers=(B,)), 4)
    answers = answer_all(sample.evidence, RULE)
    assert (answers.codes[sample.of("A")] == answers.sources.none).mean() >= 0.95


def test_a_sibling_is_never_the_winner():
    sample = draw(World(teachers=(A, SIBLING, B)), 5)
    answers = answer_all(sample.evidence, RULE)
    own = sample.of("A")
    assert (answers.codes[own] == 2).mean() <= 0.05
    said = [members_words(int(bits), answers.sources) for bits in answers.members[own]]
    assert np.mean([words == "A or sibling" for words in said]) >= 0.9


def test_a_control_in_the_place_of_the_teachers_is_credited_with_next_to_nothing():
    sample = draw(World(), 6)
    answers = answer_in_place(sample.evidence, DECOY, RULE)
    assert (answers.codes == 1).mean() <= 0.05
    # And one that does know what teacher A knows is found out.
    knows = draw(World(teachers=(B,), controls=(A,)), 6)
    found = answer_in_place(knows.evidence, A, RULE)
    assert (found.codes[knows.of("A")] == 1).mean() >= 0.95


def test_sets_count_every_scored_sentence_once():
    sample = draw(World(n_questions=9), 7)
    answers = answer_all(sample.evidence, RULE)
    members, counts = answers.sets()
    assert 0 not in members
    assert counts.sum() == len(answers.codes)
    assert counts.sum(axis=1).tolist() == np.diff(answers.start).tolist()
    most = int(members[counts.sum(axis=0).argmax()])
    assert counts.sum(axis=0).max() == (answers.members == most).sum()
