"""`calibrate` on small random models: stopped and gone on with, given text, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import rdpt_core as rdpt
from rdpt_core.cli import main
from rdpt_core.errors import ModelError, UsageError
from rdpt_core.records import ROLES, Trace
from rdpt_core.scoring.known_writers.drawing import Writer
from tests.integration.conftest import make_lines, write_lines
from tests.support.killed import Killed, kill_after
from tests.support.tiny_models import save_model

HOW: dict[str, Any] = {"questions": 15, "max_new_tokens": 8, "quiet": True}


@pytest.fixture
def database(scored_once: Path, tmp_path: Path) -> Path:
    path = tmp_path / "a.duckdb"
    shutil.copyfile(scored_once, path)
    return path


@pytest.fixture(scope="module")
def whole(scored_once: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The ids of all runs, which hash every response, after an undisturbed call."""
    path = tmp_path_factory.mktemp("whole") / "a.duckdb"
    shutil.copyfile(scored_once, path)
    rdpt.calibrate(path, **HOW)
    return ids_of(path)


def ids_of(path: Path) -> list[str]:
    return [run.id for run in rdpt.open(path).runs() if run.is_finished]


def n_written(monkeypatch: pytest.MonkeyPatch, n_before_the_end: int | None = None) -> list[str]:
    """Counts responses as they are drawn; ends the process where the next batch would begin."""
    real, drawn = Writer._responses, []

    def responses(self: Writer, prompts: Any, traces: list[Trace], settings: Any) -> Any:
        if n_before_the_end is not None and len(drawn) >= n_before_the_end:
            raise Killed
        drawn.extend(trace.trace_id for trace in traces)
        return real(self, prompts, traces, settings)

    monkeypatch.setattr(Writer, "_responses", responses)
    monkeypatch.setattr("rdpt_core.scoring.known_writers.drawing.BATCH_ROWS", 4)
    monkeypatch.setattr("rdpt_core.api.writing.calibrating.BATCH_ROWS", 4)
    return drawn


def test_a_kill_while_responses_are_drawn_costs_one_batch(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        drawn = n_written(patch, 8)
        with pytest.raises(Killed):
            rdpt.calibrate(database, **HOW)
        assert len(drawn) == 8
    with monkeypatch.context() as patch:
        again = n_written(patch)
        rdpt.calibrate(database, **HOW)
    assert not set(drawn) & set(again), "nothing is drawn anew"
    assert len(again) == 2 * 15 - 8
    assert len(ids_of(database)) == 3


@pytest.mark.parametrize("n_commits", [pytest.param(0, marks=pytest.mark.slow), 4])
def test_a_kill_while_responses_are_scored_loses_none(
    database: Path, whole: list[str], monkeypatch: pytest.MonkeyPatch, n_commits: int
) -> None:
    with monkeypatch.context() as patch:
        kill_after(patch, n_commits)
        with pytest.raises(Killed):
            rdpt.calibrate(database, **HOW)
    # It is known from its first moment on, so that no page takes it for the run that is meant.
    last = rdpt.open(database).runs()[-1]
    assert last.info.known_writer is not None
    assert rdpt.open(database).run().info.known_writer is None
    rdpt.calibrate(database, **HOW)
    assert ids_of(database) == whole
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_what_is_cut_is_counted(database: Path) -> None:
    result = rdpt.calibrate(database, **HOW)
    assert [known.role for known in result.known] == ["student", "teacher"]
    stored = [run.info.known_writer for run in rdpt.open(database).runs()[1:]]
    for known, writer in zip(result.known, stored, strict=True):
        # Random weights seldom end a response within eight tokens.
        assert (known.n_traces, known.n_unasked) == (15, 0)
        assert 8 < known.n_cut <= 15
        assert writer is not None and writer.settings["n_cut"] == known.n_cut
    again = rdpt.calibrate(database, **HOW)
    assert again == result


def test_given_text_is_scored_as_it_is(
    database: Path, triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {}
    for role, word in (("student", "One."), ("teacher", "Two.")):
        lines = [{**line, "response": f"{word} {line['response']}"} for line in make_lines(12)]
        files[role] = write_lines(tmp_path / f"{role}.jsonl", lines)
    with files["teacher"].open("a", encoding="utf-8") as stream:
        stream.write("no JSON\n")
    flags = [part for role, file in files.items() for part in (f"--{role}-traces", str(file))]
    assert main(["calibrate", "--db", str(database), "--quiet", *flags]) == 3
    told = capsys.readouterr().err
    assert "written by the student: 12 responses" in told
    assert "rejected lines: 1" in told
    run, *known = rdpt.open(database).runs()
    assert [one.info.known_writer.role for one in known if one.info.known_writer] == ["student", "teacher"]
    assert known[0].sentences().column("text").to_pylist()[0].startswith("One.")
    # The same numbers as a run of its own.
    own = tmp_path / "own.duckdb"
    models = {str(role): triple / role for role in ROLES}
    assert rdpt.score(files["student"], own, quiet=True, **models).run_id == known[0].id
    assert main(["calibrate", "--db", str(database), "--quiet", *flags]) == 3
    assert len(rdpt.open(database).runs()) == 3


def test_text_of_both_writers_at_once_is_refused(database: Path, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "t.jsonl", make_lines(12))
    with pytest.raises(UsageError, match="two models"):
        rdpt.calibrate(database, student_traces=file, teacher_traces=file, quiet=True)


def test_the_runs_own_traces_are_not_its_students(database: Path, traces_file: Path) -> None:
    with pytest.raises(UsageError, match="the run itself"):
        rdpt.calibrate(database, student_traces=traces_file, quiet=True)


def test_another_model_in_the_place_of_one_is_refused(database: Path, tmp_path: Path) -> None:
    other = save_model(tmp_path / "other", seed=77, context_length=512)
    with pytest.raises(ModelError, match="not the model that scored the run"):
        rdpt.calibrate(database, student=other, **HOW)
    assert len(rdpt.open(database).runs()) == 1


def test_models_that_moved_are_named(
    database: Path, triple: Path, tmp_path: Path, whole: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = {str(role): shutil.copytree(triple / role, tmp_path / "moved" / role) for role in ROLES}
    rdpt.calibrate(database, **HOW, **moved)
    assert ids_of(database) == whole


def test_what_cannot_be_calibrated_is_told(database: Path, triple: Path, traces_file: Path, tmp_path: Path) -> None:
    rdpt.calibrate(database, **HOW)
    known = rdpt.open(database).runs()[1]
    with pytest.raises(UsageError, match="written by the student, to calibrate another"):
        rdpt.calibrate(database, run=known.id, **HOW)
    pair = tmp_path / "pair.duckdb"
    rdpt.score(
        traces_file,
        pair,
        roles="student,distilled",
        student=triple / "student",
        distilled=triple / "distilled",
        quiet=True,
    )
    with pytest.raises(UsageError, match="no teacher"):
        rdpt.calibrate(pair, **HOW)
    for wrong in ({"temperature": 0.0}, {"top_p": 1.5}, {"questions": 0}, {"seed": -1}):
        with pytest.raises(UsageError, match="out of range"):
            rdpt.calibrate(database, **{**HOW, **wrong})
