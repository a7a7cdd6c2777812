"""The order and the places of the times of a training."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rdpt_core.analysis.run.training.points import (
    Point,
    can_space_truly,
    n_left_out,
    places,
    points_of,
    schemes_of,
    step_of,
)
from rdpt_core.analysis.schemes import TRIPLE, WITHOUT_TEACHER
from rdpt_core.records import Role
from rdpt_core.store.reader import Run, open_reader
from tests.support import companions
from tests.unit.analysis.conftest import TRACES


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("points") / "points.duckdb"
    companions.build(path, TRACES[:3], ("checkpoint:200", "control:decoy"))
    with open_reader(path) as reader:
        return reader.runs()[0]


def with_checkpoints(run: Run, *names: str, same_as_final: str | None = None) -> Run:
    """The run with checkpoints of these names, in no order."""
    (one,) = (companion for companion in run.companions if companion.role.startswith("checkpoint:"))
    final = next(model for model in run.models if model.role == Role.DISTILLED)

    def revision(name: str) -> str:
        return final.revision if name == same_as_final else f"sha256:{name}"

    models = [replace(one.model, role=f"checkpoint:{name}", revision=revision(name)) for name in names]
    return replace(run, companions=tuple(replace(one, model=model) for model in models))


@pytest.mark.parametrize(
    ("name", "step"),
    [("400", 400), ("step-400", 400), ("ckpt_0400", 400), ("0.5", 0.5), ("400.2", 400.2), ("early", None)],
)
def test_the_step_is_the_only_number_of_a_name(name: str, step: float | None) -> None:
    assert step_of(name) == step


def test_a_name_with_two_numbers_states_no_step() -> None:
    assert step_of("epoch1-step40") is None
    assert step_of("400b") is None


def test_checkpoints_are_ordered_by_number_and_not_by_text(run: Run) -> None:
    points = points_of(with_checkpoints(run, "1000", "late", "200", "early"))
    assert [point.name for point in points] == ["start", "early", "late", "200", "1000", "final"]
    assert not can_space_truly(points)
    assert places(points, truly=True) == [0, 1, 2, 3, 4, 5]


def test_true_places_follow_the_steps(run: Run) -> None:
    points = points_of(with_checkpoints(run, "100", "200", "1000"))
    # The distilled model says no step: it stands one usual distance (100) after the last.
    assert places(points, truly=True) == [0, 100, 200, 1000, 1100]
    assert places(points, truly=False) == [0, 1, 2, 3, 4]


def test_a_last_checkpoint_with_the_files_of_the_distilled_model_is_not_shown_twice(run: Run) -> None:
    points = points_of(with_checkpoints(run, "100", "300", same_as_final="300"))
    assert [(point.name, point.role) for point in points[1:]] == [("100", "checkpoint:100"), ("300", Role.DISTILLED)]
    assert places(points, truly=True) == [0, 100, 300]
    # The best one was kept in the end: it stands where it was, and once more as the end.
    points = points_of(with_checkpoints(run, "100", "300", same_as_final="100"))
    assert [point.name for point in points] == ["start", "100", "300", "final"]


def test_what_is_left_out_is_counted(run: Run) -> None:
    assert n_left_out(with_checkpoints(run, "100", "300")) == 0
    assert n_left_out(with_checkpoints(run, "100", "300", same_as_final="300")) == 0
    many = with_checkpoints(run, *map(str, range(100, 5000, 100)))
    assert n_left_out(many) == 49 - (len(points_of(many)) - 2)


def test_a_teacher_is_compared_with_where_there_is_one(run: Run) -> None:
    assert schemes_of(run) == (WITHOUT_TEACHER, TRIPLE)
    assert schemes_of(replace(run, roles=("student", "distilled"))) == (WITHOUT_TEACHER,)


def test_the_start_is_the_student(run: Run) -> None:
    first, *_ = points_of(run)
    assert first == Point(Role.STUDENT, "start", 0.0) and first.is_start
