"""Runs that are not finished: the same command goes on with them, and nothing takes them for finished ones."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest

import rdpt_core as rdpt
from rdpt_core.cli import main
from rdpt_core.scoring import local_context
from rdpt_core.scoring.jobs import windows
from rdpt_core.store.run_store import DuckDBRunStore
from tests.support import synthetic

from .conftest import export, make_lines, write_lines

KINDS = ("sentences", "tokens", "traces")
HALF = 16
SAYS = "16 of 36 traces; the run is not finished"


class Killed(BaseException):
    """What the end of a process is to the code that it ends: nothing after it runs."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A finished run."""
    path = tmp_path / "run.duckdb"
    synthetic.build(path, synthetic.sketches(), name="mine")
    return path


def kill_after(monkeypatch: pytest.MonkeyPatch, n_commits: int, method: str = "commit") -> None:
    """End a command after so many commits of a run's results."""
    real, left = getattr(DuckDBRunStore, method), [n_commits]

    def commit(self: DuckDBRunStore, *arguments: Any) -> Any:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return real(self, *arguments)

    monkeypatch.setattr(DuckDBRunStore, method, commit)


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
    for what in KINDS:
        export(half_made, what, tmp_path / "killed.jsonl", "--run", second.id)
        export(whole, what, tmp_path / "whole.jsonl", "--run", second.id)
        assert (tmp_path / "killed.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    # Complete, it has nothing to do.
    n_committed.clear()
    capsys.readouterr()
    assert main([*command, str(half_made)]) == 3
    assert capsys.readouterr().err.startswith(f"run {second.id}: ")
    assert (n_committed, len(rdpt.open(half_made).runs())) == ([], 2)


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
        assert f"`rdpt resplit --run {finished.id} --splitter line` goes on" in said


def test_without_a_finished_run_the_hint_is_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.duckdb"
    synthetic.build(path, synthetic.sketches(), n_scored=5, finish=False)
    assert main(["resplit", "--db", str(path), "--splitter", "line"]) == 2
    said = capsys.readouterr().err
    assert "5 of 36 traces" in said and "same `score` command" in said
    with pytest.raises(rdpt.UsageError, match="no finished run"):
        rdpt.open(path).run()


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A run that has come to half of its traces, and no other."""
    path = tmp_path / "begun.duckdb"
    synthetic.build(path, synthetic.sketches(), n_scored=HALF, finish=False)
    return path


@pytest.mark.parametrize("what", [*KINDS, "html"])
def test_an_export_of_an_unfinished_run_says_so(
    begun: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    out = tmp_path / ("t.html" if what == "html" else "rows.jsonl")
    trace = ["--trace", synthetic.sketches()[0].trace_id] if what == "html" else []
    assert main(["export", "--db", str(begun), "--what", what, "--out", str(out), *trace]) == 3
    said = capsys.readouterr().err
    assert f"warning: {SAYS}. The same `score` command goes on with it." in said
    assert out.stat().st_size
    if what == "traces":
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        counts = [name for name in rows[0] if name.startswith(("n_", "logprob")) and name != "n_sentences"]
        assert len(rows) == 36
        assert {row["unscored_reason"] for row in rows[:HALF]} == {None}
        assert {row["unscored_reason"] for row in rows[HALF:]} == {"not_yet"}
        assert {row[name] for row in rows[HALF:] for name in counts} == {None}
        assert None not in {row[name] for row in rows[:HALF] for name in counts}


def test_what_was_finished_later_is_exported_without_a_warning(
    begun: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    synthetic.build(begun, [*synthetic.sketches(2), synthetic.Sketch("cut", "cut", [("Cut.", "unscored")])], run_id="a")
    rows = export(begun, "traces", tmp_path / "t.jsonl", "--run", "a")
    assert "warning" not in capsys.readouterr().err
    # A trace that was reached in vain keeps its reason.
    assert [row["unscored_reason"] for row in rows] == [None] * (len(rows) - 1) + ["context_length"]


def test_an_empty_response_is_no_missing_one(
    tmp_path: Path, model_flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    traces = write_lines(tmp_path / "t.jsonl", [*make_lines(1), {"trace_id": "empty", "question": "?", "response": ""}])
    database = tmp_path / "run.duckdb"
    assert main(["score", "--traces", str(traces), *model_flags, "--quiet", "--db", str(database)]) == 0
    empty = export(database, "traces", tmp_path / "o.jsonl")[1]
    assert (empty["n_sentences"], empty["n_unscored"], empty["n_shared"], empty["unscored_reason"]) == (0, 0, 0, None)


def test_info_counts_the_traces_of_an_unfinished_run(begun: Path, capsys: pytest.CaptureFixture[str]) -> None:
    synthetic.build(begun, synthetic.sketches(2), run_id="a", name="whole")
    assert main(["info", "--db", str(begun)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("the run is not finished") == printed.count(f"  {SAYS}. The same `score` command") == 1
    assert main(["info", "--db", str(begun), "--json"]) == 0
    half, whole = json.loads(capsys.readouterr().out)["runs"]
    assert (half["state"], half["counts"]["traces"], half["counts"]["traces_scored"]) == ("scoring", 36, HALF)
    assert (whole["state"], whole["counts"]["traces"]) == ("complete", whole["counts"]["traces_scored"])


def test_tables_of_an_unfinished_run_warn_once(begun: Path) -> None:
    synthetic.build(begun, synthetic.sketches(2), run_id="a")
    half, whole = rdpt.open(begun).runs()
    assert (half.n_traces_scored, whole.n_traces_scored) == (HALF, whole.info.n_traces)
    with pytest.warns(UserWarning, match=SAYS) as caught:
        assert half.sentences().num_rows
        half.shares()
        half.trace(synthetic.sketches()[0].trace_id)
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole.sentences()


def test_nothing_is_selected_from_an_unfinished_run(
    begun: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "train.jsonl"
    assert main(["select", "--db", str(begun), "--strategy", "longest", "--out", str(out)]) == 2
    assert "expected a finished run; got 16 of 36 traces" in capsys.readouterr().err
    assert not out.exists()


def test_a_killed_pass_of_local_scores_goes_on(
    tmp_path: Path, model_flags: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    traces, killed = write_lines(tmp_path / "t.jsonl", make_lines(6)), tmp_path / "killed.duckdb"
    assert main(["score", "--traces", str(traces), *model_flags, "--quiet", "--db", str(killed)]) == 0
    whole = Path(shutil.copy(killed, tmp_path / "whole.duckdb"))
    # A newer run, half made, which is no source.
    synthetic.build(killed, synthetic.sketches(), run_id="f" * 16, n_scored=1, finish=False)
    monkeypatch.setattr(local_context, "_TRACES_PER_COMMIT", 2)
    command = ["local", "--quiet", "--db"]
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_after(patched, 1, "commit_local")
        main([*command, str(killed)])
    assert rdpt.score_local(killed, quiet=True).n_scored == 4
    assert main([*command, str(whole)]) == 0
    for path in (killed, whole):
        out = path.with_suffix(".jsonl")
        assert main(["select", "--db", str(path), "--strategy", "lalp", "--out", str(out)]) == 0
    assert killed.with_suffix(".jsonl").read_bytes() == whole.with_suffix(".jsonl").read_bytes()
