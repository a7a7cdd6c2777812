"""A resplit that was killed goes on by the same command, and nothing takes what it left for a finished run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import rdpt_core as rdpt
from rdpt_core.cli import main
from rdpt_core.scoring.jobs import windows
from rdpt_core.store.run_store import DuckDBRunStore
from tests.integration.conftest import export
from tests.support import companions, synthetic
from tests.support.killed import Killed, kill_after


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A finished run."""
    path = tmp_path / "run.duckdb"
    synthetic.build(path, synthetic.sketches(), name="mine")
    return path


@pytest.fixture
def half_made(database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The finished run, and a newer one by `resplit`, which was killed in its third window."""
    monkeypatch.setattr(windows, "WINDOW_TRACES", 8)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_after(patched, 7)
        main(["resplit", "--db", str(database), "--splitter", "line"])
    return database


def test_a_killed_resplit_goes_on_by_the_same_command(
    half_made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = tmp_path / "whole.duckdb"
    synthetic.build(whole, synthetic.sketches(), name="mine")
    command = ["resplit", "--splitter", "line", "--db"]
    # Some sentences of these traces are unscored, so the status is 3.
    n_committed: list[int] = []
    real = DuckDBRunStore.commit

    def counted(self: DuckDBRunStore, *arguments: Any) -> Any:
        n_committed.append(len(arguments[2]))
        return real(self, *arguments)

    monkeypatch.setattr(DuckDBRunStore, "commit", counted)
    assert main([*command, str(half_made)]) == 3
    first, second = rdpt.open(half_made).runs()
    assert (first.name, second.name, second.is_finished) == ("mine", "mine, by line", True)
    # What the two whole windows before the end have is not made again.
    assert sum(n_committed) == 3 * (first.info.n_traces - 16)
    assert main([*command, str(whole)]) == 3
    for what in ("sentences", "tokens", "traces"):
        export(half_made, what, tmp_path / "killed.jsonl", "--run", second.id)
        export(whole, what, tmp_path / "whole.jsonl", "--run", second.id)
        assert (tmp_path / "killed.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    # Complete, it has nothing to do.
    n_committed.clear()
    capsys.readouterr()
    assert main([*command, str(half_made)]) == 3
    assert capsys.readouterr().err.startswith(f"run {second.id}: ")
    assert (n_committed, len(rdpt.open(half_made).runs())) == ([], 2)


def test_a_resplit_goes_on_only_with_what_the_same_served_model_scored(
    half_made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def store_served(run_no: int, *logprobs: float) -> None:
        served = {"teacher": {"address": "http://h", "dialect": "vllm", "logprobs": logprobs}}
        with duckdb.connect(str(half_made)) as connection:
            connection.execute(
                "UPDATE runs SET environment = ? WHERE run_no = ?", [json.dumps([{"served": served}]), run_no]
            )

    command = ["resplit", "--db", str(half_made), "--splitter", "line"]
    store_served(1, -1.0, -2.0)
    store_served(2, -1.5, -2.0)
    before = half_made.read_bytes()
    assert main(command) == 2
    assert "scored by another served model" in capsys.readouterr().err
    assert half_made.read_bytes() == before
    store_served(2, -1.01, -2.0)
    assert main(command) == 3
    assert rdpt.open(half_made).runs()[1].is_finished
    store_served(2, -1.5, -2.0)
    assert main(command) == 2


def test_a_run_that_nobody_names_is_the_newest_finished_one(
    half_made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished, unfinished = rdpt.open(half_made).runs()
    assert {row["run_id"] for row in export(half_made, "sentences", tmp_path / "s.jsonl")} == {finished.id}
    assert rdpt.open(half_made).run().id == finished.id
    out = tmp_path / "train.jsonl"
    assert main(["select", "--db", str(half_made), "--strategy", "longest", "--out", str(out)]) == 0
    assert json.loads((tmp_path / "train.manifest.json").read_text())["run"]["run_id"] == finished.id
    capsys.readouterr()
    # As a source it is refused, with the command that goes on with it.
    for command in (["resplit", "--splitter", "step"], ["local"]):
        assert main([*command, "--db", str(half_made), "--run", unfinished.id]) == 2
        said = capsys.readouterr().err
        assert "16 of 36 traces" in said and "expected a finished run" in said
        assert f"`rdpt resplit --db FILE --run {finished.id} --splitter line` goes on" in said


def test_without_a_finished_run_the_hint_is_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.duckdb"
    synthetic.build(path, synthetic.sketches(), n_scored=5, finish=False)
    assert main(["resplit", "--db", str(path), "--splitter", "line"]) == 2
    said = capsys.readouterr().err
    assert "5 of 36 traces" in said and "same `score` command" in said
    with pytest.raises(rdpt.UsageError, match="no finished run"):
        rdpt.open(path).run()


def test_companions_come_along(tmp_path: Path) -> None:
    traces = synthetic.sketches(2)
    path = tmp_path / "run.duckdb"
    run = companions.build(path, traces, ("teacher:code",))
    companions.add(path, run, traces, "control:decoy", n_scored=1, finish=False)
    rdpt.resplit(path, "line")
    first, second = rdpt.open(path).runs()
    assert [companion.role for companion in second.info.companions if companion.is_finished] == ["teacher:code"]
    assert second.info.companions[0].model == first.info.companions[0].model
    old, new = first.sentences(), second.sentences()
    assert new.num_rows < old.num_rows

    def total(table: pa.Table, trace: str) -> float:
        return sum(row["logprob_sum_teacher_code"] for row in table.to_pylist() if row["trace_id"] == trace)

    trace = old.column("trace_id")[0].as_py()
    assert total(new, trace) == pytest.approx(total(old, trace), rel=1e-6), "the same tokens in other sentences"
    code = [row for row in second.tokens().to_pylist() if row["role"] == "teacher:code"]
    assert len(code) == len([row for row in first.tokens().to_pylist() if row["role"] == "teacher:code"]) > 0
    # One that was added to the first run later comes by the same command.
    companions.add(path, run, traces, "checkpoint:400")
    rdpt.resplit(path, "line", run=first.id)
    assert [c.role for c in rdpt.open(path).run(second.id).info.companions] == ["teacher:code", "checkpoint:400"]
