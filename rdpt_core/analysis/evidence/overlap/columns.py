"""How far sentences stand in training texts, beside their other numbers: columns for exports."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.analysis.evidence.overlap.classes import class_codes, class_name
from rdpt_core.analysis.evidence.overlap.stored import load_training_set
from rdpt_core.analysis.sentences import class_sql
from rdpt_core.arrays import Ints, SmallInts
from rdpt_core.store.reader import Reader, Run

_LISTS = {
    "n_verbatim": "n_verbatim",
    "n_template": "n_template",
    "verbatim_start": "span_start",
    "verbatim_end": "span_end",
    "verbatim_in": "span_in",
    "nearest": "nearest",
}


def overlap_columns(reader: Reader, run: Run, trace_no: SmallInts, sentence_index: SmallInts) -> dict[str, pa.Array]:
    """What the training texts hold of each sentence; no column for a run that was not looked up in any.

    `training_class`, `n_verbatim`, `n_template`; `verbatim_start` and `verbatim_end`, characters of the response: the
    longest stretch that they hold; and for the sentence in which that begins (`verbatim_`) and for the nearest one
    (`nearest_`) the `record` (its number from 0), the `sentence` (its place there, from 0) and the `text`. NULL where
    nothing is known.

    Args:
        trace_no, sentence_index: (n,), which sentences.
    """
    if load_training_set(reader, run) is None:
        return {}
    unnested = ", ".join(f"unnest({stored}) AS {name}" for name, stored in _LISTS.items())
    table = reader.query(
        f"SELECT trace_no, {unnested}, unnest(range(len(n_verbatim)))::INTEGER AS place FROM overlap "
        "WHERE run_no = $1 AND trace_no IN (SELECT unnest($2::INTEGER[])) ORDER BY trace_no, place",
        [run.run_no, np.unique(trace_no).tolist()],
    )
    known = _keys(*(table.column(name).to_numpy() for name in ("trace_no", "place")))
    wanted = _keys(trace_no, sentence_index)
    at = np.searchsorted(known, wanted)
    is_there = at < len(known)
    is_there[is_there] = known[at[is_there]] == wanted[is_there]
    rows = table.take(pa.array(np.where(is_there, at, 0), mask=~is_there))
    columns = {"training_class": _classes(rows)}
    for name in ("n_verbatim", "n_template", "verbatim_start", "verbatim_end"):
        columns[name] = rows.column(name).combine_chunks()
    told = _told(reader, run, rows)
    for beginning, name in (("verbatim", "verbatim_in"), ("nearest", "nearest")):
        found = pc.index_in(rows.column(name).combine_chunks(), value_set=told.column("sentence_no").combine_chunks())
        for column in ("record_no", "sentence_index", "text"):
            ending = {"record_no": "record", "sentence_index": "sentence", "text": "text"}[column]
            columns[f"{beginning}_{ending}"] = told.column(column).combine_chunks().take(found)
    return columns


def load_classes(reader: Reader, run: Run, trace_ids: tuple[str, ...], sentences: tuple[int, ...]) -> pa.Array:
    """(n,), the class of each of these sentences, by name; NULL where nothing is known.

    Args:
        sentences: counted from 1 in their traces, as tables show them.
    """
    counts = (f"list_extract({name}, sentence)" for name in ("n_verbatim", "n_template"))
    table = reader.query(
        f"SELECT {class_sql(*counts)} AS training FROM (SELECT unnest($2::VARCHAR[]) AS trace_id, "
        "unnest($3::INTEGER[]) AS sentence, unnest(range(len($3::INTEGER[]))) AS number) "
        "LEFT JOIN (SELECT trace_id, n_verbatim, n_template FROM traces JOIN overlap USING (run_no, trace_no) "
        "WHERE run_no = $1 AND trace_id IN (SELECT unnest($2::VARCHAR[]))) USING (trace_id) ORDER BY number",
        [run.run_no, list(trace_ids), list(sentences)],
    )
    return table.column("training").combine_chunks()


def _classes(rows: pa.Table) -> pa.Array:
    counts = (
        rows.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False) for name in ("n_verbatim", "n_template")
    )
    return pa.array([class_name(code) for code in class_codes(*counts).tolist()], pa.string())


def _told(reader: Reader, run: Run, rows: pa.Table) -> pa.Table:
    """The training sentences that some rows refer to."""
    numbers = {number for name in ("verbatim_in", "nearest") for number in rows.column(name).unique().to_pylist()}
    return reader.query(
        "SELECT sentence_no, record_no, sentence_index, text FROM training_sentences WHERE run_no = $1 "
        "AND sentence_no IN (SELECT unnest($2::INTEGER[]))",
        [run.run_no, sorted(numbers - {None})],
    )


def _keys(trace_no: SmallInts, sentence_index: SmallInts) -> Ints:
    """One number for each sentence, in the order of traces and sentences."""
    keys: Ints = trace_no.astype(np.int64) << 32 | sentence_index
    return keys
