"""The sentences on which the answer depends most, or least."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.evidence.importance.drops import Drops
from rdpt_core.analysis.evidence.importance.kinds import KINDS
from rdpt_core.analysis.evidence.importance.sample import By, Sample
from rdpt_core.analysis.evidence.importance.summaries import Summary
from rdpt_core.arrays import Ints
from rdpt_core.store.reader import Reader, Run

N_RANKED = 200
"""Rows of the table."""

_TEXT_CHARS = 400


def most(sample: Sample, label: str | None, *, lowest: bool) -> Ints:
    """At most `N_RANKED` sentences as indices into the sample, the largest drop first; ties in order of traces.

    Args:
        label: only its sentences; None takes all.
        lowest: the smallest drop first: without these the answer is likelier.
    """
    rows = np.arange(len(sample.drop)) if label is None else np.flatnonzero(sample.label == sample.labels.index(label))
    by = sample.drop[rows] if lowest else -sample.drop[rows]
    if len(rows) > N_RANKED:
        # Every sentence that ties with the last one stays in, so that their order decides.
        limit = np.partition(by, N_RANKED - 1)[N_RANKED - 1]
        rows, by = rows[by <= limit], by[by <= limit]
    return rows[np.argsort(by, kind="stable")[:N_RANKED]]


def largest_of_traces(sample: Sample, by: By, summary: Summary) -> Ints:
    """The sentence of a summary with the largest drop in each of its traces, as indices into the sample, by drop."""
    code = sample.names[by].index(summary.group)
    rows = np.flatnonzero((sample.group(by) == code) & (sample.label == sample.labels.index(summary.label)))
    rows = rows[np.argsort(-sample.drop[rows], kind="stable")]
    _, first = np.unique(sample.trace[rows], return_index=True)
    return rows[np.sort(first)]


def load_texts(reader: Reader, run: Run, trace_nos: tuple[int, ...], indices: tuple[int, ...]) -> pa.Table:
    """The sentences with these numbers, in this order.

    Columns: text (cut), benchmark, question_id, trace_id, correct, sentence (from 1).
    """
    return reader.query(
        "WITH wanted AS (SELECT unnest($2::INTEGER[]) AS trace_no, unnest($3::INTEGER[]) AS sentence_index, "
        "unnest(range(len($2::INTEGER[]))) AS place) "
        f"SELECT substring(t.response, s.char_start + 1, least(s.char_end - s.char_start, {_TEXT_CHARS})) AS text, "
        "t.benchmark, t.question_id, t.trace_id, t.correct, s.sentence_index + 1 AS sentence "
        "FROM wanted JOIN sentences AS s USING (trace_no, sentence_index) JOIN traces AS t USING (run_no, trace_no) "
        "WHERE run_no = $1 ORDER BY place",
        [run.run_no, list(trace_nos), list(indices)],
    )


def ranked_table(sample: Sample, drops: Drops, chosen: Ints, texts: pa.Table) -> pa.Table:
    """The chosen sentences: drop, label and kind before the columns of their texts.

    Args:
        chosen: as `most` gives it.
        texts: as `load_texts` gives it, for the same sentences.
    """
    kinds = [KINDS[kind] for kind in drops.kind[sample.rows[chosen]].tolist()]
    columns = {
        "drop": pa.array(sample.drop[chosen].astype(np.float64)),
        "label": pa.array([sample.labels[code] for code in sample.label[chosen].tolist()], pa.string()),
        "kind": pa.array(kinds, pa.string()),
    }
    return pa.table(columns | {name: texts.column(name) for name in texts.column_names})


def numbers_of(sample: Sample, drops: Drops, chosen: Ints) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The numbers of the traces of these sentences, and theirs in their traces."""
    rows = sample.rows[chosen]
    trace = np.searchsorted(drops.start, rows, side="right") - 1
    return tuple(drops.trace_no[trace].tolist()), tuple(drops.sentence_index[rows].tolist())
