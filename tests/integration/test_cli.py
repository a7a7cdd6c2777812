"""Every kind of wrong input has its exit status and one line that says what, where, what was expected, what to do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rdpt_core.cli import main

from .conftest import make_lines, write_lines

PROJECT = Path(__file__).resolve().parents[2]


def fails(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 2) -> str:
    """Run a command that must fail; returns what it says."""
    assert main([str(argument) for argument in arguments]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_wrong_arguments(capsys: pytest.CaptureFixture[str], tmp_path: Path, traces_file: Path) -> None:
    assert "--help" in fails(capsys)
    assert "invalid choice" in fails(capsys, "scroe")
    assert "--db" in fails(capsys, "score", "--traces", traces_file)
    base = ["score", "--traces", traces_file, "--db", tmp_path / "x.duckdb"]
    assert "no --teacher, no --student" in fails(capsys, *base)
    assert "no --distilled" in fails(capsys, *base, "--teacher", "a/b", "--student", "a/b")
    assert "models are given twice" in fails(capsys, *base, "--triple", "x.toml", "--teacher", "a/b")
    assert "cannot be compared" in fails(capsys, *base, "--roles", "teacher")
    assert "whole number" in fails(capsys, *base, "--batch-tokens", "0")
    assert "--dtype" in fails(capsys, *base, "--dtype", "int4")
    assert not (tmp_path / "x.duckdb").exists()


def test_wrong_models(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, traces_file: Path, triple: Path, model_flags: list[str]
) -> None:
    base = ["score", "--traces", traces_file, "--db", tmp_path / "x.duckdb"]
    nowhere = [str(tmp_path / "nowhere") if part == str(triple / "student") else part for part in model_flags]
    said = fails(capsys, *base, *nowhere)
    assert "no model folder at this path" in said and str(tmp_path / "nowhere") in said
    assert "there is no CUDA device" in fails(capsys, *base, *model_flags, "--device", "cuda")
    pair = ["--roles", "teacher,student", "--teacher", triple / "teacher", "--student", triple / "student"]
    assert "no distilled model" in fails(capsys, *base, *pair, "--template", "distilled")
    assert "needs the prompt" in fails(capsys, *base, *model_flags, "--template", "raw")
    assert not (tmp_path / "x.duckdb").exists()


def test_wrong_traces(capsys: pytest.CaptureFixture[str], tmp_path: Path, model_flags: list[str]) -> None:
    base = [*model_flags, "--db", tmp_path / "x.duckdb"]
    assert "nowhere.jsonl" in fails(capsys, "score", "--traces", tmp_path / "nowhere.jsonl", *base)
    assert fails(capsys, "score", "--traces", tmp_path, *base)
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert fails(capsys, "score", "--traces", empty, *base)
    array = tmp_path / "array.json"
    array.write_text("[1, 2]")
    assert fails(capsys, "validate", "--traces", array)


def test_bad_lines_are_kept_and_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, model_flags: list[str]
) -> None:
    lines = make_lines(4)
    traces = write_lines(tmp_path / "t.jsonl", lines)
    bad = '{"question": "no response"}\nnot json\n' + json.dumps(lines[0]) + "\n"
    traces.write_text(traces.read_text() + bad)
    database = tmp_path / "run.duckdb"
    assert main(["score", "--traces", str(traces), *model_flags, "--db", str(database), "--quiet"]) == 3
    assert "4 traces" in capsys.readouterr().err
    rejects = [json.loads(line) for line in (tmp_path / "run.rejects.jsonl").read_text().splitlines()]
    assert [reject["line"] for reject in rejects] == [5, 6, 7]
    assert rejects[1]["text"] == "not json"
    # A duplicate names both lines.
    assert "t.jsonl:1" in rejects[2]["reason"]
    assert main(["validate", "--traces", str(traces), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)


def test_wrong_databases(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for command in (["info"], ["export", "--what", "sentences", "--out", str(tmp_path / "o.csv")]):
        assert "there is no database yet" in fails(capsys, *command, "--db", tmp_path / "none.duckdb")
        text = tmp_path / "text.duckdb"
        text.write_text("no database " * 1000)
        assert "not a DuckDB database" in fails(capsys, *command, "--db", text)


def test_wrong_exports(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, traces_file: Path, model_flags: list[str]
) -> None:
    database = tmp_path / "run.duckdb"
    assert main(["score", "--traces", str(traces_file), *model_flags, "--db", str(database), "--quiet"]) == 0
    capsys.readouterr()
    base = ["export", "--db", database, "--what", "sentences"]
    assert ".parquet or .csv or .jsonl" in fails(capsys, *base, "--out", tmp_path / "o.xlsx")
    assert "no run fits" in fails(capsys, *base, "--out", tmp_path / "o.csv", "--run", "zzz")
    assert "at least 0" in fails(capsys, *base, "--out", tmp_path / "o.csv", "--alpha", "-1")
    assert "ratio space only" in fails(capsys, *base, "--out", tmp_path / "o.csv", "--unit", "byte")
    assert "cannot be written" in fails(capsys, *base, "--out", tmp_path / "no" / "folder" / "o.csv")
    assert list(tmp_path.glob("*.part")) == []


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for command in ("score", "validate", "info", "export", "demo"):
        assert command in text


def test_interrupting_keeps_progress_and_says_so(tmp_path: Path, model_flags: list[str]) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(3000))
    process = subprocess.Popen(
        [sys.executable, "-m", "rdpt_core", "score", "--traces", str(traces), *model_flags, "--batch-tokens", "64"]
        + ["--db", str(tmp_path / "run.duckdb")],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    deadline_s = time.monotonic() + 120
    while not (tmp_path / "run.duckdb").exists() and time.monotonic() < deadline_s:
        time.sleep(0.1)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what was committed is kept" in errors
    assert "Traceback" not in errors
