"""The sentences of a pattern: as passages to read, some at a time, and as rows; their labels group by group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.behaviours.patterns.members import places_of
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.behaviours.patterns.shapes import Against
from rdpt_core.analysis.behaviours.patterns.sums import sentences_in
from rdpt_core.analysis.behaviours.patterns.view import share_bar
from rdpt_core.analysis.export.rows import export_query
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.search import Passage, Query, hits_at, passages
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import Bools, Ints, SmallInts


def places_in_scope(data: RunData, rule: LabelRule, scope: Scope, pattern: Pattern) -> SmallInts:
    """The sentences of a pattern that stand in traces in scope, ascending; places in the arrays of `RunData.gaps`.

    Raises:
        UsageError: see `places_of`.
    """
    return sentences_in(data, rule, scope, places_of(data, pattern, rule.marks)).places


def passages_of(data: RunData, rule: LabelRule, pattern: Pattern, places: SmallInts) -> tuple[Passage, ...]:
    """Some sentences of a pattern, with what it looks for marked where that is a text or an expression.

    Args:
        places: (n,), few: their texts are read.
    """
    gaps = data.gaps(rule)
    rows = np.searchsorted(gaps.start, places, side="right") - 1
    trace_nos, indices = gaps.trace_no[rows].tolist(), (places - gaps.start[rows]).tolist()
    query = None
    if pattern.how in ("text", "expression"):
        query = Query(pattern.value, pattern.how == "expression", pattern.match_case)
    hits = data.ask(hits_at, rule, tuple(trace_nos), tuple(indices), query)
    return data.ask(passages, hits)


def bars_by_group(data: RunData, rule: LabelRule, scope: Scope, pattern: Pattern) -> tuple[tuple[str, Against], ...]:
    """`share_bar` of each benchmark and grade that has a labelled sentence of the pattern, with what it is a group of.

    Raises:
        UsageError: see `places_of`.
    """
    names = data.trace_table(scope).names
    narrowed = [("benchmark", name, replace(scope, benchmark=name)) for name in names["benchmark"]]
    narrowed += [("correctness", name, replace(scope, grade=name)) for name in names["correctness"]]
    found = [(by, replace(share_bar(data, rule, one, pattern), group=name)) for by, name, one in narrowed]
    return tuple((by, against) for by, against in found if against.pattern.n_counted)


def sentence_rows(data: RunData, rule: LabelRule, scope: Scope, pattern: Pattern) -> pa.Table:
    """The sentences of a pattern as rows, with all columns that an export of sentences has.

    Raises:
        UsageError: see `places_of`.
    """
    own = sentences_in(data, rule, scope, places_of(data, pattern, rule.marks))
    wanted = _key(own.traces.trace_no[own.trace], own.index)
    listed = data.trace_list()
    number_of = dict(zip(*(listed.column(name).to_pylist() for name in ("trace_id", "trace_no")), strict=True))
    with data.open_reader() as reader:
        chunks = [
            chunk.filter(pa.array(_is_wanted(chunk, number_of, rule.marks, wanted)))
            for chunk in export_query(reader, data.run, "sentences", rule, scope)
        ]
    return pa.concat_tables([chunk.cast(chunks[0].schema) for chunk in chunks])


def _is_wanted(chunk: pa.Table, number_of: dict[str, int], marks: bool, wanted: Ints) -> Bools:
    """(n_rows,), whether a row of an export is one of the sentences, each given by its trace and its place there."""
    if not chunk.num_rows:
        return np.zeros(0, bool)
    encoded = chunk.column("trace_id").combine_chunks().dictionary_encode()
    trace = np.asarray(encoded.indices)
    trace_no = np.array([number_of[name] for name in encoded.dictionary.to_pylist()], np.int64)[trace]
    counts = np.ones(len(trace), bool) if marks else np.asarray(chunk.column("kind")) != "mark"
    so_far = np.cumsum(counts)
    starts = np.flatnonzero(np.diff(trace, prepend=-1))
    before = np.concatenate([[0], so_far])[starts]
    index = so_far - 1 - np.repeat(before, np.diff(np.append(starts, len(trace))))
    is_wanted: Bools = counts & np.isin(_key(trace_no, index), wanted)
    return is_wanted


def _key(trace_no: SmallInts | Ints, index: Ints) -> Ints:
    return (trace_no.astype(np.int64) << 32) + index
