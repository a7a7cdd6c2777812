"""`info`: what is known of every run, finished or not, and one line where the database is damaged."""

from __future__ import annotations

import io
import itertools
import json
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from rdpt_core.cli import main
from rdpt_core.store import soundness
from rdpt_core.store.beside.patterns import Pattern, save_pattern
from rdpt_core.store.beside.sidecar import sidecar_path
from tests.support import companions, synthetic

TRACE = synthetic.Sketch("t", "q", [("One. ", "Teacher"), ("Two.", "Shared")])


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_is_not_known_of_a_machine_is_no_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, [TRACE])
    assert main(["info", "--db", str(path), *options]) == 0
    out = capsys.readouterr().out
    if options:
        assert json.loads(out)["runs"][0]["counts"]["sentences"] == 2
    else:
        assert "on cpu (none): unknown packages" in out


def test_the_kernels_of_a_run_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, [TRACE])
    environment = {"device": "cpu", "device_name": "x86_64", "kernels": "amx", "packages": {"torch": "2.13.0"}}
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE runs SET environment = ?", [json.dumps([environment])])
    assert main(["info", "--db", str(path)]) == 0
    assert "  on cpu (x86_64), kernels amx: torch 2.13.0\n" in capsys.readouterr().out


def test_a_recorded_role_says_how_it_was_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, [TRACE])
    stated = {"temperature": {"values": [[0.6, 2]], "n_others": 0, "n_silent": 0}}
    environment = {"recorded": {"teacher": {"n_recordings": 2, "stated": stated, "temperature": 0.6}}}
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE runs SET environment = ?", [json.dumps([environment])])
    told = "recorded with temperature 0.6 (as its records say); temperature 0.6 undone"
    assert main(["info", "--db", str(path)]) == 0
    assert f"  teacher   {told}\n" in capsys.readouterr().out
    assert main(["info", "--db", str(path), "--json"]) == 0
    models = json.loads(capsys.readouterr().out)["runs"][0]["models"]
    assert [model["recorded_as"] for model in models] == [told, None, None]


