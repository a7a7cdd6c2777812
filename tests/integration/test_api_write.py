"""The functions that write give what the commands give: the same rows, the same bytes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import rdpt_core as rdpt
from rdpt_core.cli import main
from rdpt_core.commands.parts.libraries import prepare_libraries
from rdpt_core.records import ROLES, Role
from rdpt_core.scoring.jobs.timing import StageSeconds

from .conftest import export, make_lines, write_lines


@pytest.fixture
def models(triple: Path) -> dict[str, Path]:
    return {role: triple / role for role in ROLES}


def rows(database: Path, what: str, run: str) -> list[dict[str, object]]:
    return export(database, what, database.with_name(f"{database.stem}-{run}-{what}.jsonl"), "--run", run)


def test_score_stores_what_the_command_stores(
    tmp_path: Path, traces_file: Path, models: dict[str, Any], model_flags: list[str]
) -> None:
    by_command, by_api = tmp_path / "command.duckdb", tmp_path / "api.duckdb"
    traces = ["--traces", str(traces_file)]
    assert main(["score", *traces, *model_flags, "--db", str(by_command), "--quiet", "--ranks"]) == 0
    result = rdpt.score(traces_file, by_api, **models, quiet=True, ranks=True)
    for what in ("sentences", "traces", "tokens"):
        assert rows(by_api, what, result.run_id) == rows(by_command, what, result.run_id)
    n_sentences = len(rows(by_api, "sentences", result.run_id))
    assert result == rdpt.ScoreResult(result.run_id, by_api, 30, n_sentences, 0, 0, None, 0, None)


def test_score_goes_on_and_tells_stages_and_rejects(
    tmp_path: Path, models: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_lines(tmp_path / "first.jsonl", make_lines(4))
    second = tmp_path / "second.jsonl"
    second.write_text('not json\n{"question": "no response"}\n', encoding="utf-8")
    heard: list[tuple[Role, StageSeconds]] = []

    def hear(role: Role, stages: StageSeconds) -> None:
        heard.append((role, stages))

    toml = tmp_path / "triple.toml"
    toml.write_text("".join(f'[{role}]\nmodel = "{folder}"\n' for role, folder in models.items()), encoding="utf-8")
    files, database = [str(first), str(second)], str(tmp_path / "run.duckdb")
    result = rdpt.score(files, database, triple=str(toml), quiet=True, name="mine", on_stages=hear)
    assert (result.n_traces, result.n_rejects, result.unscored_path) == (4, 2, None)
    assert result.rejects_path == tmp_path / f"run.duckdb.{result.run_id}.rejects.jsonl"
    assert len(result.rejects_path.read_text(encoding="utf-8").splitlines()) == 2
    assert [role for role, _ in heard] == list(ROLES)
    assert all(stages.model > 0 for _, stages in heard)
    # Finished: nothing is left to do, and the answer is the same.
    assert rdpt.score(files, database, triple=toml, quiet=True) == result
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_score_leaves_the_environment_alone(
    tmp_path: Path, traces_file: Path, models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("OMP_WAIT_POLICY", "HF_HUB_DISABLE_TELEMETRY", "TRANSFORMERS_VERBOSITY")
    for name in names:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    rdpt.score(traces_file, tmp_path / "run.duckdb", **models, limit=2, quiet=True)
    assert not set(names) & set(os.environ)
    # The command sets them, and only where the user has not.
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    prepare_libraries()
    assert (os.environ["OMP_WAIT_POLICY"], os.environ["TRANSFORMERS_VERBOSITY"]) == ("ACTIVE", "error")


def test_a_scored_run_gives_more_without_its_traces(
    tmp_path: Path, traces_file: Path, models: dict[str, Any], model_flags: list[str]
) -> None:
    database = tmp_path / "run.duckdb"
    scored = rdpt.score(traces_file, database, **models, limit=6, quiet=True)
    by_line = rdpt.resplit(database, "line", name="by line")
    straight = rdpt.score(traces_file, tmp_path / "line.duckdb", **models, limit=6, splitter="line", quiet=True)
    assert (by_line.run_id, by_line.n_sentences) == (straight.run_id, straight.n_sentences)
    assert rows(database, "sentences", by_line.run_id) == rows(straight.db, "sentences", by_line.run_id)
    with pytest.raises(rdpt.UsageError, match="has that splitter already"):
        rdpt.resplit(database, "line", run=by_line.run_id)
    # The same call finds what it made.
    assert rdpt.resplit(database, "line", name="by line") == by_line
    local = rdpt.score_local(database, run=scored.run_id, context=2, quiet=True)
    assert (local.n_context, local.n_traces, local.n_scored) == (2, 6, 6)
    assert rdpt.score_local(database, run=scored.run_id, context=2, quiet=True).n_scored == 0
    selected = rdpt.select(database, "lalp", tmp_path / "train.jsonl", run=scored.run_id)
    assert selected.manifest["local_context"] == 2


def test_select_writes_what_the_command_writes(
    tmp_path: Path, traces_file: Path, models: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "run.duckdb"
    pair = {role: models[role] for role in ROLES[:2]}
    scored = rdpt.score(traces_file, database, **pair, roles="teacher,student", quiet=True)
    by_command, by_api = tmp_path / "command" / "train.jsonl", tmp_path / "api" / "train.jsonl"
    for path in (by_command, by_api):
        path.parent.mkdir()
    flags = ["--equal-tokens", "longest,random", "--seed", "5", "--format", "sharegpt", "--beta", "0.01", "--json"]
    command = ["select", "--db", str(database), "--strategy", "grape", "--out", str(by_command), *flags]
    assert main(command) == 0
    printed = json.loads(capsys.readouterr().out)
    result = rdpt.select(
        database, "grape", by_api, equal_tokens=["longest", "random"], seed=5, format="sharegpt", beta=0.01
    )
    for path in by_command.parent.iterdir():
        assert by_api.with_name(path.name).read_bytes() == path.read_bytes()
    assert result.manifest == printed
    assert (result.run_id, result.n_candidates, result.n_questions) == (scored.run_id, 30, 15)
    assert result.n_picked == len(by_api.read_text(encoding="utf-8").splitlines())
    assert result.manifest_path == by_api.with_name("train.manifest.json")


def test_import_and_validate_give_what_the_commands_give(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.csv"
    log.write_text('prompt,output,gold\n"2 + 2?","\\boxed{4}",4\n"3 + 3?","\\boxed{7}",6\n"4?",,\n', encoding="utf-8")
    by_command, by_api = tmp_path / "command.jsonl", tmp_path / "api.jsonl"
    columns = "question=prompt,response=output,gold=gold"
    flags = ["--map", columns, "--benchmark", "sums", "--no-grade", "--json"]
    status = main(["import", str(log), "--out", str(by_command), *flags])
    printed = json.loads(capsys.readouterr().out)
    mapping = dict(part.split("=") for part in columns.split(","))
    report = rdpt.import_traces(str(log), by_api, map=mapping, benchmark="sums", grade=False)
    assert report.to_dict() == printed
    assert status == (3 if report.n_rejects else 0)
    assert by_api.read_bytes() == by_command.read_bytes()
    assert rdpt.import_traces([log], by_api, map=columns, benchmark="sums", grade=False) == report
    assert main(["validate", "--traces", str(by_api)]) == 0
    assert rdpt.validate(by_api).to_text() == capsys.readouterr().out.rstrip("\n")


def test_errors_are_those_of_the_command(tmp_path: Path, traces_file: Path, models: dict[str, Any]) -> None:
    database = tmp_path / "run.duckdb"
    with pytest.raises(rdpt.ModelError, match="no model folder at this path"):
        rdpt.score(traces_file, database, **{**models, "student": tmp_path / "nowhere"}, quiet=True)
    with pytest.raises(rdpt.InputError, match=r"nowhere\.jsonl"):
        rdpt.score(tmp_path / "nowhere.jsonl", database, **models, quiet=True)
    assert not database.exists()
    with pytest.raises(rdpt.StoreMissingError):
        rdpt.select(database, "longest", tmp_path / "train.jsonl")
    with pytest.raises(rdpt.InputError, match=r"nowhere\.csv"):
        rdpt.import_traces(tmp_path / "nowhere.csv", tmp_path / "out.jsonl")
    with pytest.raises(rdpt.InputError, match="the traces cannot be written"):
        rdpt.import_traces(traces_file, tmp_path / "no" / "folder.jsonl")
    assert issubclass(rdpt.InputError, rdpt.RdptError)
