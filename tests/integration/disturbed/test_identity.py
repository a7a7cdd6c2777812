"""A run stays what it was when it was claimed: its database, its traces, its models and what serves them."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rdpt_core.cli import main
from rdpt_core.records import Role
from rdpt_core.scoring.jobs.identity import survey_traces
from rdpt_core.store.run_store import DuckDBRunStore
from tests.integration.conftest import export, make_lines, write_lines


def score(traces: Path, models: list[str], database: Path, *options: str) -> int:
    return main(["score", "--traces", str(traces), *models, "--db", str(database), "--quiet", *options])


def everything(database: Path) -> dict[str, list[Any]]:
    """Every row of every table."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in tables}


def after_commit(monkeypatch: pytest.MonkeyPatch, role: Role, act: Callable[[], None]) -> None:
    """`act` right after the first commit of this role."""
    monkeypatch.setattr("rdpt_core.scoring.jobs.role_job._COMMIT_INTERVAL_S", -1.0)
    commit, acted = DuckDBRunStore.commit, []

    def commit_and_act(self: DuckDBRunStore, run: Any, committed: Role, *rest: Any) -> None:
        commit(self, run, committed, *rest)
        if committed is role and not acted:
            acted.append(True)
            act()

    monkeypatch.setattr(DuckDBRunStore, "commit", commit_and_act)


# ── The database ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("role", "n_other"), [(Role.TEACHER, 8), (Role.TEACHER, 20), (Role.DISTILLED, 8)])
def test_a_database_put_in_place_of_the_one_that_is_written_keeps_every_row(
    model_flags: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    role: Role,
    n_other: int,
) -> None:
    mine = write_lines(tmp_path / "mine.jsonl", make_lines(8))
    other = write_lines(tmp_path / "other.jsonl", make_lines(40)[-n_other:])
    finished, database, moved = (tmp_path / f"{name}.duckdb" for name in ("finished", "x", "moved"))
    assert score(other, model_flags, finished) == 0
    before = everything(finished)

    def swap() -> None:
        database.rename(moved)
        shutil.copy(finished, tmp_path / "new")
        os.replace(tmp_path / "new", database)

    after_commit(monkeypatch, role, swap)
    capsys.readouterr()
    assert score(mine, model_flags, database, "--batch-tokens", "200") == 2
    said = capsys.readouterr().err
    assert "the database was replaced" in said and len(said.splitlines()) == 1
    assert everything(database) == before
    # What was scored is in the file that was moved away, and goes on there.
    assert len(everything(moved)["tokens"]) > 0
    monkeypatch.undo()
    assert score(mine, model_flags, moved) == 0


