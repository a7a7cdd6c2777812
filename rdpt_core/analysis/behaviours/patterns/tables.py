"""Shares of several groups of sentences from the same resamples of questions, so that any two can be subtracted.

Equals `cross_tabulate` with one run a group, for groups that are made of sentences rather than of whole traces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.behaviours.patterns.shapes import Against
from rdpt_core.analysis.run.group_shares import CrossCell, CrossTable, Difference, difference
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.exact import correlation, effective_number, mover
from rdpt_core.analysis.statistics.intervals import ShareIntervals, refusal, share_ends
from rdpt_core.analysis.statistics.resampling import percentile_interval, resample_sums
from rdpt_core.arrays import Doubles, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """One group of sentences.

    Attributes:
        amount: (n_questions, n_labels), sentences of each question with each label.
        n_traces: traces that have one of them.
    """

    amount: Doubles
    n_traces: int


def tabulate(groups: Sequence[Sums], labels: Sequence[str], stratum: Ints | None = None) -> CrossTable:
    """The shares of each group; its cells are in the order of `groups`, empty ones included, whose shares are NaN.

    Args:
        groups: over the same questions.
        labels: what the columns of `Sums.amount` count.
        stratum: (n_questions,), from 0; questions of one stratum are drawn together. By default all are.
    """
    sums = np.stack([group.amount for group in groups], axis=1)
    n_all, n_groups, n_labels = sums.shape
    weight = sums.sum(axis=2)
    counted = weight.sum(axis=0).astype(np.int64)
    drawn = np.full((1, n_groups, n_labels), np.nan, np.float32)
    if n_all:
        drawn = resample_sums(sums, np.zeros(n_all, np.int64) if stratum is None else stratum)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn /= drawn.sum(axis=2, keepdims=True)
        share, low, high = share_ends(sums, drawn, counted)
    n_questions, n_effective = (weight > 0).sum(axis=0), effective_number(weight)
    cells = []
    for index, group in enumerate(groups):
        n, n_counted = int(n_questions[index]), int(counted[index])
        worth = float(n_effective[index]) if n else 0.0
        intervals = ShareIntervals(
            share[index], low[index], high[index], n, worth, group.n_traces, n_counted, refusal(n, worth)
        )
        cells.append(CrossCell(str(index), "", intervals, n_counted, ()))
    return CrossTable("group", None, tuple(labels), tuple(cells), "sentences", drawn, weight > 0, 0)


def pairs(table: CrossTable, names: Sequence[str], first: int = 0) -> tuple[Against, ...]:
    """Cells `first`, `first + 1`, … two by two: a pattern and the rest of each named group."""
    found = []
    for k, name in enumerate(names):
        one, other = first + 2 * k, first + 2 * k + 1
        sides = table.cells[one].intervals, table.cells[other].intervals
        found.append(Against(name, *sides, difference(table, one, other)))
    return tuple(found)


def excess(table: CrossTable, first: tuple[int, int], second: tuple[int, int]) -> Difference:
    """One difference of two cells minus another.

    As in `difference`, the interval is the wider of two at either end: expanded percentiles of common resamples, and
    MOVER from the intervals of both differences. Where neither side varies, percentiles alone would be far too narrow.

    Args:
        first: minuend and subtrahend of the first difference, indices into `table.cells`.
        second: those of the difference that is taken from it.
    """
    one, other = difference(table, *first), difference(table, *second)
    refused = one.refused or other.refused
    n_effective = (min(one.n_effective), min(other.n_effective))
    low = high = np.full(len(table.labels), np.nan)
    if refused is None:
        draws = [table.draws[:, a] - table.draws[:, b] for a, b in (first, second)]
        resampled = percentile_interval(draws[0] - draws[1], min(n_effective))
        sides = [(side.value, side.low, side.high) for side in (one, other)]
        recovered = mover(sides[0], sides[1], correlation(*draws))
        low, high = np.minimum(resampled[0], recovered[0]), np.maximum(resampled[1], recovered[1])
    n_questions = (min(one.n_questions), min(other.n_questions))
    n_shared = int(table.questions[:, [*first, *second]].all(axis=1).sum())
    return Difference(one.value - other.value, low, high, n_shared, n_questions, n_effective, refused)


def strata_of(traces: TraceTable, dimension: str) -> Ints:
    """(n_questions,), which values of a dimension a question's traces have: one number a set of values."""
    held = np.zeros((traces.n_questions, max(1, len(traces.names[dimension]))), bool)
    held[traces.question, traces.codes[dimension]] = True
    # Turned round, so that strata come in the order of their first values.
    return np.unique(~held, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
