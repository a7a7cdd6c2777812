"""Who wrote all responses of a run: noted once, read with the run, and never meant where another run is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.errors import StoreError, UsageError
from rdpt_core.records import RunKey
from rdpt_core.store.connect import open_for_writing
from rdpt_core.store.evidence.known_writers import register_writer
from rdpt_core.store.files import file_identity
from rdpt_core.store.reader import Run, default_run, open_reader
from tests.support import synthetic

SAME = {"run": "same"}


def write(path: Path) -> tuple[RunKey, RunKey]:
    """A run, and a newer one that is scored alike."""
    first, second = (
        synthetic.build(path, synthetic.sketches(2), run_id=digit * 16, name=name, identity=SAME)
        for digit, name in (("a", "distilled"), ("b", "by the student"))
    )
    return first, second


def runs_of(path: Path) -> tuple[Run, ...]:
    with open_reader(path) as reader:
        return reader.runs()


def test_it_is_read_with_the_run_and_changes_which_run_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    run, text = write(path)
    assert default_run(runs_of(path)).key == text
    register_writer(path, text, run, "student", {"temperature": 0.7})
    first, second = runs_of(path)
    assert first.known_writer is None
    known = second.known_writer
    assert known is not None
    assert (known.of_run_no, known.role, known.settings) == (run.run_no, "student", {"temperature": 0.7})
    assert default_run((first, second)).key == run
    assert second.calibrates(first)
    assert not first.calibrates(second)
    # Alone in its file it is what there is to see.
    assert default_run((second,)) is second


def test_a_run_that_is_not_finished_takes_the_place_of_no_finished_one(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    run, text = write(path)
    register_writer(path, text, run, "student", {})
    live = synthetic.build(path, synthetic.sketches(2), run_id="c" * 16, n_scored=1, finish=False)
    runs = runs_of(path)
    assert default_run(runs).key == run
    assert default_run(runs[1:]).key == text, "finished, though its writer is known"
    assert default_run(runs[2:]).key == live


def test_noted_again_it_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    run, text = write(path)
    register_writer(path, text, run, "student", {"seed": 1})
    before = file_identity(path)
    register_writer(path, text, run, "student", {"seed": 1})
    assert file_identity(path) == before
    with pytest.raises(UsageError, match="two models"):
        register_writer(path, text, run, "teacher", {})
    with pytest.raises(UsageError, match="responses of the run itself"):
        register_writer(path, run, run, "student", {})
    with pytest.raises(StoreError):
        register_writer(path, text, RunKey(run.run_no, "f" * 16), "student", {})


def test_it_calibrates_only_what_is_scored_alike(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    run, _ = write(path)
    other = synthetic.build(path, synthetic.sketches(2), run_id="c" * 16, identity={"run": "same", "policy": "raw"})
    register_writer(path, other, run, "student", {})
    first, _, third = runs_of(path)
    assert not third.calibrates(first)


@pytest.mark.parametrize(("column", "value"), [("role", "distilled"), ("settings", "[1]"), ("settings", "{")])
def test_damage_is_told(tmp_path: Path, column: str, value: str) -> None:
    path = tmp_path / "a.duckdb"
    run, text = write(path)
    register_writer(path, text, run, "student", {})
    with open_for_writing(path) as connection:
        connection.execute(f"UPDATE known_writers SET {column} = ?", [value])
    with pytest.raises(StoreError, match=f"writer of run number {text.run_no}"):
        runs_of(path)
