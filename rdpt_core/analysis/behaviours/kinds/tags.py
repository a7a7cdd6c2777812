"""Tags as kinds: those that notes give to sentences, and those that came with the traces (`meta.sentence_tags`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rdpt_core.analysis.behaviours.families import TAG, KindFamily
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.arrays import Ints
from rdpt_core.records import Span
from rdpt_core.store.beside.notes import Note, notes
from rdpt_core.store.reader import Reader, Run
from rdpt_core.traces.canonical.sentence_tags import SENTENCE_TAGS, TaggedSpan, read_tags, tagged_sentences

_BATCH = 500
"""Traces whose responses are held at a time."""


def tag_members(data: RunData, marks: bool) -> KindFamily:
    """The sentences of every tag. A note on a whole trace tags no sentence, nor does one on a text that has changed.

    Raises:
        SidecarError: the notes cannot be read.
    """
    gaps = data.gaps(LabelRule.make(marks=marks))
    members: dict[str, list[Ints]] = {}
    with data.open_reader() as reader:
        noted = _by_trace(notes(reader.path))
        numbers = _tagged_traces(reader, data.run, noted)
        # A run under way has traces without sentences yet.
        numbers = numbers[np.isin(numbers, gaps.trace_no)]
        for first in range(0, len(numbers), _BATCH):
            for trace_no, spans, sentences, response in _tagged(
                reader, data.run, numbers[first : first + _BATCH], noted, marks
            ):
                start = int(gaps.start[np.searchsorted(gaps.trace_no, trace_no)])
                for tag, places in tagged_sentences(spans, sentences, response).items():
                    members.setdefault(tag, []).append(start + places)
    names = sorted(members)
    joined = [np.concatenate(members[name]) for name in names]
    ends = np.cumsum([0, *(len(places) for places in joined)], dtype=np.int64)
    all_places = np.concatenate([np.empty(0, np.int64), *joined])
    return KindFamily(TAG, tuple(names), ends, all_places.astype(np.int32))


def notes_state(data: RunData) -> tuple[int, str]:
    """How many notes there are, and when the last one was changed: what kept answers about tags must be kept under,
    since notes change without the database."""
    with data.open_reader() as reader:
        found = notes(reader.path)
    return len(found), max((note.updated_at for note in found), default="")


def _by_trace(found: tuple[Note, ...]) -> dict[str, list[Note]]:
    by_trace: dict[str, list[Note]] = {}
    for note in found:
        if note.tags and note.anchor.char_start is not None and note.anchor.char_end is not None:
            by_trace.setdefault(note.anchor.trace_id, []).append(note)
    return by_trace


def _tagged_traces(reader: Reader, run: Run, noted: Mapping[str, list[Note]]) -> Ints:
    """The numbers of the traces that have notes or tags, ascending."""
    table = reader.query(
        "SELECT trace_no FROM traces WHERE run_no = ? AND (trace_id IN (SELECT unnest(?::VARCHAR[])) "
        f"OR contains(meta, '\"{SENTENCE_TAGS}\"')) ORDER BY trace_no",
        [run.run_no, list(noted)],
    )
    numbers: Ints = table.column("trace_no").to_numpy().astype(np.int64)
    return numbers


def _tagged(
    reader: Reader, run: Run, numbers: Ints, noted: Mapping[str, list[Note]], marks: bool
) -> Iterator[tuple[int, list[TaggedSpan], list[Span], str]]:
    chosen = numbers.tolist()
    source = sentences_sql(run.run_no, LabelRule.make(marks=marks), "list_contains($1::INTEGER[], trace_no)")
    sentences: dict[int, list[Span]] = {number: [] for number in chosen}
    for row in reader.query(
        f"SELECT trace_no, char_start, char_end FROM {source} ORDER BY trace_no, sentence_index", [chosen]
    ).to_pylist():
        sentences[row["trace_no"]].append(Span(row["char_start"], row["char_end"]))
    rows = reader.query(
        "SELECT trace_no, trace_id, response, meta FROM traces WHERE run_no = ? "
        "AND list_contains(?::INTEGER[], trace_no) ORDER BY trace_no",
        [run.run_no, chosen],
    ).to_pylist()
    for row in rows:
        spans = [*read_tags(_meta(row["meta"]), row["response"])[0]]
        spans += _spans_of_notes(noted.get(row["trace_id"], []), row["response"])
        yield row["trace_no"], spans, sentences[row["trace_no"]], row["response"]


def _spans_of_notes(found: list[Note], response: str) -> Iterator[TaggedSpan]:
    digits = text_hash(response) if found else ""
    for note in found:
        anchor = note.anchor
        start, end = anchor.char_start, anchor.char_end
        # The file beside the database may have been written by another program.
        if anchor.trace_hash == digits and start is not None and end is not None and 0 <= start < end <= len(response):
            yield TaggedSpan(start, end, note.tags)


def _meta(text: str) -> Mapping[str, Any]:
    try:
        meta = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return meta if isinstance(meta, dict) else {}
