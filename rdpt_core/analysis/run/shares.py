"""Label shares of groups of traces, with intervals: labels are counted per trace in SQL, the rest is numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.analysis.faint import Faint, faint_limit
from rdpt_core.analysis.labels import LabelRule, label_order, labels_sql
from rdpt_core.analysis.questions import load_numbers
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.analysis.statistics.intervals import ShareIntervals, bootstrap_shares, none_if_nan
from rdpt_core.arrays import Doubles, Ints
from rdpt_core.store.reader import Reader, Run

CORRECTNESS = ("correct", "incorrect")


@dataclass(frozen=True, slots=True)
class GroupShares:
    """Shares of every label in one group of traces, in the order of `labels`; for accuracy, of every grade."""

    group: str
    labels: tuple[str, ...]
    intervals: ShareIntervals


def label_counts(reader: Reader, run: Run, rule: LabelRule) -> pa.Table:
    """How many sentences of each label every scored trace holds.

    Columns: trace_no, benchmark, question_id, one per label of the run, `unscored`, and `faint` (see `Faint`; zeros
    where the rule knows none); one row a trace, in trace order.
    """
    source = sentences_sql(run.run_no, rule)
    counts = ", ".join(f"count(*) FILTER (label = '{label}') AS \"{label}\"" for label in label_order(run.roles))
    limit, faint = faint_limit(rule, run.roles), "0::BIGINT"
    if limit is not None:
        highest = f"greatest({', '.join(f'v_{role}' for role in run.roles)})"
        faint = f"count(*) FILTER (label = '{limit[0]}' AND {highest} <= {limit[2]!r}::DOUBLE)"
    return reader.query(
        f"WITH counted AS (SELECT trace_no, {counts}, count(*) FILTER (label IS NULL) AS unscored, {faint} AS faint "
        f"FROM ({labels_sql(rule, run.roles, source)}) GROUP BY trace_no) "
        "SELECT benchmark, question_id, counted.* FROM counted JOIN traces USING (trace_no) "
        "WHERE traces.run_no = ? ORDER BY trace_no",
        [run.run_no],
    )


def shares_of_traces(traces: TraceTable, counts: Doubles, labels: Sequence[str]) -> tuple[GroupShares, ...]:
    """Label shares of each benchmark, by name.

    Args:
        counts: (n_traces, n_labels), how many sentences of each label a trace holds.
        labels: in the order of the columns of `counts`.
    """
    n_sentences, question = counts.astype(np.int64), traces.question_by_text()
    masks = {name: traces.codes["benchmark"] == code for code, name in enumerate(traces.names["benchmark"])}
    return tuple(
        GroupShares(name, tuple(labels), bootstrap_shares(n_sentences[masks[name]], question[masks[name]]))
        for name in sorted(masks)
    )


def shares_table(groups: Sequence[GroupShares], group_name: str = "benchmark") -> pa.Table:
    """One row a group and label: share with its interval, NULL where refused, and what was counted."""
    rows = [
        {
            group_name: group.group,
            "label": label,
            "share": none_if_nan(group.intervals.share[k]),
            "low": none_if_nan(group.intervals.low[k]),
            "high": none_if_nan(group.intervals.high[k]),
            "n_questions": group.intervals.n_questions,
            "n_effective": group.intervals.n_effective,
            "n_traces": group.intervals.n_traces,
            "n_counted": group.intervals.n_counted,
            "no_interval_because": group.intervals.refused,
        }
        for group in groups
        for k, label in enumerate(group.labels)
    ]
    names = ((group_name, pa.string()), ("label", pa.string()), *((n, pa.float64()) for n in ("share", "low", "high")))
    counts = tuple((name, pa.int64()) for name in ("n_questions", "n_traces", "n_counted"))
    added = (("no_interval_because", pa.string()), ("n_effective", pa.float64()))
    return pa.Table.from_pylist(rows, pa.schema([*names, *counts, *added]))


def count_faint(counts: pa.Table, rule: LabelRule, roles: tuple[str, ...]) -> Faint | None:
    """The faint sentences of all traces; None where the rule knows none.

    Args:
        counts: as `label_counts` gives it.
    """
    limit = faint_limit(rule, roles)
    if limit is None:
        return None
    total = {name: int(counts.column(name).to_numpy().sum()) for name in ("faint", *label_order(roles))}
    n_faint = total.pop("faint")
    return Faint(limit[0], limit[1], n_faint, total[limit[0]], sum(total.values()))


def load_accuracy(reader: Reader, run: Run) -> tuple[GroupShares, ...]:
    """Share of correct and of incorrect answers among the graded traces of each benchmark, by name.

    A mean over questions of the share among their traces, so that no question counts more for being asked more often.
    """
    traces = reader.query(
        "SELECT benchmark, question_id, correct FROM traces WHERE run_no = ? ORDER BY trace_no", [run.run_no]
    )
    benchmark, names = _codes(traces.column("benchmark"))
    numbers = load_numbers(reader, run)
    keys = zip(*(traces.column(name).to_pylist() for name in ("benchmark", "question_id")), strict=True)
    question = np.array([numbers[key] for key in keys], np.int64)
    correct = pc.fill_null(traces.column("correct").cast(pa.int8()), pa.scalar(-1, pa.int8())).to_numpy()
    grades = np.column_stack([correct == 1, correct == 0]).astype(np.int64)
    masks = (benchmark == code for code in range(len(names)))
    return tuple(
        GroupShares(name, CORRECTNESS, bootstrap_shares(grades[mask], question[mask], average="questions"))
        for name, mask in zip(names, masks, strict=True)
    )


def _codes(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """The number of each value in the sorted list of all, and that list."""
    encoded = column.combine_chunks().dictionary_encode()
    values: list[str] = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=values.__getitem__)
    rank = np.empty(len(values), np.int64)
    rank[order] = np.arange(len(values))
    return rank[encoded.indices.to_numpy()], [values[index] for index in order]
