"""What is stored of importance: how many nats of ln p(answer) go with each sentence before the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.analysis.evidence.importance.kinds import KINDS, cut, kinds_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.gaps.gap_arrays import InOrder, read_in_order
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Bools, Codes, Floats, Ints, SmallInts
from rdpt_core.store.reader import Reader, Run
from rdpt_core.store.soundness import check_count

METHODS = ("deletion", "replacement")
"""The ways to take a sentence away: without anything in its place, or with what the model would have written there."""

THIRDS = ("first third", "middle third", "last third")
"""Where a sentence stands among those before the answer."""

_TRACES_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a run one method has been asked about.

    Attributes:
        n_traces: traces with importance.
        n_without: traces that were tried and have none, for a reason that is stored.
        n_all: traces of the run.
    """

    method: str
    n_traces: int
    n_without: int
    n_all: int


@dataclass(frozen=True, slots=True, eq=False)
class Drops:
    """The sentences before the answers of all traces that have importance, in order of trace and sentence.

    Attributes:
        trace_no: (n_traces,), ascending.
        start: (n_traces + 1,); the sentences of trace i are `start[i] : start[i + 1]`.
        sentence_index: (n,), as stored, from 0.
        place: (n,), where each stands among the sentences of the run that count, as in `Gaps`.
        drop: (n,) nats, finite; below 0 where the answer is likelier without the sentence.
        kind: (n,), indices into `KINDS`.
        third: (n,), indices into `THIRDS`.
        by_drop: (n,), the sentences in ascending order of their drops. Sorted once, so that no threshold sorts anew.
    """

    trace_no: SmallInts
    start: Ints
    sentence_index: SmallInts
    place: Ints
    drop: Floats
    kind: Codes
    third: Codes
    by_drop: SmallInts


def coverage(reader: Reader, run: Run) -> tuple[Coverage, ...]:
    """What is stored of each method, in the order of `METHODS`, but for those by which no trace could be measured,
    which are last; methods that were not tried are left out."""
    rows = reader.query(
        "SELECT method, count(*) FILTER (unscored_reason IS NULL) AS n_traces, "
        "count(unscored_reason) AS n_without FROM importance WHERE run_no = ? GROUP BY method",
        [run.run_no],
    ).to_pylist()
    stored = {row["method"]: row for row in rows}
    found = [
        Coverage(method, stored[method]["n_traces"], stored[method]["n_without"], run.n_traces)
        for method in METHODS
        if method in stored
    ]
    return tuple(sorted(found, key=lambda item: not item.n_traces))


def load_drops(reader: Reader, run: Run, method: str, marks: bool) -> Drops:
    """Read the drops of a run. Memory: 22 bytes a sentence, and as much again while reading.

    Args:
        method: one of `METHODS`.
        marks: whether marks of format count.

    Raises:
        StoreError: the database is damaged: a list has more or fewer entries than its trace has sentences, or sentences
            do not tile their response.
    """
    stored = reader.query(
        "SELECT trace_no, answer_start, logprob_drop FROM importance "
        "WHERE run_no = ? AND method = ? AND unscored_reason IS NULL ORDER BY trace_no",
        [run.run_no, method],
    )
    sentences = _sentences(reader, run)
    wanted = stored.column("trace_no").to_numpy()
    # A trace that is not scored yet has no sentences, and so no labels.
    is_there = np.isin(wanted, sentences.trace_no)
    stored, wanted = stored.filter(pa.array(is_there)), wanted[is_there]
    rows = np.searchsorted(sentences.trace_no, wanted)
    first, n = sentences.start[rows], np.diff(sentences.start)[rows]
    lists = stored.column("logprob_drop")
    _check_lengths(wanted, n, pc.list_value_length(lists).to_numpy())
    # A missing drop is NULL, and NaN from here on.
    flat = pc.list_flatten(lists).combine_chunks().to_numpy(zero_copy_only=False).astype(np.float64)
    index = _concatenated(n)
    of_run = np.repeat(first, n) + index
    is_mark, char_start = (sentences.columns[name][of_run] for name in ("is_mark", "char_start"))
    counts = np.full(len(of_run), marks) | ~is_mark
    answer = np.repeat(pc.fill_null(stored.column("answer_start"), 0).to_numpy(), n)
    is_before = counts & (char_start < answer)
    third = _thirds(np.repeat(np.arange(len(n)), n), is_before, len(n))
    kind = _kinds(reader, run, sentences, wanted, n, of_run)
    kept = np.flatnonzero(counts & np.isfinite(flat) & is_before)
    trace = np.repeat(np.arange(len(n)), n)[kept]
    drop = flat[kept].astype(np.float32)
    return Drops(
        wanted.astype(np.int32),
        np.searchsorted(trace, np.arange(len(n) + 1)).astype(np.int64),
        index[kept].astype(np.int32),
        _places(sentences, marks)[of_run[kept]],
        drop,
        kind[kept],
        third[kept],
        np.argsort(drop, kind="stable").astype(np.int32),
    )


