"""What `rdpt overlap` has stored of a run: its training texts, and how far each sentence stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.analysis.evidence.overlap.classes import UNKNOWN, class_codes, class_name
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.gaps.gap_arrays import read_in_order
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Codes
from rdpt_core.records import Span
from rdpt_core.store.reader import Reader, Run
from rdpt_core.store.soundness import check_count, damaged, parsed

LISTS = ("n_verbatim", "n_template", "span_start", "span_end", "span_in", "nearest")


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The training texts that the sentences of a run were looked up in.

    Attributes:
        names: the files, without their folders.
        n_records: records that were read; `n_rejects` more could not be.
        n_sentences: sentences of them with words; `n_distinct` of these differ.
        settings: all of it as it is stored, with the hashes of the files and the version of the comparison.
    """

    names: tuple[str, ...]
    n_records: int
    n_rejects: int
    n_sentences: int
    n_distinct: int
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TrainingSentence:
    """A sentence of the training texts.

    Attributes:
        record_no: the first record that holds it, from 0; `sentence_index` is its place there, from 0.
        record_id: what that record is called, if anything.
        n_times: how often it stands in all records.
        text: as the record has it, with white space folded.
    """

    record_no: int
    record_id: str | None
    sentence_index: int
    n_times: int
    text: str


@dataclass(frozen=True, slots=True)
class SentenceOverlap:
    """How far one sentence of a run stands in the training texts.

    Attributes:
        training_class: `copied`, `template` or `new`.
        n_verbatim: how often they hold it word for word; n_template: how often with any numbers, names and formulas,
            the verbatim ones among them.
        span: characters of the response: the longest stretch of the sentence that the training texts hold; None if
            there is none of three words, nor the whole sentence.
        span_in: the sentence in which that stretch begins; it may go on in the next one of the record.
        nearest: the sentence itself, else one in its template, else the likest that was found; None if nothing was.
    """

    training_class: str
    n_verbatim: int
    n_template: int
    span: Span | None
    span_in: TrainingSentence | None
    nearest: TrainingSentence | None


def load_training_set(reader: Reader, run: Run) -> TrainingSet | None:
    """The training texts of a run; None if its sentences were not looked up in any.

    Raises:
        StoreError: what is stored of them is no JSON object.
    """
    rows = reader.query("SELECT settings FROM training_sets WHERE run_no = ?", [run.run_no]).to_pylist()
    if not rows:
        return None
    settings = parsed(rows[0]["settings"], dict, f"training texts of run {run.run_id}")
    return TrainingSet(
        names=tuple(str(file["name"]) for file in settings["files"]),
        n_records=int(settings["n_records"]),
        n_rejects=int(settings["n_rejects"]),
        n_sentences=int(settings["n_sentences"]),
        n_distinct=int(settings["n_distinct"]),
        settings=settings,
    )


def load_codes(reader: Reader, run: Run, marks: bool) -> Codes:
    """(n_sentences,), the class of every sentence as a code, in the places of `Gaps`; see `class_codes`.

    Memory: 1 byte a sentence, and 40 bytes more while reading.

    Raises:
        StoreError: there are more or fewer entries than sentences.
    """
    rule = LabelRule.make(marks=marks)
    # Not under its own name, by which unordered sentences are sorted.
    index = {"place": "sentence_index"}
    source = sentences_sql(run.run_no, rule)
    sentences = read_in_order(reader, run, rule, index, source, {"place": np.int32})
    stored = reader.query(
        "SELECT trace_no, n_verbatim, n_template FROM overlap WHERE run_no = ? ORDER BY trace_no", [run.run_no]
    )
    codes = class_codes(*(_flat(stored.column(name)) for name in ("n_verbatim", "n_template")))
    lengths = pc.list_value_length(stored.column("n_verbatim")).to_numpy(zero_copy_only=False)
    begins = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    known = stored.column("trace_no").to_numpy()
    n = np.diff(sentences.start)
    row = np.searchsorted(known, sentences.trace_no)
    is_known = np.isin(sentences.trace_no, known)
    first = np.where(is_known, begins[np.minimum(row, len(begins) - 1)], 0)
    place = np.repeat(first, n) + sentences.columns["place"]
    found = np.repeat(is_known, n)
    result = np.full(len(place), UNKNOWN, np.uint8)
    result[found] = codes[place[found]]
    return result


