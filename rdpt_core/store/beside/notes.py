"""Notes and tags on traces and sentences, in the file beside the database."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rdpt_core.errors import SidecarError, UsageError
from rdpt_core.store.beside.sidecar import checked_rows, open_sidecar, sidecar_path

MOST_CHARACTERS = 20_000
"""Length of one note."""

MOST_TAGS, MOST_TAG_CHARACTERS = 20, 60


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a note is on: a sentence, or the whole trace if the last four say nothing.

    Attributes:
        run_id: the run that was looked at.
        trace_hash: `text_hash` of the response that was looked at.
        char_start, char_end: of the sentence, half-open, in code points of the response.
        quote: the sentence as it was.
    """

    run_id: str
    trace_id: str
    trace_hash: str
    sentence_index: int | None = None
    char_start: int | None = None
    char_end: int | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """One note. Times are UTC, ISO 8601."""

    id: int
    created_at: str
    updated_at: str
    anchor: Anchor
    text: str
    tags: tuple[str, ...]


def tags_of(text: str) -> tuple[str, ...]:
    """Tags as somebody writes them: parted by commas, `#` in front or not, none twice."""
    parts = (" ".join(unicodedata.normalize("NFC", part).split()).lstrip("#") for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def notes(database: Path, trace_id: str | None = None) -> tuple[Note, ...]:
    """All notes, or those on a trace and its sentences, the oldest first.

    Raises:
        SidecarError: see `open_sidecar`.
    """
    where, parameters = ("", []) if trace_id is None else (" WHERE trace_id = ?", [trace_id])
    with open_sidecar(database) as connection:
        columns = ", ".join(("id", "created_at", "updated_at", *_ANCHOR, "text", "tags"))
        rows = connection.execute(f"SELECT {columns} FROM notes{where} ORDER BY id", parameters).fetchall()
    kinds = {**dict.fromkeys(rows[0].keys() if rows else (), str), **_NUMBERS}
    return tuple(_note(row) for row in checked_rows(database, rows, kinds))


_ANCHOR = ("run_id", "trace_id", "trace_hash", "sentence_index", "char_start", "char_end", "quote")
_NUMBERS = {"id": int, **dict.fromkeys(("sentence_index", "char_start", "char_end"), int | None)}


def _note(row: Mapping[str, Any]) -> Note:
    anchor = Anchor(*(row[name] for name in _ANCHOR))
    return Note(row["id"], row["created_at"], row["updated_at"], anchor, row["text"], _tags(row["tags"]))


def _tags(text: str) -> tuple[str, ...]:
    try:
        tags = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    return tuple(str(tag) for tag in tags) if isinstance(tags, list) else ()


def add_note(database: Path, anchor: Anchor, text: str, tags: Sequence[str]) -> int:
    """Write a note; returns its id.

    Raises:
        UsageError: it says nothing, or too much.
        SidecarError: see `open_sidecar`.
    """
    _check(text, tags)
    now = _now()
    with open_sidecar(database, write=True) as connection:
        cursor = connection.execute(
            "INSERT INTO notes (created_at, updated_at, run_id, trace_id, trace_hash, sentence_index, char_start, "
            "char_end, quote, text, tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(now, now, anchor.run_id, anchor.trace_id, anchor.trace_hash, anchor.sentence_index),
                *(anchor.char_start, anchor.char_end, _storable(anchor.quote), _storable(text), _json(tags)),
            ],
        )
        return int(cursor.lastrowid or 0)


def change_note(database: Path, note: Note, text: str, tags: Sequence[str]) -> None:
    """Replace text and tags of a note.

    Raises:
        UsageError: it says nothing, or too much.
        SidecarError: somebody else changed or deleted the note since `note` was read, or see `open_sidecar`.
    """
    _check(text, tags)
    with open_sidecar(database, write=True) as connection:
        cursor = connection.execute(
            "UPDATE notes SET text = ?, tags = ?, updated_at = ? WHERE id = ? AND updated_at = ?",
            [_storable(text), _json(tags), _now(), note.id, note.updated_at],
        )
        _check_done(database, cursor.rowcount)


def delete_note(database: Path, note: Note) -> None:
    """Remove a note.

    Raises:
        SidecarError: somebody else changed or deleted it since `note` was read, or see `open_sidecar`.
    """
    with open_sidecar(database, write=True) as connection:
        cursor = connection.execute("DELETE FROM notes WHERE id = ? AND updated_at = ?", [note.id, note.updated_at])
        _check_done(database, cursor.rowcount)


def _check(text: str, tags: Sequence[str]) -> None:
    if not text.strip() and not tags:
        raise UsageError("the note is empty", expected="a text or a tag")
    if len(text) > MOST_CHARACTERS:
        raise UsageError(
            "the note is too long", expected=f"at most {MOST_CHARACTERS:,} characters", got=f"{len(text):,}"
        )
    if len(tags) > MOST_TAGS or any(len(tag) > MOST_TAG_CHARACTERS for tag in tags):
        raise UsageError(
            "there are too many tags, or one is too long",
            expected=f"at most {MOST_TAGS} tags of at most {MOST_TAG_CHARACTERS} characters",
        )


def _check_done(database: Path, n_rows: int) -> None:
    if n_rows != 1:
        raise SidecarError(
            "the note was changed or deleted by somebody else in the meantime",
            where=str(sidecar_path(database)),
            hint="It is shown again: make your change once more.",
        )


def _json(tags: Iterable[str]) -> str:
    return _storable(json.dumps(list(tags), ensure_ascii=False))


def _storable(text: str) -> str:
    # Half of a surrogate pair is no text that SQLite could store.
    return text.encode("utf-8", "replace").decode("utf-8")


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
