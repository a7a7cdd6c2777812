"""Notes find their sentence again, are never shown on a text that they are not about, and are never lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.analysis.trace.notes import NotePlace, Placed, locate, matching
from rdpt_core.store.beside.notes import Anchor, add_note, notes
from rdpt_core.store.reader import open_reader
from tests.support import synthetic

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
        return locate(reader, notes(path))


def test_a_note_stands_on_its_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    build(path, aaaa=FIRST, bbbb=RESPLIT)
    add_note(path, TWO, "here", ())
    add_note(path, Anchor("aaaa", "t", HASH), "all of it", ())
    noted, whole = placed(path)
    assert (noted.state, noted.run.run_id if noted.run else None, noted.sentence_index) == (
        NotePlace.CURRENT,
        "aaaa",
        1,
    )
    assert (whole.state, whole.sentence_index) == (NotePlace.CURRENT, None)


def test_in_another_run_of_the_same_text_it_follows_the_characters(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    build(path, bbbb=RESPLIT)
    add_note(path, TWO, "here", ())
    (noted,) = placed(path)
    assert (noted.state, noted.run.run_id if noted.run else None, noted.sentence_index) == (
        NotePlace.CURRENT,
        "bbbb",
        0,
    )


def test_a_changed_text_is_said_and_no_sentence_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    build(path, cccc=CHANGED)
    add_note(path, TWO, "here", ())
    (noted,) = placed(path)
    assert (noted.state, noted.sentence_index) == (NotePlace.OLDER_TEXT, None)
    assert noted.note.anchor.quote == "Two. "


def test_a_vanished_trace_keeps_its_notes(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    build(path, aaaa=replace(FIRST, trace_id="other"))
    add_note(path, TWO, "here", ())
    (noted,) = placed(path)
    assert (noted.state, noted.run) == (NotePlace.ELSEWHERE, None)


def test_matching(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    build(path, aaaa=FIRST)
    add_note(path, TWO, "Wrong TURN", ("to do",))
    add_note(path, Anchor("aaaa", "t", HASH), "fine", ())
    placed_notes = placed(path)
    assert matching(placed_notes, "", None) == placed_notes
    for text in ("wrong turn", "TO DO", "two."):
        assert matching(placed_notes, text, None) == placed_notes[:1]
    assert matching(placed_notes, "", "to do") == placed_notes[:1]
    assert matching(placed_notes, "fine", "to do") == ()