def _check_lengths(trace_no: SmallInts, n_sentences: Ints, n_entries: SmallInts) -> None:
    for place in np.flatnonzero(n_sentences != n_entries)[:1].tolist():
        what = f"importance of the sentences of trace {trace_no[place]}"
        check_count(what, int(n_sentences[place]), int(n_entries[place]))


def _sentences(reader: Reader, run: Run) -> InOrder:
    """All sentences of the run, marks too."""
    rule = LabelRule.make(marks=True)
    columns = {"n_bytes": "n_bytes", "char_start": "char_start", "is_mark": "is_mark"}
    dtypes = {"n_bytes": np.int32, "char_start": np.int32, "is_mark": np.bool_}
    return read_in_order(reader, run, rule, columns, sentences_sql(run.run_no, rule), dtypes)


def _concatenated(n: Ints) -> Ints:
    """`0 … n[0] - 1, 0 … n[1] - 1, …`."""
    ends = np.cumsum(n)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - n, n)


def _places(sentences: InOrder, marks: bool) -> Ints:
    """For each sentence of the run, its place among those that count."""
    if marks:
        return np.arange(int(sentences.start[-1]))
    return np.cumsum(~sentences.columns["is_mark"]) - 1


def _thirds(trace: Ints, is_before: Bools, n_traces: int) -> Codes:
    """The third of each sentence on the way to the answer: `3 · place // number`, places from 0; 0 for the others."""
    number = np.bincount(trace, is_before, n_traces).astype(np.int64)
    earlier: Ints = np.cumsum(is_before) - is_before
    starts = np.concatenate([[0], np.cumsum(number)[:-1]]) if n_traces else np.zeros(0, np.int64)
    place = earlier - starts[trace]
    third = np.where(is_before, 3 * place // np.maximum(number, 1)[trace], 0)
    return third.astype(np.uint8)


def _kinds(reader: Reader, run: Run, sentences: InOrder, wanted: SmallInts, n: Ints, of_run: Ints) -> Codes:
    """(all sentences of the wanted traces,), in order."""
    kind = np.full(len(of_run), KINDS.index("other"), np.uint8)
    ends = np.concatenate([[0], np.cumsum(n)])
    for first, last, responses in _responses(reader, run, wanted):
        piece = slice(int(ends[first]), int(ends[last]))
        texts = cut(responses, sentences.columns["n_bytes"][of_run[piece]], n[first:last])
        kind[piece] = kinds_of(texts)
    return kind


def _responses(reader: Reader, run: Run, wanted: SmallInts) -> Iterator[tuple[int, int, pa.ChunkedArray]]:
    """First and last place in `wanted`, and the responses of the traces between them, in order."""
    for first in range(0, len(wanted), _TRACES_AT_ONCE):
        part = wanted[first : first + _TRACES_AT_ONCE]
        table = reader.query(
            "SELECT response FROM traces WHERE run_no = $1 AND trace_no IN (SELECT unnest($2::INTEGER[])) "
            "ORDER BY trace_no",
            [run.run_no, part.tolist()],
        )
        yield first, first + len(part), table.column("response")
