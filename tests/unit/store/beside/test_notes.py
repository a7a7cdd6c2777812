"""Notes: kept as written, changed by one person at a time, refused when they say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.errors import SidecarError, UsageError
from rdpt_core.store.beside.notes import Anchor, add_note, change_note, delete_note, notes, tags_of

TRACE = Anchor("run", "trace", "hash")
SENTENCE = Anchor("run", "trace", "hash", 3, 10, 20, "The sentence. ")
HOSTILE = "<script>alert(1)</script>\u202e\x00\ud800 **bold** $x$"


def test_notes_are_kept_as_they_were_written(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    add_note(database, TRACE, "On the whole.\n\n  two lines ", ("to do", "für später"))
    add_note(database, SENTENCE, HOSTILE, ())
    add_note(database, Anchor("run", "other", "hash"), "", ("only a tag",))
    found = notes(database)
    assert [note.anchor.trace_id for note in found] == ["trace", "trace", "other"]
    assert (found[0].text, found[0].tags) == ("On the whole.\n\n  two lines ", ("to do", "für später"))
    assert found[1].anchor == SENTENCE
    # Half of a surrogate pair is no text; everything else stays.
    assert found[1].text == HOSTILE.replace("\ud800", "?")
    assert notes(database, "other") == (found[2],)


def test_a_note_is_changed_and_deleted(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    add_note(database, TRACE, "first", ())
    (note,) = notes(database)
    change_note(database, note, "second", ("t",))
    (changed,) = notes(database)
    assert (changed.text, changed.tags, changed.created_at) == ("second", ("t",), note.created_at)
    assert changed.updated_at > note.updated_at
    delete_note(database, changed)
    assert notes(database) == ()


def test_what_somebody_else_changed_is_not_overwritten(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    add_note(database, TRACE, "first", ())
    (note,) = notes(database)
    change_note(database, note, "theirs", ())
    with pytest.raises(SidecarError, match="somebody else"):
        change_note(database, note, "mine", ())
    with pytest.raises(SidecarError, match="somebody else"):
        delete_note(database, note)
    assert notes(database)[0].text == "theirs"


@pytest.mark.parametrize(("text", "tags"), [(" \n", ()), ("x" * 20_001, ()), ("x", ("t" * 61,)), ("x", ("t",) * 21)])
def test_notes_that_say_nothing_or_too_much(tmp_path: Path, text: str, tags: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        add_note(tmp_path / "a.duckdb", TRACE, text, tags)
    assert list(tmp_path.iterdir()) == []


def test_tags_as_people_write_them() -> None:
    assert tags_of(" #to do,, wrong  turn ,to do, é,e\u0301") == ("to do", "wrong turn", "é")
    assert tags_of("") == ()
