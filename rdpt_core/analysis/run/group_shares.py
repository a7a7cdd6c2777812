"""Cross tables: label shares of groups of traces with intervals, and the difference between any two of them.

All cells come from the same resamples of questions (a cluster bootstrap). So a difference of two cells is a paired one
by itself where they share questions, and an independent one where they do not. Questions are the same under one id or
with one text (see `questions`), in one run or in several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.questions import Name, n_alike, number_questions
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.exact import correlation, effective_number, mover
from rdpt_core.analysis.statistics.intervals import Average, ShareIntervals, equalised, refusal, share_ends
from rdpt_core.analysis.statistics.resampling import percentile_interval, resample_sums
from rdpt_core.arrays import Bools, Doubles, Floats, Ints

DIMENSIONS = ("benchmark", "domain", "model", "run", "difficulty", "correctness")
# A question has one value of these, so that its resamples can keep the number of questions of each value.
_OF_QUESTION = ("benchmark", "domain", "difficulty")


@dataclass(frozen=True, slots=True, eq=False)
class RunCounts:
    """The traces of one run that are counted.

    Attributes:
        name: what the run is called as a group.
        traces: the traces that are counted.
        counts: (n_traces, n_labels), how much of each trace carries each label, in sentences or in tokens.
        n_sentences: (n_traces,), scored sentences.
    """

    name: str
    traces: TraceTable
    counts: Doubles
    n_sentences: Ints


@dataclass(frozen=True, slots=True, eq=False)
class CrossCell:
    """One group of traces.

    Attributes:
        members: for each run that was grouped, the indices of the traces of the cell in its `RunCounts`.
    """

    row: str
    column: str
    intervals: ShareIntervals
    n_sentences: int
    members: tuple[Ints, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CrossTable:
    """All cells that hold something, by row and then column.

    Attributes:
        labels: in the order of every array that has one value for each.
        average: what weighs the same in the shares.
        draws: (n_resamples, n_cells, n_labels) shares, NaN where a resample holds nothing of a cell.
        questions: (n_questions, n_cells), whether a cell has something of a question.
        n_alike: questions that stand under more than one id or benchmark.
    """

    row_dimension: str
    column_dimension: str | None
    labels: tuple[str, ...]
    cells: tuple[CrossCell, ...]
    average: Average
    draws: Floats
    questions: Bools
    n_alike: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Shares of one cell minus those of another. Shapes: (n_labels,); ends are NaN where refused.

    Attributes:
        n_shared: questions that both cells have.
        n_questions: of the first and the second cell.
        n_effective: what they are worth.
    """

    value: Doubles
    low: Doubles
    high: Doubles
    n_shared: int
    n_questions: tuple[int, int]
    n_effective: tuple[float, float]
    refused: str | None

    @property
    def is_paired(self) -> bool:
        """Whether both cells have exactly the same questions."""
        return self.n_shared == self.n_questions[0] == self.n_questions[1]


