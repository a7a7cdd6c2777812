"""`export`: every note, in every form, and none; nothing of a damaged database."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.cli import main
from rdpt_core.store.notes import Anchor, add_note
from tests.support import synthetic

FIRST = synthetic.Sketch("t", "q", [("One. ", "Teacher"), ("Two. ", "Shared"), ("Three.", "Student")])
HASH = text_hash("One. Two. Three.")
TWO = Anchor("aaaa", "t", HASH, 1, 5, 10, "Two. ")


def build(path: Path, **runs: synthetic.Sketch) -> None:
    for run_id, sketch in runs.items():
        synthetic.build(path, [sketch], run_id=run_id, name=run_id)


@pytest.mark.parametrize("ending", ["jsonl", "csv", "md"])
def test_the_command_writes_every_note(tmp_path: Path, ending: str) -> None:
    path, out = tmp_path / "a.duckdb", tmp_path / f"notes.{ending}"
    build(path, aaaa=FIRST)
    add_note(path, TWO, "mind `this`\n```\n# no heading", ("to do", "x,y"))
    add_note(path, Anchor("gone", "gone", "0" * 12), 'a "quoted" note', ())
    assert main(["export", "--db", str(path), "--what", "notes", "--out", str(out)]) == 0
    text = out.read_text()
    if ending == "jsonl":
        first, second = [json.loads(line) for line in text.splitlines()]
    elif ending == "csv":
        first, second = csv.DictReader(text.splitlines(keepends=True))
    else:
        # The text cannot end the block that it stands in.
        assert "````text\nmind `this`\n```\n# no heading\n````" in text
        assert "trace not in this file" in text and "`to do`" in text
        return
    assert first["text"] == "mind `this`\n```\n# no heading"
    assert json.loads(first["tags"]) == ["to do", "x,y"]
    assert (str(first["char_start"]), first["state"]) == ("5", "current")
    assert (second["text"], second["state"]) == ('a "quoted" note', "trace not in this file")


def test_the_command_without_a_note_writes_an_empty_table(tmp_path: Path) -> None:
    path, out = tmp_path / "a.duckdb", tmp_path / "notes.csv"
    build(path, aaaa=FIRST)
    assert main(["export", "--db", str(path), "--what", "notes", "--out", str(out)]) == 0
    assert out.read_text().startswith('"id","created_at"')
    assert main(["export", "--db", str(path), "--what", "notes", "--out", str(tmp_path / "notes.txt")]) == 2


DAMAGED = {
    "identity": ("UPDATE runs SET identity = 'no JSON'", ("sentences", "traces", "tokens", "html", "notes")),
    "p_teacher": ("UPDATE sentences SET p_teacher = 7", ("sentences", "traces", "tokens", "html")),
    "p_student": ("UPDATE sentences SET p_student = 'nan'", ("sentences", "traces", "tokens", "html")),
    "roles": ("UPDATE runs SET roles = ['x']", ("sentences", "traces", "tokens", "html", "notes")),
    "traces": ("UPDATE runs SET n_traces = 2000000000", ("sentences", "traces", "tokens", "html")),
    "expected an end at": (
        "UPDATE sentences SET char_end = 99 WHERE sentence_index = 2",
        ("sentences", "traces", "tokens", "html"),
    ),
    "meta": ("UPDATE traces SET meta = '['", ("html",)),
    "'s tokens of trace 0": ("UPDATE tokens SET logprob = [-1.0]", ("tokens", "html")),
    "ends within": ("UPDATE tokens SET char_end = list_transform(char_end, lambda x: 99)", ("tokens", "html")),
    "those of 0": ("DELETE FROM tokens", ("tokens",)),
}


@pytest.mark.parametrize("said", DAMAGED)
def test_nothing_of_a_damaged_database_is_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    path = tmp_path / "a.duckdb"
    build(path, aaaa=FIRST)
    add_note(path, TWO, "a note", ())
    statement, kinds = DAMAGED[said]
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)
    for what in kinds:
        out = tmp_path / ("out.html" if what == "html" else "out.jsonl")
        trace = ["--trace", "t"] if what == "html" else []
        assert main(["export", "--db", str(path), "--what", what, "--out", str(out), *trace]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith("error: the database is damaged") and said in captured.err
        assert captured.err.count("\n") == 1 and captured.out == ""
        assert not out.exists()
