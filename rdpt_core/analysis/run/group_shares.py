"""Label shares of groups of traces in rows and columns, with intervals, and the difference between any two of them.

All cells come from the same resamples of questions. So a difference of two cells is a paired one by itself where they
share questions, and an independent one where they do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.intervals import ShareIntervals, refusal
from rdpt_core.analysis.statistics.resampling import acceleration, bca_interval, percentile_interval, resample_sums
from rdpt_core.arrays import Bools, Doubles, Floats, Ints

DIMENSIONS = ("benchmark", "domain", "model", "run", "difficulty", "correctness")
# A question has one value of these, so that its resamples can keep the number of questions of each value.
_OF_QUESTION = ("benchmark", "domain", "difficulty")


@dataclass(frozen=True, slots=True, eq=False)
class RunCounts:
    """The traces of one run that are counted.

    Attributes:
        counts: (n_traces, n_labels), how much of each trace carries each label, in sentences or in tokens.
        n_sentences: (n_traces,), scored sentences.
    """

    run: str
    facts: TraceTable
    counts: Doubles
    n_sentences: Ints


@dataclass(frozen=True, slots=True, eq=False)
class CrossCell:
    """One group of traces. `members` are places in the parts that were grouped: (part, trace) numbers."""

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
        draws: (n_resamples, n_cells, n_labels) shares, NaN where a resample holds nothing of a cell.
        questions: (n_questions, n_cells), whether a cell has something of a question.
    """

    row_dimension: str
    column_dimension: str | None
    labels: tuple[str, ...]
    cells: tuple[CrossCell, ...]
    draws: Floats
    questions: Bools


@dataclass(frozen=True, slots=True)
class Difference:
    """Shares of one cell minus those of another. Shapes: (n_labels,); ends are NaN where refused.

    Attributes:
        n_shared: questions that both cells have.
        n_questions: of the first and the second cell.
    """

    value: Doubles
    low: Doubles
    high: Doubles
    n_shared: int
    n_questions: tuple[int, int]
    refused: str | None

    @property
    def is_paired(self) -> bool:
        """Whether both cells have exactly the same questions."""
        return self.n_shared == self.n_questions[0] == self.n_questions[1]


