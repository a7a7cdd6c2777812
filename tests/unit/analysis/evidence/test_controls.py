"""Which controls a run has, and in which order."""

from __future__ import annotations

import pytest

from rdpt_core.analysis.evidence.controls import NO_TEACHER, STUDENT, ControlKind, controls_of
from rdpt_core.records import Role
from rdpt_core.store.reader import Run, open_reader
from tests.support import companions, synthetic

VARIANTS = (
    "variant:teacher-t1.5",
    "variant:student-t1.5",
    "variant:teacher-other-question",
    "variant:student-t0.667",
)
TRACES = synthetic.sketches(2)
P = companions.PROBABILITIES["control:decoy"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    path = tmp_path_factory.mktemp("db") / "controls.duckdb"
    key = companions.build(
        path, TRACES, ("teacher:code", "control:decoy", "checkpoint:200"), name="all", run_id="a" * 16
    )
    for variant in VARIANTS:
        companions.add(path, key, TRACES, variant, probabilities=P)
    companions.add(path, key, TRACES, "control:late", probabilities=P, finish=False)
    synthetic.build(path, TRACES, run_id="b" * 16, name="plain")
    synthetic.build(path, TRACES, run_id="c" * 16, name="before", roles=(Role.TEACHER, Role.STUDENT))
    pair = (Role.STUDENT, Role.DISTILLED)
    companions.build(path, TRACES, ("teacher:code",), run_id="d" * 16, name="without", roles=pair)
    with open_reader(path) as reader:
        return {run.name: run for run in reader.runs()}


def keys(run: Run) -> list[str]:
    return [control.key for control in controls_of(run)]


def test_those_in_the_place_come_first_and_what_is_not_finished_is_none(runs: dict[str, Run]) -> None:
    assert keys(runs["all"]) == [
        "distilled",
        "student",
        "variant:student-t0.667",
        "variant:student-t1.5",
        "control:decoy",
        "variant:teacher-t1.5",
        "variant:teacher-other-question",
    ]
    kinds = [control.kind for control in controls_of(runs["all"])]
    assert kinds == [ControlKind.IN_PLACE] * 5 + [ControlKind.CHANGED] * 2
    names = [control.name for control in controls_of(runs["all"])]
    assert names[2:4] == ["the student, sharpened (temperature 0.667)", "the student, flattened (temperature 1.5)"]


def test_every_triple_has_two(runs: dict[str, Run]) -> None:
    assert controls_of(runs["plain"]) == (NO_TEACHER, STUDENT)


def test_no_teacher_needs_a_distilled_model_and_any_control_a_teacher(runs: dict[str, Run]) -> None:
    assert keys(runs["before"]) == ["student"]
    assert keys(runs["without"]) == []
    assert keys(runs["without"].seen(teacher="teacher:code")) == ["distilled", "student"]


def test_what_is_seen_as_the_teacher_is_no_control_and_its_own_teachers_variants_are_not_of_another(
    runs: dict[str, Run],
) -> None:
    in_place = ["distilled", "student", "variant:student-t0.667", "variant:student-t1.5"]
    assert keys(runs["all"].seen(teacher="control:decoy")) == in_place
    assert keys(runs["all"].seen(teacher="teacher:code")) == [*in_place, "control:decoy"]


def test_each_can_be_seen(runs: dict[str, Run]) -> None:
    for control in controls_of(runs["all"]):
        assert dict(runs["all"].seen(teacher=control.key).seen_as) == {"teacher": control.key}
        assert control.takes_away
        assert control.means
