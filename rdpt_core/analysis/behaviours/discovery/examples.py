"""Sentences that show what a kind is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rdpt_core.analysis.behaviours.discovery.pairs import Chunk, Grid
from rdpt_core.analysis.behaviours.discovery.tallies import Labelled, Tally
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Ints
from rdpt_core.store.reader import Reader, Run

N_EXAMPLES = 3

Example = tuple[int, int]
"""Number of a trace, and `sentence_index`."""


def examples(
    chunks: Sequence[Chunk], tallies: Sequence[Tally], grid: Grid, labelled: Labelled, seed: int
) -> list[tuple[int, ...]]:
    """For each kind, places of up to three sentences with the label, of as many questions as possible.

    Questions on which kinds are reported come first, in an order drawn once for all kinds.
    """
    order = np.random.default_rng(seed).permutation(grid.n_questions) + grid.n_questions * grid.is_finding
    found: list[tuple[int, ...]] = []
    for chunk, counted in zip(chunks, tallies, strict=True):
        pairs = np.flatnonzero(counted.n_has > 0)
        pairs = pairs[np.lexsort((order[chunk.question[pairs]], chunk.kind[pairs]))]
        first = np.searchsorted(chunk.kind[pairs], np.arange(chunk.n_kinds + 1)).tolist()
        for begin, end in zip(first[:-1], first[1:], strict=True):
            found.append(_of_kind(chunk, pairs[begin : min(end, begin + N_EXAMPLES)], labelled))
    return found


def _of_kind(chunk: Chunk, pairs: Ints, labelled: Labelled) -> tuple[int, ...]:
    """One sentence of each question, then a second one, until there are enough."""
    held = []
    for pair in pairs.tolist():
        members = chunk.members_of(pair)
        held.append(members[labelled.has[members]][:N_EXAMPLES].tolist())
    in_turn = [places[i] for i in range(N_EXAMPLES) for places in held if i < len(places)]
    return tuple(in_turn[:N_EXAMPLES])


def located(data: RunData, rule: LabelRule, places: Sequence[tuple[int, ...]]) -> list[tuple[Example, ...]]:
    """Places of sentences as traces and indices."""
    gaps = data.gaps(rule)
    flat = np.fromiter((place for own in places for place in own), np.int64)
    row = np.searchsorted(gaps.start, flat, side="right") - 1
    trace_no, index = gaps.trace_no[row].tolist(), (flat - gaps.start[row]).tolist()
    if not rule.marks and data.catalog().n_marks:
        counted = data.ask(_counted, rule, tuple(sorted(set(trace_no))))
        index = [counted[trace][place] for trace, place in zip(trace_no, index, strict=True)]
    pairs = iter(zip(trace_no, index, strict=True))
    return [tuple(next(pairs) for _ in own) for own in places]


def _counted(reader: Reader, run: Run, rule: LabelRule, trace_nos: tuple[int, ...]) -> dict[int, list[int]]:
    """The `sentence_index` of every sentence of these traces that counts."""
    source = sentences_sql(run.run_no, rule, "trace_no IN (SELECT unnest($1::INTEGER[]))")
    rows = reader.query(
        f"SELECT trace_no, list(sentence_index ORDER BY sentence_index) AS indices FROM {source} GROUP BY trace_no",
        [list(trace_nos)],
    )
    return {row["trace_no"]: row["indices"] for row in rows.to_pylist()}
