"""The texts of all sentences of a run, some traces at a time, so that memory does not grow with the run.

The database is asked for whole responses and these are cut here: DuckDB counts characters from the beginning of a
response for every sentence that it cuts out of one, which is quadratic in its length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.gaps.gap_arrays import read_in_order
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Ints, SmallInts
from rdpt_core.store.reader import Reader, Run
from rdpt_core.store.soundness import damaged

BLOCK_CHARACTERS = 32_000_000
"""Responses of so many characters are read at once."""

PIECE_CHARACTERS = 2_000_000
"""One thread works on so many: their arrays stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Where the sentences of a run stand, in the order of `RunData.gaps`.

    Attributes:
        trace_no: (n_traces,), ascending.
        start: (n_traces + 1,); the sentences of trace i are `start[i] : start[i + 1]`.
        char_start, char_end: (n_sentences,), half-open, in code points of the response.
    """

    trace_no: SmallInts
    start: Ints
    char_start: SmallInts
    char_end: SmallInts

    @property
    def n_characters(self) -> Ints:
        """(n_traces,), where the last sentence of each trace ends."""
        has_some = self.start[1:] > self.start[:-1]
        ends = np.zeros(len(self.trace_no), np.int64)
        ends[has_some] = self.char_end[self.start[1:][has_some] - 1]
        return ends


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some sentences in a row: `texts[i]` is the one at place `first + i`."""

    first: int
    texts: pa.StringArray


def load_spans(reader: Reader, run: Run, marks: bool) -> Spans:
    """Read where sentences stand. Memory: 8 bytes a sentence."""
    rule = LabelRule.make(marks=marks)
    names = ("char_start", "char_end")
    source = sentences_sql(run.run_no, rule)
    read = read_in_order(reader, run, rule, {name: name for name in names}, source, dict.fromkeys(names, np.int32))
    return Spans(read.trace_no, read.start, *(read.columns[name] for name in names))


def blocks(reader: Reader, run: Run, spans: Spans) -> Iterator[tuple[Piece, ...]]:
    """All sentences in order: the pieces of one block of responses after another.

    Raises:
        StoreError: the database is damaged.
    """
    for first, last in _cuts(spans.n_characters, 0, len(spans.trace_no), BLOCK_CHARACTERS):
        yield read_block(reader, run, spans, first, last)


def read_block(reader: Reader, run: Run, spans: Spans, first: int, last: int) -> tuple[Piece, ...]:
    """The sentences of the traces `first` up to, not including, `last`, counted in `spans`.

    Raises:
        StoreError: the database is damaged.
    """
    if first == last:
        return ()
    wanted = spans.trace_no[first:last]
    table = reader.query(
        "SELECT trace_no, response FROM traces WHERE run_no = ? AND trace_no BETWEEN ? AND ?",
        [run.run_no, int(wanted[0]), int(wanted[-1])],
    )
    numbers = table.column("trace_no").to_numpy()
    responses = pa.concat_arrays(table.column("response").chunks) if table.num_rows else pa.array([], pa.string())
    order = np.argsort(numbers, kind="stable")
    chosen = order[np.isin(numbers[order], wanted)]
    if not np.array_equal(numbers[chosen], wanted):
        raise damaged("traces of a run", f"the responses of {len(wanted)} traces", len(chosen))
    if not np.array_equal(chosen, np.arange(len(responses))):
        responses = responses.take(pa.array(chosen))
    made = []
    for a, b in _cuts(spans.n_characters, first, last, PIECE_CHARACTERS):
        places = slice(int(spans.start[a]), int(spans.start[b]))
        counts = np.diff(spans.start[a : b + 1])
        cut_out = cut(responses.slice(a - first, b - a), counts, spans.char_start[places], spans.char_end[places])
        made.append(Piece(places.start, cut_out))
    return tuple(made)


def _cuts(lengths: Ints, first: int, last: int, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of traces with at most so many characters together; a longer trace stands alone."""
    total = np.concatenate([[0], np.cumsum(lengths)])
    while first < last:
        end = int(np.searchsorted(total, total[first] + most, side="right")) - 1
        end = min(max(end, first + 1), last)
        yield first, end
        first = end


def cut(responses: pa.StringArray, counts: Ints, char_start: SmallInts, char_end: SmallInts) -> pa.StringArray:
    """Sentences of responses, without copying them where nothing lies between them.

    Args:
        responses: (n,), none of them null.
        counts: (n,), sentences of each.
        char_start, char_end: (counts.sum(),), in code points of the response.

    Returns:
        (counts.sum(),), `[response[a:b] for …]`.

    Raises:
        StoreError: the spans are not in order, or end beyond their response.
    """
    _, offset_buffer, data_buffer = responses.buffers()
    if not len(char_start) or data_buffer is None:
        return pa.array([""] * len(char_start), pa.string())
    offsets = np.frombuffer(offset_buffer, np.int32)[responses.offset : responses.offset + len(responses) + 1]
    low, high = int(offsets[0]), int(offsets[-1])
    data = np.frombuffer(data_buffer, np.uint8)[low:high]
    bounds = offsets.astype(np.int64) - low
    # Where each character begins: it is not a byte that continues one. In ASCII characters are bytes.
    begins = None if not len(data) or data.max() < 0x80 else np.flatnonzero((data & 0xC0) != 0x80)
    if begins is not None:
        bounds = np.searchsorted(begins, bounds)
    first, last = (np.repeat(bounds[:-1], counts) + chars for chars in (char_start, char_end))
    if (first > last).any() or (last > np.repeat(bounds[1:], counts)).any() or (first[1:] < last[:-1]).any():
        raise damaged("sentences of a run", "spans in order that end within their response", "others")
    if begins is not None:
        begins = np.append(begins, len(data))
        first, last = begins[first], begins[last]
    edges = np.stack([first, last], axis=1).ravel() + low
    if np.array_equal(first[1:], last[:-1]):
        return _strings(np.append(edges[::2], edges[-1]), data_buffer)
    # Every second piece lies between two sentences, as marks do that do not count.
    return _strings(edges, data_buffer).take(pa.array(np.arange(0, len(edges) - 1, 2)))


def _strings(edges: Ints, data: pa.Buffer) -> pa.StringArray:
    return pa.StringArray.from_buffers(len(edges) - 1, pa.py_buffer(edges.astype(np.int32)), data)