def cross_tabulate(
    runs: Sequence[RunCounts], labels: Sequence[str], row: str, column: str | None, average: Average = "sentences"
) -> CrossTable:
    """The cross table of label shares by one or two dimensions.

    Args:
        runs: one or more runs; with several, `run` should be one of the dimensions.
        labels: in the order of the columns of `RunCounts.counts`.
        row: one of `DIMENSIONS`.
        column: another one, or None.
        average: what weighs the same in a share: every sentence (or token), every trace, or every question.
    """
    dimensions = (row,) if column is None else (row, column)
    names = {dimension: _names(runs, dimension) for dimension in dimensions}
    questions = _questions(runs)
    n_all = max((int(numbers.max(initial=-1)) + 1 for numbers in questions), default=0)
    cell_numbers = [_cell_numbers(run, names) for run in runs]
    column_names = names[column] if column is not None else ("",)
    width = len(column_names)
    sums, counted = _sums(runs, cell_numbers, questions, n_all, len(names[row]) * width, average)
    filled = np.flatnonzero(counted > 0)
    sums, counted = sums[:, filled], counted[filled]
    drawn = np.empty((0, len(filled), len(labels)), np.float32)
    if len(filled):
        drawn = resample_sums(sums, _strata(runs, questions, n_all, dimensions))
    with np.errstate(invalid="ignore"):
        drawn /= drawn.sum(axis=2, keepdims=True)
    share, low, high = share_ends(sums, drawn, counted)
    weight = sums.sum(axis=2)
    n_questions, n_effective = (weight > 0).sum(axis=0), effective_number(weight)
    cells = []
    for index, number in enumerate(filled.tolist()):
        members = tuple(
            np.flatnonzero((numbers == number) & (run.counts.sum(axis=1) > 0))
            for run, numbers in zip(runs, cell_numbers, strict=True)
        )
        n, worth, n_traces = int(n_questions[index]), float(n_effective[index]), sum(len(rows) for rows in members)
        ends = share[index], low[index], high[index]
        intervals = ShareIntervals(*ends, n, worth, n_traces, int(counted[index]), refusal(n, worth))
        n_sentences = sum(int(run.n_sentences[rows].sum()) for run, rows in zip(runs, members, strict=True))
        name = names[row][number // width], column_names[number % width]
        cells.append(CrossCell(*name, intervals, n_sentences, members))
    alike = _n_alike(runs, questions)
    return CrossTable(row, column, tuple(labels), tuple(cells), average, drawn, weight > 0, alike)


def _questions(runs: Sequence[RunCounts]) -> list[Ints]:
    """For each run, (n_questions,): the number of each of its questions among those of all runs."""
    numbers = number_questions([names for run in runs for names in run.traces.question_names])
    return np.split(numbers, np.cumsum([run.traces.n_questions for run in runs])[:-1])


def _n_alike(runs: Sequence[RunCounts], questions: Sequence[Ints]) -> int:
    names: dict[int, list[Name]] = {}
    for run, numbers in zip(runs, questions, strict=True):
        for number, own in zip(numbers.tolist(), run.traces.question_names, strict=True):
            names.setdefault(number, []).extend(own)
    return n_alike(names.values())


def _sums(
    runs: Sequence[RunCounts],
    cell_numbers: Sequence[Ints],
    questions: Sequence[Ints],
    n_questions: int,
    n_cells: int,
    average: Average,
) -> tuple[Doubles, Ints]:
    """(n_questions, n_cells, n_labels), what each question adds to each cell; (n_cells,), how much was counted."""
    slots = [
        own[run.traces.question] * n_cells + numbers
        for run, numbers, own in zip(runs, cell_numbers, questions, strict=True)
    ]
    slot, amount = np.concatenate(slots), np.concatenate([run.counts for run in runs])
    counted = np.bincount(slot % n_cells, amount.sum(axis=1), n_cells).astype(np.int64)
    size, weighed = n_questions * n_cells, equalised(amount, slot, average)
    sums = np.stack([np.bincount(slot, column, size) for column in weighed.T], axis=1).astype(np.float64)
    return sums.reshape(n_questions, n_cells, amount.shape[1]), counted


def _cell_numbers(run: RunCounts, names: Mapping[str, Sequence[str]]) -> Ints:
    """(n_traces,), the number of each trace's cell: row by row."""
    numbers = np.zeros(len(run.counts), np.int64)
    for dimension, values in names.items():
        numbers = numbers * len(values) + _value_numbers(run, dimension, values)
    return numbers


def _names(runs: Sequence[RunCounts], dimension: str) -> tuple[str, ...]:
    """The values of a dimension, in the order in which they are shown."""
    if dimension == "run":
        return tuple(run.name for run in runs)
    return tuple(dict.fromkeys(name for run in runs for name in run.traces.names[dimension]))


def _value_numbers(run: RunCounts, dimension: str, names: Sequence[str]) -> Ints:
    """(n_traces,), each trace's value of a dimension as an index into `names`."""
    if dimension == "run":
        return np.full(len(run.counts), names.index(run.name), np.int64)
    number_of = _numbers_in(run.traces.names[dimension], names)
    return number_of[run.traces.codes[dimension]] if len(number_of) else np.zeros(0, np.int64)


def _numbers_in(own: Sequence[str], names: Sequence[str]) -> Ints:
    """The index of each of a run's own names among those of all runs."""
    return np.array([names.index(name) for name in own], np.int64)


def _strata(runs: Sequence[RunCounts], questions: Sequence[Ints], n_questions: int, dimensions: Sequence[str]) -> Ints:
    """(n_questions,): questions with the same values of the dimensions that belong to questions are drawn together.

    A question that stands in two benchmarks has both values.
    """
    stratum = np.zeros(n_questions, np.int64)
    for dimension in dimensions:
        if dimension not in _OF_QUESTION:
            continue
        names = _names(runs, dimension)
        held = [np.zeros(0, np.int64)]
        for run, own in zip(runs, questions, strict=True):
            held.append(own[run.traces.question] * len(names) + _value_numbers(run, dimension, names))
        question, value = np.divmod(np.unique(np.concatenate(held)), max(1, len(names)))
        sets: dict[int, tuple[int, ...]] = {}
        for q, v in zip(question.tolist(), value.tolist(), strict=True):
            sets[q] = (*sets.get(q, ()), v)
        number_of = {values: number for number, values in enumerate(sorted(set(sets.values())))}
        stratum = stratum * max(1, len(number_of)) + np.array(
            [number_of[sets[q]] for q in range(n_questions)], np.int64
        )
    return stratum


def difference(table: CrossTable, first: int, second: int) -> Difference:
    """The shares of cell `first` minus those of cell `second`, both indices into `table.cells`.

    At either end the interval is the wider of two: expanded percentiles (Hesterberg 2015) of the differences in the
    common resamples, and MOVER (Newcombe 1998) from the intervals of both shares, which knows what a share of 0 hides.
    """
    minuend, subtrahend = table.cells[first].intervals, table.cells[second].intervals
    n_questions = minuend.n_questions, subtrahend.n_questions
    n_effective = minuend.n_effective, subtrahend.n_effective
    n_shared = int((table.questions[:, first] & table.questions[:, second]).sum())
    refused = minuend.refused or subtrahend.refused
    low = high = np.full(len(table.labels), np.nan)
    if refused is None:
        sides = [(side.share, side.low, side.high) for side in (minuend, subtrahend)]
        draws = table.draws[:, first], table.draws[:, second]
        resampled = percentile_interval(draws[0] - draws[1], min(n_effective))
        recovered = mover(sides[0], sides[1], correlation(*draws))
        low, high = np.minimum(resampled[0], recovered[0]), np.maximum(resampled[1], recovered[1])
    return Difference(minuend.share - subtrahend.share, low, high, n_shared, n_questions, n_effective, refused)


def cross_table_rows(table: CrossTable, unit: str) -> pa.Table:
    """One row a cell and label: share, interval (NULL where refused) and all counts.

    Without cells there are no rows, but all columns.

    Args:
        unit: what was counted, `sentences` or `tokens`.
    """
    rows = []
    for cell in table.cells:
        intervals = cell.intervals
        is_refused = intervals.refused is not None
        for k, label in enumerate(table.labels):
            row: dict[str, object] = {table.row_dimension: cell.row}
            if table.column_dimension is not None:
                row[table.column_dimension] = cell.column
            rows.append(
                row
                | {
                    "label": label,
                    f"share_of_{unit}": float(intervals.share[k]),
                    "low": None if is_refused else float(intervals.low[k]),
                    "high": None if is_refused else float(intervals.high[k]),
                    "n_questions": intervals.n_questions,
                    "n_traces": intervals.n_traces,
                    "n_sentences": cell.n_sentences,
                    "no_interval_because": intervals.refused,
                    "n_effective": intervals.n_effective,
                    "averaged_over": unit if table.average == "sentences" else table.average,
                }
            )
    shares = [(name, pa.float64()) for name in (f"share_of_{unit}", "low", "high")]
    counts = [(name, pa.int64()) for name in ("n_questions", "n_traces", "n_sentences")]
    groups = [name for name in (table.row_dimension, table.column_dimension) if name is not None]
    texts = [(name, pa.string()) for name in (*groups, "label")]
    last = [("no_interval_because", pa.string()), ("n_effective", pa.float64()), ("averaged_over", pa.string())]
    return pa.Table.from_pylist(rows, pa.schema([*texts, *shares, *counts, *last]))
