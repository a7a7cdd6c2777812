"""Where notes belong in the file as it is now, and notes as rows for other programs."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.store.beside.notes import Note
from rdpt_core.store.reader import Reader, Run


class NotePlace(enum.StrEnum):
    """Whether a note is about a text that the file still holds. It is shown either way."""

    CURRENT = "current"
    OLDER_TEXT = "older text"
    ELSEWHERE = "trace not in this file"


@dataclass(frozen=True, slots=True)
class Placed:
    """A note with the trace that it belongs to now.

    Attributes:
        run: the run that the note was written in if it still holds the text, else the newest that does; None where
            none has the trace.
        trace: the trace there (run_no, trace_no, trace_id, question_id, benchmark, hash); empty where there is none.
        sentence_index: the sentence there that holds the first character the note is about; None for a note on the
            whole trace, and where the text has changed.
    """

    note: Note
    state: NotePlace
    run: Run | None
    trace: Mapping[str, Any]
    sentence_index: int | None


def locate(reader: Reader, notes: Sequence[Note]) -> tuple[Placed, ...]:
    """Find the trace and the sentence of every note."""
    runs = {run.run_no: run for run in reader.runs()}
    rows = reader.query(
        "SELECT run_no, trace_no, trace_id, question_id, benchmark, response FROM traces "
        "WHERE trace_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY run_no DESC",
        [sorted({note.anchor.trace_id for note in notes})],
    ).to_pylist()
    holding: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        row["hash"] = text_hash(row.pop("response"))
        holding.setdefault(row["trace_id"], []).append(row)
    return tuple(_locate(reader, note, holding.get(note.anchor.trace_id, []), runs) for note in notes)


def _locate(reader: Reader, note: Note, rows: list[dict[str, Any]], runs: Mapping[int, Run]) -> Placed:
    anchor = note.anchor
    if not rows:
        return Placed(note, NotePlace.ELSEWHERE, None, {}, None)
    same = [row for row in rows if row["hash"] == anchor.trace_hash]
    row = next((row for row in same or rows if runs[row["run_no"]].run_id == anchor.run_id), (same or rows)[0])
    run = runs[row["run_no"]]
    if not same:
        return Placed(note, NotePlace.OLDER_TEXT, run, row, None)
    index = None
    if anchor.char_start is not None:
        sentences = reader.query(
            "SELECT max(sentence_index) AS sentence_index FROM sentences "
            "WHERE run_no = ? AND trace_no = ? AND char_start <= ?",
            [run.run_no, row["trace_no"], anchor.char_start],
        ).to_pylist()
        index = sentences[0]["sentence_index"]
    return Placed(note, NotePlace.CURRENT, run, row, index)


def matching(placed: Iterable[Placed], text: str, tag: str | None) -> tuple[Placed, ...]:
    """Notes whose text, tags, quote or trace id hold `text`, without regard to case, and that carry `tag`.

    Args:
        tag: None lets all tags through.
    """
    wanted = text.strip().casefold()

    def fits(item: Placed) -> bool:
        note = item.note
        words = (note.text, *note.tags, note.anchor.quote, note.anchor.trace_id)
        return (tag is None or tag in note.tags) and any(wanted in word.casefold() for word in words)

    return tuple(item for item in placed if fits(item))


def rows(placed: Sequence[Placed]) -> pa.Table:
    """One row a note, the oldest first, for CSV, JSON Lines or Parquet; `tags` is a JSON list."""
    records = [
        {
            "id": item.note.id,
            "created_at": item.note.created_at,
            "updated_at": item.note.updated_at,
            "state": str(item.state),
            "run_id": item.note.anchor.run_id,
            "trace_id": item.note.anchor.trace_id,
            "trace_hash": item.note.anchor.trace_hash,
            "question_id": item.trace.get("question_id"),
            "benchmark": item.trace.get("benchmark"),
            "sentence_index": item.note.anchor.sentence_index,
            "char_start": item.note.anchor.char_start,
            "char_end": item.note.anchor.char_end,
            "quote": item.note.anchor.quote,
            "text": item.note.text,
            "tags": json.dumps(item.note.tags, ensure_ascii=False),
        }
        for item in placed
    ]
    return pa.Table.from_pylist(records, schema=_SCHEMA)


_SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        *((name, pa.string()) for name in ("created_at", "updated_at", "state", "run_id", "trace_id", "trace_hash")),
        *((name, pa.string()) for name in ("question_id", "benchmark")),
        *((name, pa.int64()) for name in ("sentence_index", "char_start", "char_end")),
        *((name, pa.string()) for name in ("quote", "text", "tags")),
    ]
)


def markdown(placed: Sequence[Placed]) -> str:
    """All notes as a document, trace by trace. Foreign texts stand in code blocks, where nothing of them is markup."""
    by_trace: dict[str, list[Placed]] = {}
    for item in placed:
        by_trace.setdefault(item.note.anchor.trace_id, []).append(item)
    lines = ["# Notes", ""]
    for trace_id, items in by_trace.items():
        lines += [f"## Trace {_code(trace_id)}", ""]
        for item in items:
            lines += _entry(item)
    return "\n".join(lines)


def _entry(item: Placed) -> Iterator[str]:
    note, anchor = item.note, item.note.anchor
    where = "the whole trace" if anchor.sentence_index is None else f"sentence {anchor.sentence_index + 1}"
    yield f"### Note {note.id}, on {where}"
    yield ""
    details = [f"run {_code(anchor.run_id)}", f"text {_code(anchor.trace_hash)} ({item.state})"]
    details += [f"written {note.created_at[:19]} UTC"]
    details += [f"changed {note.updated_at[:19]} UTC"] if note.updated_at != note.created_at else []
    details += ["tags " + ", ".join(_code(tag) for tag in note.tags)] if note.tags else []
    yield from (f"- {detail}" for detail in details)
    yield ""
    if anchor.quote:
        yield from ("The sentence:", "", *_block(anchor.quote), "")
    if note.text:
        yield from ("The note:", "", *_block(note.text), "")


def _fence(text: str, least: int) -> str:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return "`" * max(least, longest + 1)


def _code(text: str) -> str:
    line = " ".join(text.split())
    fence = _fence(line, 1)
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line}{fence}"


def _block(text: str) -> list[str]:
    fence = _fence(text, 3)
    return [f"{fence}text", text.rstrip("\n"), fence]
