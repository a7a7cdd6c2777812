"""Every kind of wrong input has its exit status and one line that says what, where, what was expected, what to do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rdpt_core.cli import main, make_parser
from rdpt_core.errors import RdptError
from rdpt_core.store.reader import open_reader
from tests.support.starter import Starter

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
    models = ["--teacher", "a/b", "--student", "a/b", "--distilled", "a/b"]
    said = fails(capsys, *base, *models, "--roles", "student,distilled")
    assert "a role that is not scored: --teacher; expected no such flag with --roles student,distilled" in said
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
    assert "expected auto, cpu" in fails(capsys, *base, *model_flags, "--device", "tpu")
    assert "there is no CUDA device" in fails(capsys, *base, *model_flags, "--device", "cuda")
    pair = ["--roles", "teacher,student", "--teacher", triple / "teacher", "--student", triple / "student"]
    assert "no distilled model" in fails(capsys, *base, *pair, "--template", "distilled")
    said = fails(capsys, *base, *model_flags, "--template", "raw")
    assert f"can render no trace: {traces_file}; expected traces with a field `prompt`" in said
    assert not (tmp_path / "x.duckdb").exists()


def test_weights_that_do_not_fit_are_never_filled_with_random_numbers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, traces_file: Path, triple: Path, model_flags: list[str]
) -> None:
    """A library that initialises what is missing would give other numbers at every run."""
    from safetensors.torch import load_file, save_file

    weights = load_file(triple / "student" / "model.safetensors")
    name = next(name for name in weights if "mlp" in name)
    cases = {
        "missing": ({key: value for key, value in weights.items() if key != name}, "missing from the weights"),
        "prefixed": ({f"module.{key}": value for key, value in weights.items()}, "tensors"),
        "reshaped": (
            {**weights, name: weights[name][:-1].contiguous()},
            f"expected shape {list(weights[name].shape)}, by config.json; got shape {list(weights[name][:-1].shape)}",
        ),
    }
    for case, (changed, said) in cases.items():
        folder = tmp_path / case
        shutil.copytree(triple / "student", folder)
        save_file(changed, folder / "model.safetensors", metadata={"format": "pt"})
        flags = [str(folder) if part == str(triple / "student") else part for part in model_flags]
        database = tmp_path / f"{case}.duckdb"
        assert main(["score", "--traces", str(traces_file), *flags, "--quiet", "--db", str(database)]) == 2
        assert said in capsys.readouterr().err
    cut = tmp_path / "cut"
    shutil.copytree(triple / "student", cut)
    content = (cut / "model.safetensors").read_bytes()
    (cut / "model.safetensors").write_bytes(content[: len(content) // 2])
    flags = [str(cut) if part == str(triple / "student") else part for part in model_flags]
    said = fails(capsys, "score", "--traces", traces_file, *flags, "--db", tmp_path / "cut.duckdb")
    assert "not a whole safetensors file" in said
    assert not (tmp_path / "cut.duckdb").exists()


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
    rejects = [json.loads(line) for line in side_file(database, "rejects").read_text().splitlines()]
    assert [reject["line"] for reject in rejects] == [5, 6, 7]
    assert rejects[1]["text"] == "not json"
    # A duplicate names both lines.
    assert "t.jsonl:1" in rejects[2]["reason"]
    assert main(["validate", "--traces", str(traces), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["n_rejected"] == 3


def side_file(database: Path, kind: str) -> Path:
    """The only one of its kind beside the database."""
    (found,) = database.parent.glob(f"{database.name}.*{kind}.jsonl")
    return found


def test_the_rejects_of_a_run_are_its_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, model_flags: list[str]
) -> None:
    """No other run's command takes them away, nor one that comes to nothing; the run's own command writes them anew."""
    database, first, second = tmp_path / "run.duckdb", tmp_path / "a.jsonl", tmp_path / "b.jsonl"

    def score(traces: Path, *more: str) -> int:
        return main(["score", "--traces", str(traces), *model_flags, "--db", str(database), "--quiet", *more])

    write_lines(first, make_lines(2)).open("a").write("not json\n")
    assert score(first) == 3
    mine = side_file(database, "rejects")
    before = mine.read_text()
    assert str(mine) in capsys.readouterr().err
    write_lines(second, make_lines(3)).open("a").write("nor this\nnor that\n")
    assert score(second) == 3
    found = {path.read_text().count("\n"): path for path in tmp_path.glob("*.rejects.jsonl")}
    assert set(found) == {1, 2} and mine.read_text() == before
    assert main(["info", "--db", str(database), "--json"]) == 0
    runs = {run["run_id"]: run["models"] for run in json.loads(capsys.readouterr().out)["runs"]}
    assert {model["prompts_begin_with"] for models in runs.values() for model in models} == {"'<s>' (0)"}
    assert runs.keys() == {path.name.split(".")[2] for path in found.values()}
    # Lines that come to no run are told, and cost no run its own.
    (tmp_path / "c.jsonl").write_text("nothing\n")
    assert score(tmp_path / "c.jsonl") == 2
    assert "nothing" in (tmp_path / "run.duckdb.rejects.jsonl").read_text()
    assert score(first, "--student", str(tmp_path / "nowhere")) == 2
    assert mine.read_text() == before
    write_lines(first, make_lines(2))
    assert score(first) == 0
    assert not mine.exists() and found[2].exists()


def test_named_rejects_are_kept_until_there_are_others(tmp_path: Path, model_flags: list[str]) -> None:
    traces, rejects = write_lines(tmp_path / "t.jsonl", make_lines(2)), tmp_path / "r.jsonl"
    traces.open("a").write("not json\n")
    command = ["score", "--traces", str(traces), "--db", str(tmp_path / "x.duckdb"), "--quiet", "--rejects"]
    assert main([*command, str(rejects), *model_flags]) == 3
    before = rejects.read_text()
    assert main([*command, str(rejects), *model_flags, "--teacher", "./nowhere"]) == 2
    assert rejects.read_text() == before
    assert main([*command, str(traces), *model_flags]) == 2
    assert "not json" in traces.read_text()


def test_wrong_databases(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for command in (["info"], ["export", "--what", "sentences", "--out", str(tmp_path / "o.csv")]):
        assert "there is no database yet" in fails(capsys, *command, "--db", tmp_path / "none.duckdb")
        text = tmp_path / "text.duckdb"
        text.write_text("no database " * 1000)
        assert "not a DuckDB database" in fails(capsys, *command, "--db", text)
        assert "expected a file, got a folder" in fails(capsys, *command, "--db", tmp_path)
        lines = write_lines(tmp_path / "lines.jsonl", make_lines(2))
        assert "not a DuckDB database" in fails(capsys, *command, "--db", lines)


def test_wrong_exports(capsys: pytest.CaptureFixture[str], tmp_path: Path, scored_once: Path) -> None:
    capsys.readouterr()
    base = ["export", "--db", scored_once, "--what", "sentences"]
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
    traces, database = write_lines(tmp_path / "t.jsonl", make_lines(3000)), tmp_path / "run.duckdb"
    with Starter(tmp_path) as starter:
        process = starter.start(
            ["score", "--traces", traces, *model_flags, "--batch-tokens", 64, "--db", database], PYTHONUNBUFFERED="1"
        )
        deadline_s = time.monotonic() + 120
        while not n_scored(database) and process.is_running() and time.monotonic() < deadline_s:
            # Whoever looks too often keeps the run from committing.
            time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    assert "what was committed is kept" in process.output()
    assert "Traceback" not in process.output()
    assert 0 < n_scored(database) < 3 * 3000


def n_scored(database: Path) -> int:
    """Traces that are stored so far, summed over roles; 0 while there is no run to read, or somebody writes."""
    try:
        with open_reader(database, patience_s=0) as reader:
            return sum(role.n_traces for role in reader.progress(reader.run(None)))
    except RdptError:
        return 0


def test_import_from_a_log_to_a_score(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, model_flags: list[str]
) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        'prompt,output,gold\n"What is 2 + 2?","So, 2 + 2 = 4. \\boxed{4}",4\n"3 + 3?","It is \\boxed{7}.",6\n'
    )
    out = tmp_path / "traces.jsonl"
    columns = "question=prompt,response=output,gold=gold"
    assert main(["import", str(log), "--out", str(out), "--map", columns, "--benchmark", "sums", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["n_traces"], report["is_unaltered"]) == (2, True)
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["correct"] for line in lines] == [True, False]
    assert {line["benchmark"] for line in lines} == {"sums"}
    database = tmp_path / "run.duckdb"
    assert main(["score", "--traces", str(out), *model_flags, "--db", str(database), "--quiet"]) == 0


def test_wrong_imports(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "SOURCE… --out" in fails(capsys, "import")
    assert "nowhere.json" in fails(capsys, "import", tmp_path / "nowhere.json", "--out", tmp_path / "o.jsonl")
    odd = tmp_path / "odd.json"
    odd.write_text('{"weather": {"sunny": true}}')
    said = fails(capsys, "import", odd, "--out", tmp_path / "o.jsonl")
    assert "odd.json" in said
    assert fails(capsys, "import", odd, "--out", tmp_path / "o.jsonl", "--format", "nonsense")
    assert not (tmp_path / "o.jsonl").exists()
    assert list(tmp_path.glob("*.part")) == []
    assert "would overwrite an input" in fails(capsys, "import", odd, "--out", odd)


def test_a_trace_id_that_is_no_utf8_is_not_found_rather_than_a_damaged_database() -> None:
    arguments = make_parser().parse_args(
        ["export", "--db", "a.duckdb", "--what", "html", "--out", "a.html", "--trace", "a\udcff"]
    )
    assert arguments.trace == r"a\xff"


def test_a_refused_import_keeps_the_rejects_of_the_one_before(tmp_path: Path) -> None:
    table, out = tmp_path / "t.jsonl", tmp_path / "o.jsonl"
    table.write_text('{"question": "1?", "response": "1."}\n{"question": "2?"}\n')
    assert main(["import", str(table), "--out", str(out), "--map", "question=question,response=response"]) == 3
    rejects = out.with_name("o.jsonl.rejects.jsonl")
    before = rejects.read_text()
    assert main(["import", str(table), "--out", str(out), "--map", "nonsense=question"]) == 2
    assert rejects.read_text() == before


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "rdpt_core", "select", "--strategy", "list"]
    found = subprocess.run(command, cwd=PROJECT, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (found.returncode, found.stderr) == (141, "")


def test_a_selection_says_what_it_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    assert "expected --db FILE" in fails(capsys, "select", "--strategy", "longest")
    assert main(["select", "--strategy", "list"]) == 0
