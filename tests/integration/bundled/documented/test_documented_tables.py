"""The tables of docs/method.md and docs/statistics.md on the bundled data, and what is said beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.predict.aucs import ALL, SAME_QUESTION
from rdpt_core.analysis.run.predict.prediction import Prediction
from rdpt_core.analysis.run.predict.verdict import Direction, against_length, verdicts
from rdpt_core.analysis.run.sensitivity.unit_effects import UnitEffects
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Label
from tests.integration.bundled.documented.test_documented_numbers import LABELS, ORIGINS, flat, labels_by_origin

PROJECT = Path(__file__).resolve().parents[4]
RULE = LabelRule.make()


def section(page: str, title: str) -> str:
    """A section of a page of docs/."""
    text = (PROJECT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return flat(text.partition(f"\n## {title}\n")[2].partition("\n## ")[0])


@pytest.fixture(scope="module")
def run(bundled_database: Path) -> rdpt.ScoredRun:
    return rdpt.open(bundled_database).run()


def test_planted_truth(run: rdpt.ScoredRun) -> None:
    text, counts = section("method", "Planted truth"), labels_by_origin(run)
    for origin, words in ORIGINS.items():
        total = counts[origin].total()
        shares = " | ".join(f"{counts[origin][label] / total:.2f}" for label in LABELS) if total else ""
        assert (f"| {words} | {total:,} | {shares} |" in text) == (total > 0), origin
    labelled = {label: sum(found[label] for found in counts.values()) for label in LABELS}
    own, both = counts["teacher_a"]["Teacher"], counts["both_teachers"]["Teacher"]
    n = labelled["Teacher"]
    assert f"all sentences labelled Teacher, {own / n:.2f} were only in the teacher's data" in text
    assert f"({(own + both) / n:.2f} with those of both teachers)" in text
    student = counts["student"]["Student"] / labelled["Student"]
    assert f"of all labelled Student, {student:.2f} only in the student's." in text
    assert f"Over all {run.sentences().num_rows:,} sentences, at α = {RULE.alpha:g} and β = {RULE.beta:g}" in text
    # "Fewer than half are labelled Boosted", and "false sums are divided among Teacher, Student and Boosted".
    assert counts["amplified"]["Boosted"] < counts["amplified"].total() / 2
    assert all(counts["none"][label] > counts["none"].total() / 4 for label in ("Teacher", "Student", "Boosted"))


@pytest.fixture(scope="module")
def effects(run: rdpt.ScoredRun) -> UnitEffects:
    return run._data().unit_effects(RULE, Scope())


def test_what_the_unit_does(effects: UnitEffects) -> None:
    text = section("statistics", "What the unit does")
    order = [effects.labels.index(label) for label in (Label.TEACHER, Label.SHARED, Label.STUDENT, Label.BOOSTED)]
    for unit in effects.units:
        shares = " | ".join(f"{unit.shares.share[k]:.0%}" for k in order)
        assert f"| {unit.name} | {unit.shares.n_counted:,} | {shares} |" in text
        assert unit.n_unscored == 0
    assert f"β = {RULE.beta:g}; {effects.units[0].shares.n_questions} questions)" in text
    (teacher,) = (part for part in effects.parts if part.label is Label.TEACHER)
    assert (
        f"Of the Teacher sentences {teacher.n_kept / teacher.n_rest:.0%} stay Teacher without their first token. Their "
        f"mean gap of {teacher.mean:.2f} is made of {teacher.choice:.2f} by the first token (*choice*) and "
        f"{teacher.wording:.2f} by all others"
    ) in text
    # "Longer units are Shared less often."
    shared = [unit.shares.share[effects.labels.index(Label.SHARED)] for unit in effects.units]
    assert shared[0] > shared[2] > shared[3] > shared[4]


def test_what_the_docs_say_of_length(run: rdpt.ScoredRun) -> None:
    """The paragraph below the table of correctness in docs/statistics.md."""
    predicted: dict[str, Prediction] = {
        measure: run._data().prediction(RULE, Scope(), measure) for measure in ("share", "count")
    }
    share, number = ({v.predictor: v for v in verdicts(prediction)} for prediction in predicted.values())
    assert not any(verdict.agreed in (Direction.CORRECT, Direction.INCORRECT) for verdict in share.values())
    curve, line, within, pairs = "beside length, curve", "beside length, straight line", "within questions", "about"
    student = share["Student"]
    assert student.pooled is student.within is Direction.INCORRECT
    for name, direction in student.at_equal_length.items():
        assert direction is (Direction.INCORRECT if name in (curve, line) else Direction.UNCLEAR), name
    shared = number["Shared"]
    assert shared.pooled is shared.within is Direction.CORRECT
    for name, direction in shared.at_equal_length.items():
        assert direction is (Direction.CORRECT if name == line else Direction.UNCLEAR), name
    for name, direction in share["Teacher"].at_equal_length.items():
        said = {curve: Direction.CORRECT, line: Direction.INCORRECT}
        assert direction is said.get(name, Direction.UNCLEAR), name
        assert name in said or name.startswith((within, pairs))
    assert predicted["share"].length.misfit_p < 0.001
    better = {found.group: found.better for found in against_length(predicted["share"])}
    assert better == {ALL: ("Shared", "Student", "Boosted"), SAME_QUESTION: ()}
    assert against_length(predicted["count"])[-1].better == ()
