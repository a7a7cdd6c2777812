"""Tables of answers: their shares by routed teacher, benchmark and so on, with 95% intervals over questions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.attribution.answers import Answers
from rdpt_core.analysis.run.group_shares import RunCounts, cross_tabulate
from rdpt_core.analysis.run.trace_table import NONE, TraceTable
from rdpt_core.analysis.statistics.intervals import ShareIntervals, bootstrap_shares, none_if_nan
from rdpt_core.arrays import Doubles, Ints
from rdpt_core.errors import UsageError

ROUTED = "routed"
ROWS = (ROUTED, "benchmark", "domain", "correctness", "difficulty", "model")
"""What the rows of a table may be; `routed` is the teacher that a trace was routed to."""

ALL_TRACES = "all traces"


@dataclass(frozen=True, slots=True, eq=False)
class RowShares:
    """One row: the traces of a group.

    Attributes:
        row: the name of the group.
        intervals: of each answer, in the order of the table's answers.
        n_sentences: scored sentences.
        members: (n,), the traces as indices into those in scope.
    """

    row: str
    intervals: ShareIntervals
    n_sentences: int
    members: Ints


@dataclass(frozen=True, slots=True, eq=False)
class AttributionTable:
    """Answers by group of traces.

    Attributes:
        row_dimension: one of `ROWS`.
        answers: in the order of all arrays.
        rows: groups of which some sentence is scored.
        total: all traces in scope.
        is_routed: whether any trace in scope has a routed teacher.
        counts: (n_rows, n_answers), sentences.
    """

    row_dimension: str
    answers: tuple[str, ...]
    rows: tuple[RowShares, ...]
    total: RowShares
    is_routed: bool
    counts: Ints

    @property
    def cells(self) -> tuple[RowShares, ...]:
        """The rows."""
        return self.rows


def check_rows(rows: str) -> None:
    """Refuse what traces are not grouped by.

    Raises:
        UsageError: `rows` is none of `ROWS`.
    """
    if rows not in ROWS:
        raise UsageError("unknown value", where="rows", expected=" or ".join(ROWS), got=rows)


def tabulate(answers: Answers, counts: Doubles, traces: TraceTable, rows: str) -> AttributionTable:
    """The table of some traces.

    Args:
        answers: of the run.
        counts: (n_traces, 1 + n_answers), of the traces in `traces`.
        traces: the traces in scope.
        rows: one of `ROWS`.
    """
    check_rows(rows)
    names = answers.sources.answers
    scored = counts[:, 1:]
    n_sentences = scored.sum(axis=1).astype(np.int64)
    dimension = "teacher_id" if rows == ROUTED else rows
    crossed = cross_tabulate([RunCounts("run", traces, scored, n_sentences)], names, dimension, None)
    found = tuple(RowShares(cell.row, cell.intervals, cell.n_sentences, cell.members[0]) for cell in crossed.cells)
    total = RowShares(
        ALL_TRACES,
        bootstrap_shares(scored, traces.question),
        int(n_sentences.sum()),
        np.flatnonzero(n_sentences),
    )
    amounts = [scored[row.members].sum(axis=0) for row in found]
    is_routed = any(name != NONE for name in traces.names["teacher_id"])
    return AttributionTable(rows, names, found, total, is_routed, np.array(amounts, np.int64).reshape(-1, len(names)))


def table_rows(table: AttributionTable) -> pa.Table:
    """One row a group and answer: count, share, interval (NULL where refused) and the number of questions."""
    rows = []
    for group in (*table.rows, table.total) if table.rows else ():
        for k, answer in enumerate(table.answers):
            ends = group.intervals
            rows.append(
                {
                    table.row_dimension: group.row,
                    "attribution": answer,
                    "n_sentences": round(float(ends.share[k]) * group.n_sentences),
                    "share_of_sentences": none_if_nan(ends.share[k]),
                    "low": None if ends.refused else none_if_nan(ends.low[k]),
                    "high": None if ends.refused else none_if_nan(ends.high[k]),
                    "n_questions": ends.n_questions,
                    "n_effective": ends.n_effective,
                    "n_traces": ends.n_traces,
                    "no_interval_because": ends.refused,
                }
            )
    return pa.Table.from_pylist(rows)
