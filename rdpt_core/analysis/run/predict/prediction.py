"""Does a label go with correct answers? Counts and shares of labels against correctness, and against length.

A longer trace holds more of every label, and sentences whose first token is hard to predict lose probability when they
are short. So length stands beside every label, in the fits as a covariate, and the labels are also counted without each
sentence's first token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.auc import Auc, auc_within
from rdpt_core.analysis.statistics.intervals import none_if_nan
from rdpt_core.analysis.statistics.logistic import LogisticFit, fit_logistic
from rdpt_core.arrays import Bools, Doubles, Ints

LENGTH = "length"
ALL = "all benchmarks"
SAME_QUESTION = "same question"
MEASURES = ("share", "count")


@dataclass(frozen=True, slots=True)
class AucRow:
    """AUC of one predictor in one group of traces: a benchmark, `ALL` (pairs within benchmarks), or `SAME_QUESTION`."""

    predictor: str
    group: str
    auc: Auc


@dataclass(frozen=True, slots=True)
class FitRow:
    """Log-odds per standard deviation of a label's measure, alone and with length as a covariate.

    Attributes:
        alone: one coefficient, the label's.
        beside_length: two coefficients, the label's and that of the logarithm of length.
        correlation: of the label's measure with the logarithm of length, within benchmarks.
    """

    predictor: str
    alone: LogisticFit
    beside_length: LogisticFit
    correlation: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """Everything on correctness, for one measure.

    Attributes:
        length_alone: the fit with length only.
        without_first: pooled AUC of each label counted without the first tokens of sentences; empty if not asked for.
    """

    measure: str
    aucs: tuple[AucRow, ...]
    fits: tuple[FitRow, ...]
    length_alone: LogisticFit
    without_first: tuple[AucRow, ...]
    n_graded: int
    n_ungraded: int


@dataclass(frozen=True, slots=True, eq=False)
class _Graded:
    """Graded traces with a labelled sentence. Shapes: (n_graded,)."""

    correct: Bools
    question: Ints
    benchmark: Ints

    def aucs(self, predictor: str, score: Doubles, benchmarks: Sequence[str]) -> Iterator[AucRow]:
        """AUC in each benchmark that has such traces, over all of them, and within questions."""
        for code, name in enumerate(benchmarks):
            mask = self.benchmark == code
            if mask.any():
                auc = auc_within(score[mask], self.correct[mask], self.benchmark[mask], self.question[mask])
                yield AucRow(predictor, name, auc)
        yield self.pooled_auc(predictor, score)
        yield AucRow(predictor, SAME_QUESTION, auc_within(score, self.correct, self.question, self.question))

    def pooled_auc(self, predictor: str, score: Doubles) -> AucRow:
        """AUC over all pairs within benchmarks."""
        return AucRow(predictor, ALL, auc_within(score, self.correct, self.benchmark, self.question))

    def fit(self, *predictors: Doubles) -> LogisticFit:
        """Logistic regression of correctness, with an intercept for each benchmark."""
        return fit_logistic(np.column_stack(predictors), self.correct, self.question, self.benchmark)


def predict_correctness(
    traces: TraceTable,
    counts: Doubles,
    labels: Sequence[str],
    measure: str,
    without_first: Doubles | None = None,
) -> Prediction:
    """AUCs and fits of every label.

    Args:
        counts: (n_traces, n_labels), sentences of each label.
        measure: one of `MEASURES`.
        without_first: (n_traces, n_labels), counts of labels that leave out each sentence's first token.
    """
    is_labelled = counts.sum(axis=1) > 0
    rows = np.flatnonzero((traces.correct >= 0) & is_labelled)
    graded = _Graded(traces.correct[rows] == 1, traces.question[rows], traces.codes["benchmark"][rows])
    length = counts[rows].sum(axis=1)
    log_length = _standardised(np.log(length), graded.benchmark)
    scores = {label: _measure(counts[rows], k, measure) for k, label in enumerate(labels)}
    aucs: list[AucRow] = []
    for predictor, score in (scores | {LENGTH: length}).items():
        aucs += graded.aucs(predictor, score, traces.names["benchmark"])
    fits = []
    for label, score in scores.items():
        predictor = _standardised(score, graded.benchmark)
        correlation = float((predictor * log_length).mean()) if len(rows) else float("nan")
        fits.append(FitRow(label, graded.fit(predictor), graded.fit(predictor, log_length), correlation))
    aucs_without_first: list[AucRow] = []
    if without_first is not None:
        for k, label in enumerate(labels):
            aucs_without_first.append(graded.pooled_auc(label, _measure(without_first[rows], k, measure)))
    return Prediction(
        measure=measure,
        aucs=tuple(aucs),
        fits=tuple(fits),
        length_alone=graded.fit(log_length),
        without_first=tuple(aucs_without_first),
        n_graded=len(rows),
        n_ungraded=int(((traces.correct < 0) & is_labelled).sum()),
    )


def _measure(counts: Doubles, k: int, measure: str) -> Doubles:
    if measure == "count":
        return counts[:, k]
    total = counts.sum(axis=1)
    share: Doubles = np.divide(counts[:, k], total, out=np.full(len(counts), np.nan), where=total > 0)
    return share


def _standardised(values: Doubles, group: Ints) -> Doubles:
    """Centred within groups, then of unit spread; zeros if nothing varies."""
    if not len(values):
        return values
    _, number = np.unique(group, return_inverse=True)
    centred = values - (np.bincount(number, values) / np.bincount(number))[number]
    spread = centred.std()
    standardised: Doubles = centred / spread if spread > 1e-12 else np.zeros_like(centred)
    return standardised


def prediction_table(prediction: Prediction) -> pa.Table:
    """One row an AUC or odds ratio, with interval (NULL where refused) and counts."""
    rows = []
    for statistic, aucs in (("AUC", prediction.aucs), ("AUC without first tokens", prediction.without_first)):
        for row in aucs:
            auc, n_traces = row.auc, row.auc.n_correct + row.auc.n_incorrect
            rows.append(
                {"statistic": statistic, "predictor": row.predictor, "group": row.group}
                | _numbers((auc.value, auc.low, auc.high), auc.n_questions, n_traces, auc.refused)
            )
    for fits in prediction.fits:
        for statistic, fit in (("odds ratio alone", fits.alone), ("odds ratio beside length", fits.beside_length)):
            ratio, low, high = (float(np.exp(array[0])) for array in (fit.coefficient, fit.low, fit.high))
            rows.append(
                {"statistic": statistic, "predictor": fits.predictor, "group": ALL}
                | _numbers((ratio, low, high), fit.n_questions, fit.n_traces, fit.refused)
            )
    return pa.Table.from_pylist(rows)


def _numbers(values: Sequence[float], n_questions: int, n_traces: int, refused: str | None) -> dict[str, object]:
    value, low, high = map(none_if_nan, values)
    return {
        "value": value,
        "low": low,
        "high": high,
        "n_questions": n_questions,
        "n_traces": n_traces,
        "no_interval_because": refused,
    }
