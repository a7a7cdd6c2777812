"""Stages run in an order that what they need allows, in one process or in two, and a failure is not lost."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from data.recipe.building.schedule import Stage, run_stages

# Builds and stages in processes of their own take a minute.
pytestmark = pytest.mark.slow


def note(folder: Path, name: str, needs: tuple[str, ...]) -> None:
    """Leaves a file, if those of the needed stages are there."""
    for need in needs:
        assert (folder / need).exists(), f"{name} ran before {need}"
    (folder / name).touch()


def fail() -> None:
    raise RuntimeError("no luck")


def stages(folder: Path) -> list[Stage]:
    needs = {"a": (), "b": (), "c": ("a",), "d": ("b", "c"), "e": ("d",), "f": ("a",)}
    return [Stage(name, partial(note, folder, name, before), before) for name, before in needs.items()]


def test_every_stage_runs_once_and_after_what_it_needs(tmp_path: Path) -> None:
    seconds = run_stages(stages(tmp_path), 1)
    assert sorted(seconds) == sorted(path.name for path in tmp_path.iterdir()) == list("abcdef")
    assert all(taken >= 0 for taken in seconds.values())


@pytest.mark.parametrize("n_processes", [1, 2])
def test_a_failure_ends_the_build_after_what_it_needed(n_processes: int, tmp_path: Path) -> None:
    broken = [Stage("broken", fail, tuple("abcdef")), Stage("after", partial(note, tmp_path, "after", ()), ("broken",))]
    with pytest.raises(RuntimeError, match="no luck"):
        run_stages([*stages(tmp_path), *broken], n_processes)
    assert sorted(path.name for path in tmp_path.iterdir()) == list("abcdef")


def test_a_stage_cannot_need_what_comes_later() -> None:
    with pytest.raises(ValueError, match="'early' needs"):
        run_stages([Stage("early", fail, ("late",)), Stage("late", fail)], 1)