def test_a_database_that_is_taken_away_is_not_begun_again(
    model_flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    traces, database = write_lines(tmp_path / "t.jsonl", make_lines(8)), tmp_path / "x.duckdb"
    after_commit(monkeypatch, Role.STUDENT, lambda: database.unlink())
    assert score(traces, model_flags, database, "--batch-tokens", "200") == 2
    said = capsys.readouterr().err
    assert "the database was replaced" in said and "no file" in said and len(said.splitlines()) == 1
    assert not database.exists()


def test_an_earlier_copy_of_the_same_run_is_told_to_be_incomplete(
    model_flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A restored backup is the same run with fewer rows: what is missing is scored by the next call."""
    traces, database, backup = write_lines(tmp_path / "t.jsonl", make_lines(8)), tmp_path / "x.duckdb", tmp_path / "b"
    after_commit(monkeypatch, Role.TEACHER, lambda: shutil.copy(database, backup))
    assert score(traces, model_flags, database, "--batch-tokens", "200") == 0
    whole = export(database, "tokens", tmp_path / "whole.jsonl")
    monkeypatch.undo()
    database.unlink()

    after_commit(monkeypatch, Role.STUDENT, lambda: shutil.copy(backup, database))
    capsys.readouterr()
    assert score(traces, model_flags, database, "--batch-tokens", "200") == 2
    said = capsys.readouterr().err
    assert "the same command" in said and len(said.splitlines()) == 1
    monkeypatch.undo()
    assert score(traces, model_flags, database) == 0
    assert export(database, "tokens", tmp_path / "again.jsonl") == whole


def test_resplit_and_local_write_to_the_run_that_they_read(
    model_flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = write_lines(tmp_path / "mine.jsonl", make_lines(6))
    other = write_lines(tmp_path / "other.jsonl", make_lines(40)[-6:])
    source, finished, database = (tmp_path / f"{name}.duckdb" for name in ("source", "finished", "x"))
    assert score(mine, model_flags, source) == score(other, model_flags, finished) == 0
    before = everything(finished)
    for command, method in (
        (["resplit", "--splitter", "line"], "claim_copy"),
        (["resplit", "--splitter", "line"], "commit"),
        (["local", "--quiet"], "local_trace_nos"),
        (["local", "--quiet"], "commit_local"),
    ):
        shutil.copy(source, database)
        original, called = getattr(DuckDBRunStore, method), []

        def swap_first(
            self: DuckDBRunStore, *rest: Any, original: Any = original, called: Any = called, **named: Any
        ) -> Any:
            if not called:
                called.append(True)
                shutil.copy(finished, tmp_path / "new")
                os.replace(tmp_path / "new", database)
            return original(self, *rest, **named)

        monkeypatch.setattr(DuckDBRunStore, method, swap_first)
        capsys.readouterr()
        assert main([command[0], "--db", str(database), *command[1:]]) == 2
        said = capsys.readouterr().err
        assert "the database was replaced" in said and called
        assert everything(database) == before
        monkeypatch.undo()


# ── The traces ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("change", ["grows", "shrinks", "is emptied", "is edited"])
def test_a_file_of_traces_that_changes_while_it_is_read_leaves_no_run(
    model_flags: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: str,
) -> None:
    lines = make_lines(6)
    traces, database = write_lines(tmp_path / "t.jsonl", lines[:4]), tmp_path / "x.duckdb"
    later = {"grows": lines, "shrinks": lines[:2], "is emptied": [], "is edited": [*lines[:3], lines[5]]}
    survey = survey_traces

    def survey_and_change(*arguments: Any) -> Any:
        found = survey(*arguments)
        write_lines(traces, later[change])
        return found

    monkeypatch.setattr("rdpt_core.scoring.pipeline.survey_traces", survey_and_change)
    assert score(traces, model_flags, database) == 2
    said = capsys.readouterr().err
    assert "the file of traces changed while it was read" in said and str(traces) in said
    assert len(said.splitlines()) == 1
    assert everything(database)["runs"] == everything(database)["traces"] == []
    monkeypatch.undo()
    if later[change]:
        assert score(traces, model_flags, database) == 0


def test_a_pipe_is_scored_like_the_file_that_comes_through_it(
    model_flags: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces, database, pipe = write_lines(tmp_path / "t.jsonl", make_lines(4)), tmp_path / "x.duckdb", tmp_path / "pipe"
    traces.open("a").write("not json\n")
    os.mkfifo(pipe)

    def feed() -> Path:
        threading.Thread(target=lambda: pipe.write_bytes(traces.read_bytes()), daemon=True).start()
        return pipe

    assert score(feed(), model_flags, database) == 3
    said = capsys.readouterr().err
    assert said.count("note:") == 1 and f"{pipe} is a pipe" in said
    # The file is the same run, and complete.
    before = everything(database)["tokens"]
    assert score(traces, model_flags, database) == 3
    assert everything(database)["tokens"] == before and len(everything(database)["runs"]) == 1
    assert main(["validate", "--traces", str(feed())]) == 3


def test_a_pipe_into_which_nobody_writes_holds_no_lock_and_can_be_interrupted(
    model_flags: list[str], tmp_path: Path
) -> None:
    pipe, database = tmp_path / "pipe", tmp_path / "x.duckdb"
    os.mkfifo(pipe)

    def interrupt_once_it_waits() -> None:
        while True:
            with suppress(OSError):  # Nobody reads yet.
                writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
                break
            time.sleep(0.02)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)
        os.close(writer)

    threading.Thread(target=interrupt_once_it_waits, daemon=True).start()
    assert score(pipe, model_flags, database) == 130
    assert not database.exists()


# ── The models ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changed", "how"),
    [
        ("model.safetensors", "copied over"),
        ("model.safetensors", "replaced"),
        ("config.json", "edited"),
        ("tokenizer.json", "edited"),
        ("chat_template.jinja", "edited"),
    ],
)
def test_a_model_that_changes_before_it_is_loaded_stops_the_run(
    triple: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changed: str,
    how: str,
) -> None:
    """A training run saves into the student's folder while the teacher is being scored."""
    student, database = tmp_path / "student", tmp_path / "x.duckdb"
    shutil.copytree(triple / "student", student)
    traces = write_lines(tmp_path / "t.jsonl", make_lines(4))
    models = ["--teacher", str(triple / "teacher"), "--student", str(student), "--roles", "teacher,student"]

    def change() -> None:
        if how == "edited":
            (student / changed).write_text((student / changed).read_text() + " ")
            return
        shutil.copy(triple / "distilled" / changed, tmp_path / "new")
        (shutil.copy if how == "copied over" else os.replace)(tmp_path / "new", student / changed)

    after_commit(monkeypatch, Role.TEACHER, change)
    assert score(traces, models, database) == 2
    said = capsys.readouterr().err
    assert f"student, {changed}" in said and len(said.splitlines()) == 1
    assert {row[2] for row in everything(database)["tokens"]} == {"teacher"}
    monkeypatch.undo()
    assert score(traces, models, database) == 0
    assert len(everything(database)["runs"]) == 2


def test_weights_that_are_overwritten_while_they_are_used_stop_the_run(
    triple: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On CPU weights stay in their file: whoever writes into it changes the model that is at work."""
    student, whole, broken = tmp_path / "student", tmp_path / "whole.duckdb", tmp_path / "broken.duckdb"
    shutil.copytree(triple / "student", student)
    traces = write_lines(tmp_path / "t.jsonl", make_lines(12))
    models = ["--teacher", str(triple / "teacher"), "--student", str(student), "--roles", "teacher,student"]
    assert score(traces, models, whole, "--batch-tokens", "200") == 0
    after_commit(monkeypatch, Role.STUDENT, lambda: shutil.copy(triple / "distilled" / "model.safetensors", student))
    capsys.readouterr()
    assert score(traces, models, broken, "--batch-tokens", "200") == 2
    assert "student, model.safetensors" in capsys.readouterr().err
    stored, right = everything(broken)["tokens"], everything(whole)["tokens"]
    assert {row[2] for row in stored} == {"teacher", "student"}
    assert set(map(str, stored)) < set(map(str, right))
