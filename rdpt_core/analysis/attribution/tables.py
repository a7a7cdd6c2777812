"""Tables of answers: their shares by routed teacher, benchmark and so on, and of the sets that answers name.

Intervals are 95% ones over questions. Teachers that cannot be told apart in the traces in scope have a column of their
own beside those of each alone: it holds the sentences that name two or more of them, and nobody else. The column
several then holds the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.attribution.answers import members_words
from rdpt_core.analysis.attribution.sources import Sources
from rdpt_core.analysis.run.group_shares import RunCounts, cross_tabulate
from rdpt_core.analysis.run.trace_table import NONE, TraceTable
from rdpt_core.analysis.statistics.intervals import ShareIntervals, bootstrap_shares, none_if_nan
from rdpt_core.arrays import Doubles, Ints
from rdpt_core.errors import UsageError

ROUTED = "routed"
ROWS = (ROUTED, "benchmark", "domain", "correctness", "difficulty", "model")
"""What the rows of a table may be; `routed` is the teacher that a trace was routed to."""

ALL_TRACES = "all traces"

MOST_SETS = 8
OTHER_SETS = "other sets"


class Group(NamedTuple):
    """Teachers that cannot be told apart.

    Attributes:
        answer: the name of their column, such as `A or sibling`.
        teachers: their names, in the order of the run.
    """

    answer: str
    teachers: tuple[str, ...]


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
        answers: in the order of all arrays: the teachers, their groups, student, several, none.
        groups: of teachers that cannot be told apart.
        rows: groups of which some sentence is scored.
        total: all traces in scope.
        is_routed: whether any trace in scope has a routed teacher.
        counts: (n_rows, n_answers), sentences.
    """

    row_dimension: str
    answers: tuple[str, ...]
    groups: tuple[Group, ...]
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


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Which sets of sources each answer of a table counts.

    Attributes:
        answers: as `AttributionTable.answers`.
        groups: of teachers that cannot be told apart.
        members: (n_sets,), sets of sources as bits.
        place: (n_sets,), the answer that counts each.
    """

    answers: tuple[str, ...]
    groups: tuple[Group, ...]
    members: Ints
    place: Ints

    def count(self, counts: Doubles) -> Doubles:
        """(n_traces, n_answers), from sentences of each set, (n_traces, n_sets)."""
        which = (self.place[:, None] == np.arange(len(self.answers))).astype(np.float64)
        counted: Doubles = counts @ which
        return counted

    def sets_of(self, answer: str) -> Ints:
        """The sets that an answer counts, as bits."""
        counted: Ints = self.members[self.place == self.answers.index(answer)]
        return counted


def make_columns(sources: Sources, members: Ints, relatives: Sequence[Sequence[int]]) -> Columns:
    """The columns of a table.

    Args:
        members: (n_sets,), sets of sources as bits, none of them empty.
        relatives: groups of teachers as places among the named sources; those of one are passed over.
    """
    n_named = len(sources.named)
    masks = [sum(1 << k for k in group) for group in relatives if len(group) > 1]
    groups = tuple(
        Group(members_words(mask, sources), tuple(s.name for k, s in enumerate(sources.named) if mask >> k & 1))
        for mask in masks
    )
    named = [source.name for source in sources.named]
    answers = (*named[:-1], *(group.answer for group in groups), *sources.answers[n_named - 1 :])
    # The bit of each source → its column: the student and none of these stand after the groups.
    single = [*range(n_named - 1), n_named - 1 + len(groups), len(answers) - 1]
    place = np.full(len(members), len(answers) - 2)
    for g, mask in enumerate(masks):
        place[(members & ~mask) == 0] = n_named - 1 + g
    for k, column in enumerate(single):
        place[members == 1 << k] = column
    return Columns(answers, groups, members, place)


def tabulate(columns: Columns, counts: Doubles, traces: TraceTable, rows: str) -> AttributionTable:
    """The table of some traces.

    Args:
        columns: what is counted.
        counts: (n_traces, n_sets), sentences of each set in the traces in `traces`.
        traces: the traces in scope.
        rows: one of `ROWS`.
    """
    check_rows(rows)
    names = columns.answers
    scored = columns.count(counts)
    n_sentences = scored.sum(axis=1).astype(np.int64)
    dimension = "teacher_id" if rows == ROUTED else rows
    crossed = cross_tabulate([RunCounts("run", traces, scored, n_sentences)], names, dimension, None)
    found = tuple(RowShares(cell.row, cell.intervals, cell.n_sentences, cell.members[0]) for cell in crossed.cells)
    total = RowShares(
        _name_of_total([cell.row for cell in crossed.cells]),
        bootstrap_shares(scored, traces.question),
        int(n_sentences.sum()),
        np.flatnonzero(n_sentences),
    )
    amounts = [scored[row.members].sum(axis=0) for row in found]
    is_routed = any(name != NONE for name in traces.names["teacher_id"])
    counted = np.array(amounts, np.int64).reshape(-1, len(names))
    return AttributionTable(rows, names, columns.groups, found, total, is_routed, counted)


def _name_of_total(taken: Sequence[str]) -> str:
    """What all traces are called beside groups of them: a benchmark may be called so, too."""
    name = ALL_TRACES
    while name in taken:
        name = f"({name})"
    return name


@dataclass(frozen=True, slots=True, eq=False)
class SetTable:
    """The sets of two and more sources that sentences name, the most frequent first.

    Attributes:
        names: each set in words; the last is `other sets` where there are more than are listed.
        answers: the answer of the tables that counts each; None for the other sets, which may differ in it.
        members: the sets that each row counts, as bits.
        intervals: of each row, and last of all other sentences; shares are of all scored sentences.
        n_sentences: (n_rows,).
    """

    names: tuple[str, ...]
    answers: tuple[str | None, ...]
    members: tuple[Ints, ...]
    intervals: ShareIntervals
    n_sentences: Ints


def tabulate_sets(
    sources: Sources, columns: Columns, counts: Doubles, question: Ints, most: int = MOST_SETS
) -> SetTable:
    """What the sentences that no single source accounts for may come from.

    Args:
        counts: (n_traces, n_sets), sentences of each set in the traces in scope.
        question: (n_traces,), equal for traces of the same question.
        most: how many sets are listed one by one.
    """
    total = counts.sum(axis=0)
    is_joint = (columns.members & (columns.members - 1)) != 0
    joint = np.flatnonzero(is_joint & (total > 0))
    joint = joint[np.argsort(-total[joint], kind="stable")]
    # A single one left over is listed like the others.
    listed = joint if len(joint) <= most + 1 else joint[:most]
    rest = joint[len(listed) :]
    rows = [np.array([j]) for j in listed] + ([rest] if len(rest) else [])
    amounts = np.stack([counts[:, row].sum(axis=1) for row in rows] or [np.zeros(len(counts))], axis=1)
    everything = np.concatenate([amounts, counts.sum(axis=1, keepdims=True) - amounts.sum(axis=1, keepdims=True)], 1)
    names = [members_words(int(columns.members[j]), sources) for j in listed]
    answers: list[str | None] = [columns.answers[columns.place[j]] for j in listed]
    if len(rest):
        names.append(OTHER_SETS)
        answers.append(None)
    n_sentences = amounts.sum(axis=0)[: len(rows)].astype(np.int64)
    intervals = bootstrap_shares(everything, question)
    return SetTable(tuple(names), tuple(answers), tuple(columns.members[row] for row in rows), intervals, n_sentences)


def set_rows(table: SetTable) -> pa.Table:
    """One row a set: in words, the answer that counts it, count, share and interval (NULL where refused)."""
    ends = table.intervals
    rows = [
        {
            "attributed_to": name,
            "counted_as": table.answers[k],
            "n_sentences": int(table.n_sentences[k]),
            "share_of_sentences": none_if_nan(ends.share[k]),
            "low": None if ends.refused else none_if_nan(ends.low[k]),
            "high": None if ends.refused else none_if_nan(ends.high[k]),
            "n_questions": ends.n_questions,
            "n_effective": ends.n_effective,
            "no_interval_because": ends.refused,
        }
        for k, name in enumerate(table.names)
    ]
    numbers = [(name, pa.float64()) for name in ("share_of_sentences", "low", "high")]
    first = [("attributed_to", pa.string()), ("counted_as", pa.string()), ("n_sentences", pa.int64())]
    last = [("n_questions", pa.int64()), ("n_effective", pa.float64()), ("no_interval_because", pa.string())]
    return pa.Table.from_pylist(rows, pa.schema([*first, *numbers, *last]))


def table_rows(table: AttributionTable) -> pa.Table:
    """One row a group and answer: count, share, interval (NULL where refused) and the number of questions.

    Where no sentence is scored there are no rows, but all columns.
    """
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
    texts = [(name, pa.string()) for name in (table.row_dimension, "attribution")]
    numbers = [(name, pa.float64()) for name in ("share_of_sentences", "low", "high")]
    counts = [("n_questions", pa.int64()), ("n_effective", pa.float64()), ("n_traces", pa.int64())]
    last = [("no_interval_because", pa.string())]
    return pa.Table.from_pylist(rows, pa.schema([*texts, ("n_sentences", pa.int64()), *numbers, *counts, *last]))
