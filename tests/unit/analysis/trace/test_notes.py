"""Notes find their sentence again, are never shown on a text that they are not about, and are never lost."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from rdpt_core.analysis.trace.fingerprint import file_fingerprint, text_hash
from rdpt_core.analysis.trace.notes import NotePlace, Placed, matching, place
from rdpt_core.cli import main
from rdpt_core.store.notes import Anchor, add_note, notes
from rdpt_core.store.reader import open_reader
from tests import synthetic

FIRST = synthetic.Sketch("t", "q", [("One. ", "Teacher"), ("Two. ", "Shared"), ("Three.", "Student")])
# The same text cut in another way, and another text under the same name.
RESPLIT = replace(FIRST, sentences=[("One. Two. ", "Teacher"), ("Three.", "Student")])
CHANGED = replace(FIRST, sentences=[("Un. ", "Teacher"), ("Deux.", "Shared")])
HASH = text_hash("One. Two. Three.")
TWO = Anchor("aaaa", "t", HASH, 1, 5, 10, "Two. ")


def build(path: Path, **runs: synthetic.Sketch) -> None:
    for run_id, sketch in runs.items():
        synthetic.build(path, [sketch], run_id=run_id, name=run_id)


def placed(path: Path) -> tuple[Placed, ...]:
    with open_reader(path) as reader:
        return place(reader, notes(path))


def test_a_note_stands_on_its_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    build(path, aaaa=FIRST, bbbb=RESPLIT)
    add_note(path, TWO, "here", ())
    add_note(path, Anchor("aaaa", "t", HASH), "all of it", ())
    here, whole = placed(path)
    assert (here.state, here.run.run_id if here.run else None, here.sentence_index) == (NotePlace.CURRENT, "aaaa", 1)
    assert (whole.state, whole.sentence_index) == (NotePlace.CURRENT, None)


def test_in_another_run_of_the_same_text_it_follows_the_characters(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    build(path, bbbb=RESPLIT)
    add_note(path, TWO, "here", ())
    (here,) = placed(path)
    assert (here.state, here.run.run_id if here.run else None, here.sentence_index) == (NotePlace.CURRENT, "bbbb", 0)


def test_a_changed_text_is_said_and_no_sentence_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    build(path, cccc=CHANGED)
    add_note(path, TWO, "here", ())
    (here,) = placed(path)
    assert (here.state, here.sentence_index) == (NotePlace.OLDER_TEXT, None)
    assert here.note.anchor.quote == "Two. "


def test_a_vanished_trace_keeps_its_notes(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    build(path, aaaa=replace(FIRST, trace_id="other"))
    add_note(path, TWO, "here", ())
    (here,) = placed(path)
    assert (here.state, here.run) == (NotePlace.ELSEWHERE, None)


def test_matching(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    build(path, aaaa=FIRST)
    add_note(path, TWO, "Wrong TURN", ("to do",))
    add_note(path, Anchor("aaaa", "t", HASH), "fine", ())
    found = placed(path)
    assert matching(found, "", None) == found
    for text in ("wrong turn", "TO DO", "two."):
        assert matching(found, text, None) == found[:1]
    assert matching(found, "", "to do") == found[:1]
    assert matching(found, "fine", "to do") == ()


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


def test_a_fingerprint_changes_with_the_runs_and_with_nothing_else(tmp_path: Path) -> None:
    one, two = tmp_path / "a.duckdb", tmp_path / "b.duckdb"
    build(one, aaaa=FIRST, bbbb=RESPLIT)
    build(two, bbbb=RESPLIT)
    with open_reader(two) as reader:
        alone = file_fingerprint(reader.runs())
    build(two, aaaa=FIRST)
    with open_reader(one) as reader, open_reader(two) as other:
        assert file_fingerprint(reader.runs()) == file_fingerprint(other.runs())
        assert file_fingerprint(reader.runs()) != alone
