"""The graded traces of a run, and what is measured of them: shares or counts of labels, and length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.regression.splines import natural_spline, spline_knots
from rdpt_core.arrays import Bools, Doubles, Ints

LENGTH = "length"
MEASURES = ("share", "count")


@dataclass(frozen=True, slots=True, eq=False)
class Graded:
    """Graded traces with a labelled sentence. Shapes: (n_graded,), unless given.

    Attributes:
        rows: their rows in the table of traces.
        correct: whether the answer is right.
        question, benchmark: numbers of them.
        benchmarks: the benchmarks' names.
        counts: (n_graded, n_labels), sentences of each label.
        labels: names of the labels.
        measure: one of `MEASURES`.
    """

    rows: Ints
    correct: Bools
    question: Ints
    benchmark: Ints
    benchmarks: tuple[str, ...]
    counts: Doubles
    labels: tuple[str, ...]
    measure: str

    @property
    def length(self) -> Ints:
        """(n_graded,), labelled sentences."""
        length: Ints = self.counts.sum(axis=1).astype(np.int64)
        return length

    @property
    def log_length(self) -> Doubles:
        """(n_graded,)."""
        return np.log(self.length)

    def scores(self) -> dict[str, Doubles]:
        """(n_graded,) each: the measure of every label."""
        return {label: measured(self.counts, k, self.measure) for k, label in enumerate(self.labels)}

    def predictors(self) -> dict[str, Doubles]:
        """(n_graded,) each: the measure of every label as regressions take it.

        Counts are taken as log(1 + count): a trace that repeats itself a thousand times would else decide alone what
        one more sentence is worth.
        """
        scores = self.scores()
        return scores if self.measure == "share" else {label: np.log1p(score) for label, score in scores.items()}

    def standardised(self, values: Doubles) -> Doubles:
        """Centred within benchmarks, then of unit spread; zeros if nothing varies."""
        if not len(values):
            return values
        _, number = np.unique(self.benchmark, return_inverse=True)
        centred = values - (np.bincount(number, values) / np.bincount(number))[number]
        spread = centred.std()
        result: Doubles = centred / spread if spread > 1e-12 else np.zeros_like(centred)
        return result


def graded_of(traces: TraceTable, counts: Doubles, labels: Sequence[str], measure: str) -> Graded:
    """The graded traces among all of a table.

    Args:
        counts: (n_traces, n_labels), sentences of each label.
        measure: one of `MEASURES`.
    """
    rows = np.flatnonzero((traces.correct >= 0) & (counts.sum(axis=1) > 0))
    return Graded(
        rows,
        traces.correct[rows] == 1,
        traces.question[rows],
        traces.codes["benchmark"][rows],
        traces.names["benchmark"],
        counts[rows],
        tuple(labels),
        measure,
    )


def measured(counts: Doubles, k: int, measure: str) -> Doubles:
    """(n,), the share or count of label number `k`; a share is NaN where nothing is labelled."""
    if measure == "count":
        return counts[:, k]
    total = counts.sum(axis=1)
    share: Doubles = np.divide(counts[:, k], total, out=np.full(len(counts), np.nan), where=total > 0)
    return share


def curve(values: Doubles) -> Doubles:
    """(n, 1 to 3), the columns of a smooth curve of these values in a regression; the first are the values."""
    return natural_spline(values, spline_knots(values)) if len(values) else values[:, None]