def cross_tabulate(parts: Sequence[RunCounts], labels: Sequence[str], row: str, column: str | None) -> CrossTable:
    """Group traces by one or two dimensions.

    Args:
        parts: one or more runs; with several, `run` should be one of the dimensions.
        row: one of `DIMENSIONS`.
        column: another one, or None.
    """
    dimensions = (row,) if column is None else (row, column)
    names = {dimension: _names(parts, dimension) for dimension in dimensions}
    keys = list(dict.fromkeys(key for part in parts for key in part.facts.question_keys))
    number = {key: place for place, key in enumerate(keys)}
    flat = [_flat(part, names) for part in parts]
    width = len(names[column]) if column is not None else 1
    sums = _sums(parts, flat, number, len(names[row]) * width, len(labels))
    filled = np.flatnonzero(sums.sum(axis=(0, 2)) > 0)
    sums = sums[:, filled]
    drawn = np.empty((0, len(filled), len(labels)), np.float32)
    if len(filled):
        drawn = resample_sums(sums, _strata(parts, keys, number, dimensions))
    with np.errstate(invalid="ignore"):
        drawn /= drawn.sum(axis=2, keepdims=True)
    has = sums.sum(axis=2) > 0
    ends = _intervals(sums, has, drawn)
    order = names[column] if column is not None else ("",)
    cells = tuple(
        _cell(
            parts,
            flat,
            int(code),
            (names[row][code // width], order[code % width]),
            sums[:, place],
            has[:, place],
            tuple(end[place] for end in ends),
        )
        for place, code in enumerate(filled)
    )
    return CrossTable(row, column, tuple(labels), cells, drawn, has)


def _sums(
    parts: Sequence[RunCounts], flat: Sequence[Ints], number: dict[tuple[str, str], int], n_cells: int, n_labels: int
) -> Doubles:
    """(n_questions, n_cells, n_labels), what each question adds to each cell."""
    slots = []
    for part, here in zip(parts, flat, strict=True):
        matched = np.array([number[key] for key in part.facts.question_keys], np.int64)
        slots.append(matched[part.facts.question] * n_cells + here)
    slot, amount = np.concatenate(slots), np.concatenate([part.counts for part in parts])
    size = len(number) * n_cells
    sums = np.stack([np.bincount(slot, amount[:, k], size) for k in range(n_labels)], axis=1).astype(np.float64)
    return sums.reshape(len(number), n_cells, n_labels)


def _flat(part: RunCounts, names: dict[str, tuple[str, ...]]) -> Ints:
    """(n_traces,), the number of each trace's cell: row by row."""
    place = np.zeros(len(part.counts), np.int64)
    for dimension, values in names.items():
        place = place * len(values) + _places(part, dimension, values)
    return place


def _cell(
    parts: Sequence[RunCounts],
    flat: Sequence[Ints],
    code: int,
    name: tuple[str, str],
    sums: Doubles,
    has: Bools,
    ends: tuple[Doubles, ...],
) -> CrossCell:
    members = tuple(
        np.flatnonzero((here == code) & (part.counts.sum(axis=1) > 0)) for here, part in zip(flat, parts, strict=True)
    )
    n_sentences = sum(int(part.n_sentences[found].sum()) for part, found in zip(parts, members, strict=True))
    n_questions, n_traces = int(has.sum()), sum(len(found) for found in members)
    share, low, high = ends
    intervals = ShareIntervals(share, low, high, n_questions, n_traces, int(sums.sum()), refusal(n_questions))
    return CrossCell(*name, intervals, n_sentences, members)


def _names(parts: Sequence[RunCounts], dimension: str) -> tuple[str, ...]:
    if dimension == "run":
        return tuple(part.run for part in parts)
    return tuple(dict.fromkeys(name for part in parts for name in part.facts.names[dimension]))


def _places(part: RunCounts, dimension: str, names: Sequence[str]) -> Ints:
    if dimension == "run":
        return np.full(len(part.counts), names.index(part.run), np.int64)
    place = np.array([names.index(name) for name in part.facts.names[dimension]], np.int64)
    return place[part.facts.codes[dimension]] if len(place) else np.zeros(0, np.int64)


def _strata(
    parts: Sequence[RunCounts],
    keys: Sequence[tuple[str, str]],
    number: dict[tuple[str, str], int],
    dimensions: Sequence[str],
) -> Ints:
    """(n_questions,): questions with the same values of the dimensions that belong to questions are drawn together."""
    stratum = np.zeros(len(keys), np.int64)
    for dimension in dimensions:
        if dimension not in _OF_QUESTION:
            continue
        names = _names(parts, dimension)
        value = np.zeros(len(keys), np.int64)
        for part in parts:
            if part.facts.n_questions:
                place = np.array([names.index(name) for name in part.facts.names[dimension]], np.int64)
                value[[number[key] for key in part.facts.question_keys]] = place[part.facts.question_codes(dimension)]
        stratum = stratum * len(names) + value
    return stratum


def _intervals(sums: Doubles, has: Bools, drawn: Floats) -> tuple[Doubles, Doubles, Doubles]:
    """Share, low and high end. Shapes: `sums` (n_questions, n_cells, n_labels), results (n_cells, n_labels)."""
    total = sums.sum(axis=0)
    share = total / total.sum(axis=1, keepdims=True)
    n_questions = has.sum(axis=0)
    low, high = np.full_like(share, np.nan), np.full_like(share, np.nan)
    enough = np.array([refusal(int(n)) is None for n in n_questions], bool)
    if enough.any():
        rest = total[enough] - sums[:, enough]
        left = np.where(has[:, enough, None], rest / np.maximum(rest.sum(axis=2, keepdims=True), 1), np.nan)
        n = np.repeat(n_questions[enough][:, None], share.shape[1], axis=1)
        low[enough], high[enough] = bca_interval(drawn[:, enough], share[enough], acceleration(left), n)
    return share, low, high


def difference(cells: CrossTable, first: int, second: int) -> Difference:
    """The shares of cell `first` minus those of cell `second`, places in `cells.cells`."""
    one, two = cells.cells[first].intervals, cells.cells[second].intervals
    n_shared = int((cells.questions[:, first] & cells.questions[:, second]).sum())
    fewest = min(one.n_questions, two.n_questions)
    refused = refusal(fewest)
    missing = np.full(len(cells.labels), np.nan)
    low, high = missing, missing
    if refused is None:
        low, high = percentile_interval(cells.draws[:, first] - cells.draws[:, second], fewest)
    return Difference(one.share - two.share, low, high, n_shared, (one.n_questions, two.n_questions), refused)


def cross_table_rows(cells: CrossTable, unit: str) -> pa.Table:
    """One row a cell and label: share, interval (NULL where refused) and all counts.

    Args:
        unit: what was counted, `sentences` or `tokens`.
    """
    rows = []
    for cell in cells.cells:
        found = cell.intervals
        for k, label in enumerate(cells.labels):
            row: dict[str, object] = {cells.row_dimension: cell.row}
            if cells.column_dimension is not None:
                row[cells.column_dimension] = cell.column
            refused = found.refused is not None
            rows.append(
                row
                | {
                    "label": label,
                    f"share_of_{unit}": float(found.share[k]),
                    "low": None if refused else float(found.low[k]),
                    "high": None if refused else float(found.high[k]),
                    "n_questions": found.n_questions,
                    "n_traces": found.n_traces,
                    "n_sentences": cell.n_sentences,
                    "no_interval_because": found.refused,
                }
            )
    return pa.Table.from_pylist(rows)