def test_marks_of_format_are_counted_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.duckdb"
    sentences = [("<think>\n", "Shared"), *TRACE.sentences, ("</think>", "unscored")]
    synthetic.build(path, [synthetic.Sketch("t", "q", sentences)])
    assert main(["info", "--db", str(path)]) == 0
    out = capsys.readouterr().out
    assert "2 sentences, 2 marks of format" in out
    assert "unscored sentences: none" in out


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET environment = '7'",
        "UPDATE sentences SET logprob_sum_teacher = 1",
        "UPDATE sentences SET char_start = char_start + 1 WHERE sentence_index = 1",
        "ALTER TABLE sentences DROP n_bytes",
    ],
)
def test_a_damaged_database_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], statement: str) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, [TRACE])
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)
    assert main(["info", "--db", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: the database is damaged") and captured.err.count("\n") == 1
    assert captured.out == ""


def test_the_traces_of_an_unfinished_run_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.duckdb"
    synthetic.build(path, synthetic.sketches(), n_scored=16, finish=False)
    synthetic.build(path, synthetic.sketches(2), run_id="a", name="whole")
    assert main(["info", "--db", str(path)]) == 0
    printed = capsys.readouterr().out
    assert (
        printed.count("the run is not finished")
        == printed.count("  16 of 36 traces; the run is not finished. The same `score` command")
        == 1
    )
    assert main(["info", "--db", str(path), "--json"]) == 0
    half, whole = json.loads(capsys.readouterr().out)["runs"]
    assert (half["state"], half["counts"]["traces"], half["counts"]["traces_scored"]) == ("scoring", 36, 16)
    assert (whole["state"], whole["counts"]["traces"]) == ("complete", whole["counts"]["traces_scored"])


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_stream_without_the_characters_gets_escapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    path, stream = tmp_path / "a.duckdb", io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    synthetic.build(path, [TRACE], name="é 😀")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["info", "--db", str(path), *options]) == 0
    printed = stream.buffer.getvalue().decode("ascii")
    if options:
        assert json.loads(printed)["runs"][0]["name"] == "é 😀"
    else:
        assert r"\xe9 \U0001f600" in printed


def test_no_text_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synthetic.build(tmp_path / "a.duckdb", [TRACE])

    def check_texts(*_: object) -> None:
        raise AssertionError("all responses would be read")

    monkeypatch.setattr(soundness, "check_texts", check_texts)
    assert main(["info", "--db", str(tmp_path / "a.duckdb")]) == 0


def test_weights_of_a_gguf_file_are_said_to_be_dequantised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, [TRACE])
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE run_models SET model = './small-q4.gguf' WHERE role = 'student'")
    assert main(["info", "--db", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    (student,) = (line for line in lines if line.startswith("  student") and "@" in line)
    (teacher,) = (line for line in lines if line.startswith("  teacher") and "@" in line)
    assert ", gguf, dequantised to float32, " in student and "gguf" not in teacher
    assert main(["info", "--db", str(path), "--json"]) == 0
    models = {model["role"]: model for model in json.loads(capsys.readouterr().out)["runs"][0]["models"]}
    # What names the run keeps its word.
    assert (models["student"]["dtype"], models["student"]["precision"]) == ("float32", "gguf, dequantised to float32")
    assert models["teacher"]["precision"] == models["teacher"]["dtype"]


def _told_of(out: str, role: str) -> list[str]:
    """The line of a companion, and those below it."""
    lines = out.splitlines()
    (first,) = (number for number, line in enumerate(lines) if line.startswith(f"  {role} "))
    below = itertools.takewhile(lambda line: line.startswith("    "), lines[first + 1 :])
    return [lines[first], *below]


def test_companions_say_how_far_they_have_come(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.duckdb"
    traces = [TRACE, synthetic.unscored_sketch()]
    run = companions.build(path, traces, ("teacher:code",), models=companions.named_teacher("math"))
    companions.add(path, run, traces, "control:decoy", n_scored=1, finish=False)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "UPDATE run_models SET environment = (SELECT environment FROM runs) WHERE contains(role, ':')"
        )
    assert main(["info", "--db", str(path)]) == 0
    out = capsys.readouterr().out
    assert "  teacher   math: data/teacher @ " in out
    revision = companions.model("teacher:code").revision
    # All that it has in common with the run is said once, of the run.
    assert _told_of(out, "teacher:code") == [
        f"  teacher:code  data/companions/code @ {revision}, float32, 2 of 2 traces"
    ]
    (decoy_line,) = _told_of(out, "control:decoy")
    assert decoy_line.endswith(", float32, 1 of 2 traces, not finished")
    assert main(["info", "--db", str(path), "--json"]) == 0
    code, decoy = json.loads(capsys.readouterr().out)["runs"][0]["companions"]
    assert (code["role"], code["kind"], code["state"], code["unscored"]) == (
        "teacher:code",
        "teacher",
        "complete",
        {"context_length": 1},
    )
    assert (decoy["state"], decoy["finished_at"], decoy["progress"]["n_traces"]) == ("scoring", None, 1)


def test_a_companion_says_where_it_differs_from_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.duckdb"
    companions.build(path, [TRACE, synthetic.unscored_sketch()], ("teacher:code", "control:decoy"))
    environment = {"device": "cuda", "device_name": "GPU", "packages": {"torch": "2.13.0"}, "notes": ["as found"]}
    with duckdb.connect(str(path)) as connection:
        connection.execute('UPDATE runs SET environment = \'[{"packages": {"torch": "2.12.0"}}]\'')
        connection.execute(
            "UPDATE run_models SET environment = ?, backend = 'served', template = 'distilled' "
            "WHERE role = 'teacher:code'",
            [json.dumps([environment, environment])],
        )
        connection.execute("UPDATE tokens SET n_straddling = 3 WHERE role = 'teacher:code' AND trace_no = 0")
        connection.execute(
            "UPDATE sentences SET p_teacher_code = NULL, unscored_reason_teacher_code = 'no_tokens' WHERE trace_no = 0"
        )
    assert main(["info", "--db", str(path)]) == 0
    out = capsys.readouterr().out
    assert _told_of(out, "teacher:code")[1:] == [
        "    template distilled, served",
        "    3 straddling tokens",
        "    unscored sentences: 2 no_tokens, 1 context_length",
        "    note: as found",
        "    on cuda (GPU): torch 2.13.0",
    ]
    assert out.count("on cuda (GPU)") == 1 and out.count("unscored sentences") == 2
    assert len(_told_of(out, "control:decoy")) == 2 and "torch" not in _told_of(out, "control:decoy")[0]


def test_tags_of_the_traces_and_saved_patterns_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.duckdb"
    entries = [{"text": "One.", "tags": ["setup", "x\x1b[2J"]}, {"text": "Two.", "tags": "setup"}, "no entry"]
    others = [{"text": "Two.", "tags": ["setup"]}]
    tagged = [replace(TRACE, trace_id=f"t{i}", meta={"sentence_tags": own}) for i, own in enumerate([entries, others])]
    synthetic.build(path, [TRACE, *tagged])
    assert main(["info", "--db", str(path)]) == 0
    assert "saved patterns" not in capsys.readouterr().out
    save_pattern(path, Pattern("second thoughts", "text", "wait", match_case=True))
    assert main(["info", "--db", str(path)]) == 0
    out = capsys.readouterr().out
    assert "  tags that came with the traces, of how many: setup (2), x\\x1b[2J (1)\n" in out
    assert "\nsaved patterns: second thoughts (text wait)\n" in out
    assert main(["info", "--db", str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["runs"][0]["imported_tags"] == {"setup": 2, "x\x1b[2J": 1}
    (kept,) = document["patterns"]
    assert kept == {"name": "second thoughts", "how": "text", "value": "wait", "family": "", "match_case": True}


def test_notes_that_cannot_be_read_do_not_hide_the_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, [TRACE])
    sidecar_path(path).write_bytes(b"no database " * 100)
    assert main(["info", "--db", str(path)]) == 0
    out = capsys.readouterr().out
    assert "2 sentences" in out and "saved patterns: the file of notes beside the database cannot be read" in out
    assert main(["info", "--db", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["patterns"] is None