def _flat(lists: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The entries of all lists one after another, NaN for NULL."""
    values = pc.list_flatten(lists).combine_chunks()
    flat: np.ndarray[tuple[int], np.dtype[np.float64]] = pc.fill_null(
        pc.cast(values, pa.float64()), float("nan")
    ).to_numpy(zero_copy_only=False)
    return flat


def load_trace(reader: Reader, run: Run, trace_no: int) -> tuple[SentenceOverlap | None, ...]:
    """One entry a sentence of the trace, marks too; None where nothing is known. Empty if the trace was not looked up.

    Raises:
        StoreError: there are more or fewer entries than sentences, or a sentence that they refer to is missing.
    """
    rows = reader.query(
        f"SELECT {', '.join(LISTS)}, n_sentences FROM overlap JOIN traces USING (run_no, trace_no) "
        "WHERE run_no = ? AND trace_no = ?",
        [run.run_no, trace_no],
    ).to_pylist()
    if not rows:
        return ()
    row = rows[0]
    for name in LISTS:
        check_count(f"{name} of trace {trace_no}", row["n_sentences"], len(row[name]))
    _check_spans(reader, run, trace_no, row)
    wanted = sorted({number for name in ("span_in", "nearest") for number in row[name] if number is not None})
    texts = _training_sentences(reader, run, wanted)
    check_count(f"training sentences of trace {trace_no}", len(wanted), len(texts))
    of_sentences = zip(*(row[name] for name in LISTS), strict=True)
    return tuple(_one(dict(zip(LISTS, values, strict=True)), texts) for values in of_sentences)


def _check_spans(reader: Reader, run: Run, trace_no: int, row: Mapping[str, Any]) -> None:
    """A stretch that lies outside of its sentence would be shown as another one's."""
    sentences = reader.query(
        "SELECT char_start, char_end FROM sentences WHERE run_no = ? AND trace_no = ? ORDER BY sentence_index",
        [run.run_no, trace_no],
    ).to_pylist()
    for sentence, start, end in zip(sentences, row["span_start"], row["span_end"], strict=True):
        if start is None and end is None:
            continue
        # As many of both are given, which does not say that they are those of the same sentences.
        is_whole = start is not None and end is not None
        if not is_whole or not sentence["char_start"] <= start < end <= sentence["char_end"]:
            raise damaged(
                f"overlap of trace {trace_no}",
                f"a stretch within {sentence['char_start']} to {sentence['char_end']}, its sentence",
                f"{start} to {end}",
            )


def _one(entry: Mapping[str, int | None], texts: Mapping[int, TrainingSentence]) -> SentenceOverlap | None:
    n_verbatim, n_template, start, end, span_in, nearest = (entry[name] for name in LISTS)
    if n_verbatim is None or n_template is None:
        return None
    name = class_name(int(class_codes(np.array([float(n_verbatim)]), np.array([float(n_template)]))[0]))
    span = None if start is None or end is None else Span(start, end)
    return SentenceOverlap(
        str(name),
        n_verbatim,
        n_template,
        span,
        None if span_in is None else texts[span_in],
        None if nearest is None else texts[nearest],
    )


def _training_sentences(reader: Reader, run: Run, numbers: list[int]) -> dict[int, TrainingSentence]:
    rows = reader.query(
        "SELECT sentence_no, record_no, record_id, sentence_index, n_times, text FROM training_sentences "
        "WHERE run_no = ? AND sentence_no IN (SELECT unnest(?::INTEGER[]))",
        [run.run_no, numbers],
    ).to_pylist()
    return {row.pop("sentence_no"): TrainingSentence(**row) for row in rows}
