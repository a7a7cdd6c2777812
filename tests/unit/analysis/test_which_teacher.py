"""Which models of a run can be its teacher, and what it is then seen with."""

from __future__ import annotations

import pytest

from rdpt_core.analysis.which_teacher import (
    chosen_teacher,
    has_several,
    own_teacher_name,
    seen_where_it_has,
    seen_with,
    teacher_choices,
    teacher_name,
)
from rdpt_core.errors import UsageError
from rdpt_core.records import Role
from rdpt_core.store.reader import Run, open_reader
from tests.support import companions, synthetic


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    path = tmp_path_factory.mktemp("db") / "several.duckdb"
    traces = synthetic.sketches(2)
    several = companions.build(path, traces, run_id="a" * 16, name="several", models=companions.named_teacher())
    late = companions.PROBABILITIES["control:decoy"]
    companions.add(path, several, traces, "teacher:late", finish=False, probabilities=late)
    synthetic.build(path, traces, run_id="b" * 16, name="plain")
    pair = (Role.STUDENT, Role.DISTILLED)
    companions.build(path, traces, ["teacher:code"], run_id="c" * 16, name="pair", roles=pair)
    checkpoints = ["checkpoint:200"]
    companions.build(path, traces, checkpoints, run_id="d" * 16, name="checkpoints")
    with open_reader(path) as reader:
        return {run.name: run for run in reader.runs()}


def test_its_own_comes_first_then_teachers_then_controls_and_never_a_checkpoint(runs: dict[str, Run]) -> None:
    choices = teacher_choices(runs["several"])
    assert [(choice.key, choice.name) for choice in choices] == [
        (None, "math"),
        ("teacher:code", "code"),
        ("teacher:late", "late"),
        ("control:decoy", "decoy"),
    ]
    assert [choice.is_control for choice in choices] == [False, False, False, True]
    assert [choice.is_finished for choice in choices] == [True, True, False, True]


@pytest.mark.parametrize("named", ["code", "CODE", "teacher:code"])
def test_a_name_or_a_role_finds_a_teacher(runs: dict[str, Run], named: str) -> None:
    seen = seen_with(runs["several"], named)
    assert seen.seen_as == (("teacher", "teacher:code"),)
    assert teacher_name(seen) == "code"
    # Whichever is seen, the choices stay, and so does what the run's own teacher is called.
    assert teacher_choices(seen) == teacher_choices(runs["several"])
    assert own_teacher_name(seen) == "math"
    assert chosen_teacher(seen).key == "teacher:code"


def test_none_and_the_own_name_leave_a_run_as_it_is(runs: dict[str, Run]) -> None:
    assert seen_with(runs["several"], None) is runs["several"]
    assert seen_with(runs["several"], "math") is runs["several"]


@pytest.mark.parametrize(("named", "said"), [("law", "no such teacher"), ("200", "no such"), ("late", "still being")])
def test_what_cannot_be_chosen_is_refused_with_what_can(runs: dict[str, Run], named: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        seen_with(runs["several"], named)
    assert "math or code or decoy" in str(caught.value)


def test_a_run_without_a_teacher_can_be_seen_with_one(runs: dict[str, Run]) -> None:
    assert teacher_name(runs["pair"]) is None
    assert seen_with(runs["pair"], "code").roles == ("teacher", "student", "distilled")


def test_only_a_choice_is_named(runs: dict[str, Run]) -> None:
    assert has_several(runs["several"])
    for name in ("plain", "checkpoints"):
        assert not has_several(runs[name])
        assert teacher_name(runs[name]) is None


def test_several_runs_are_seen_with_it_where_they_have_it(runs: dict[str, Run]) -> None:
    assert seen_where_it_has(runs["several"], "code").seen_as
    for name, named in (("plain", "code"), ("several", "late"), ("several", None)):
        assert seen_where_it_has(runs[name], named) is runs[name]


def test_a_role_in_the_teachers_place_is_a_control(runs: dict[str, Run]) -> None:
    for role in ("distilled", "student"):
        seen = chosen_teacher(runs["several"].seen(teacher=role))
        assert (seen.key, seen.name, seen.is_control) == (role, role, True)
