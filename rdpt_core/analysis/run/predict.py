"""Does a label go with correct answers? Counts and shares of labels against correctness, and against length.

A longer trace holds more of every label, and sentences whose first token is hard to predict lose probability when they
are short. So length stands beside every label, in the fits as a covariate, and the labels are also counted without each
sentence's first token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.auc import Auc, auc_within
from rdpt_core.analysis.statistics.logistic import LogisticFit, fit_logistic
from rdpt_core.arrays import Doubles, Ints

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
    """Log-odds per standard deviation of a label's measure, alone and beside length; `length` is length's own part.

    Attributes:
        correlation: of the label's measure with length, within benchmarks.
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


def predict_correctness(
    facts: TraceTable,
    counts: Doubles,
    labels: Sequence[str],
    measure: str,
    without_first: Doubles | None = None,
) -> Prediction:
    """AUCs and fits of every label.

    Args:
        counts: (n_traces, n_labels), sentences of each label.
        measure: one of `MEASURES`.
        without_first: counts of labels that leave out each sentence's first token.
    """
    graded = np.flatnonzero((facts.correct >= 0) & (counts.sum(axis=1) > 0))
    correct, question = facts.correct[graded] == 1, facts.question[graded]
    benchmark = facts.codes["benchmark"][graded]
    length = counts[graded].sum(axis=1)
    scores = {label: _measure(counts[graded], k, measure) for k, label in enumerate(labels)} | {LENGTH: length}
    aucs = []
    for predictor, score in scores.items():
        for code, name in enumerate(facts.names["benchmark"]):
            here = benchmark == code
            if here.any():
                aucs.append(
                    AucRow(predictor, name, auc_within(score[here], correct[here], benchmark[here], question[here]))
                )
        aucs.append(AucRow(predictor, ALL, auc_within(score, correct, benchmark, question)))
        aucs.append(AucRow(predictor, SAME_QUESTION, auc_within(score, correct, question, question)))
    long = _standard(np.log(length), benchmark)
    fits = []
    for label in labels:
        own = _standard(scores[label], benchmark)
        fits.append(
            FitRow(
                label,
                fit_logistic(own[:, None], correct, question, benchmark),
                fit_logistic(np.column_stack([own, long]), correct, question, benchmark),
                float((own * long).mean()) if len(own) else float("nan"),
            )
        )
    other: tuple[AucRow, ...] = ()
    if without_first is not None:
        left = without_first[graded]
        other = tuple(
            AucRow(label, ALL, auc_within(_measure(left, k, measure), correct, benchmark, question))
            for k, label in enumerate(labels)
        )
    return Prediction(
        measure,
        tuple(aucs),
        tuple(fits),
        fit_logistic(long[:, None], correct, question, benchmark),
        other,
        len(graded),
        int(((facts.correct < 0) & (counts.sum(axis=1) > 0)).sum()),
    )


def _measure(counts: Doubles, k: int, measure: str) -> Doubles:
    if measure == "count":
        return counts[:, k]
    total = counts.sum(axis=1)
    share: Doubles = np.divide(counts[:, k], total, out=np.full(len(counts), np.nan), where=total > 0)
    return share


def _standard(values: Doubles, group: Ints) -> Doubles:
    """Centred within groups, then of unit spread; zeros if nothing varies."""
    if not len(values):
        return values
    _, place = np.unique(group, return_inverse=True)
    centred = values - (np.bincount(place, values) / np.bincount(place))[place]
    spread = centred.std()
    standard: Doubles = centred / spread if spread > 1e-12 else np.zeros_like(centred)
    return standard


def prediction_table(found: Prediction) -> pa.Table:
    """One row an AUC or odds ratio, with interval (NULL where refused) and counts."""
    rows = []
    for label, source in (("AUC", found.aucs), ("AUC without first tokens", found.without_first)):
        for row in source:
            a = row.auc
            rows.append(_row(label, row.predictor, row.group, (a.value, a.low, a.high), a.n_questions, a.refused))
            rows[-1]["n_traces"] = a.n_correct + a.n_incorrect
    for fit in found.fits:
        for name, result in (("odds ratio alone", fit.alone), ("odds ratio beside length", fit.beside_length)):
            values = tuple(float(np.exp(v[0])) for v in (result.coefficient, result.low, result.high))
            rows.append(_row(name, fit.predictor, ALL, values, result.n_questions, result.refused))
            rows[-1]["n_traces"] = result.n_traces
    return pa.Table.from_pylist(rows)


def _row(
    statistic: str, predictor: str, group: str, values: tuple[float, ...], n_questions: int, refused: str | None
) -> dict[str, object]:
    value, low, high = (None if np.isnan(v) else float(v) for v in values)
    return {
        "statistic": statistic,
        "predictor": predictor,
        "group": group,
        "value": value,
        "low": low,
        "high": high,
        "n_questions": n_questions,
        "n_traces": 0,
        "no_interval_because": refused,
    }
