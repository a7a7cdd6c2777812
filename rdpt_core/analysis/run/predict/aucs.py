"""How well the measure of each label tells correct from incorrect traces, and how well their length does.

Every label is compared with length over the same pairs: pooled with pooled, within questions with within questions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rdpt_core.analysis.run.predict.graded import LENGTH, Graded
from rdpt_core.analysis.statistics.auc import (
    Auc,
    AucGap,
    auc_gap,
    auc_gap_within_questions,
    auc_within,
    auc_within_questions,
)
from rdpt_core.analysis.statistics.holm import holm
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Doubles

ALL = "all benchmarks"
SAME_LENGTH = "about the same length"
SAME_QUESTION = "same question"
OVER_BENCHMARKS = (ALL, SAME_LENGTH, SAME_QUESTION)
"""Groups of pairs from all benchmarks: of the same benchmark, of the same benchmark and about the same length, and of
the same question. All other groups are benchmarks."""


@dataclass(frozen=True, slots=True)
class AucRow:
    """AUC of one predictor over the pairs of one group.

    Attributes:
        predictor: a label, or `LENGTH`.
        group: a benchmark, or one of `OVER_BENCHMARKS`.
        p_holm: the p-value with Holm's adjustment for the labels of such groups; NaN for length, which is no label.
    """

    predictor: str
    group: str
    auc: Auc
    p_holm: float


@dataclass(frozen=True, slots=True)
class GapRow:
    """How much better a label tells correct from incorrect traces than their length, over the same pairs.

    Attributes:
        group: `ALL` or `SAME_QUESTION`.
    """

    predictor: str
    group: str
    gap: AucGap


def all_aucs(graded: Graded) -> tuple[AucRow, ...]:
    """AUC of every label and of length, in each benchmark and over all of them; length last."""
    scores = graded.scores() | {LENGTH: graded.length.astype(np.float64)}
    found = in_parallel(lambda item: list(_aucs(graded, *item)), list(scores.items()))
    return adjusted([row for rows in found for row in rows])


def all_gaps(graded: Graded) -> tuple[GapRow, ...]:
    """Every label against length."""
    length, correct, question = graded.length.astype(np.float64), graded.correct, graded.question
    rows = []
    for label, score in graded.scores().items():
        rows.append(GapRow(label, ALL, auc_gap(score, length, correct, graded.benchmark, question)))
        rows.append(GapRow(label, SAME_QUESTION, auc_gap_within_questions(score, length, correct, question)))
    return tuple(rows)


def pooled_auc(graded: Graded, predictor: str, score: Doubles) -> AucRow:
    """AUC over all pairs of the same benchmark; p not yet adjusted."""
    return _row(predictor, ALL, auc_within(score, graded.correct, graded.benchmark, graded.question))


def adjusted(rows: list[AucRow]) -> tuple[AucRow, ...]:
    """With Holm's adjustment: the labels of all benchmarks are one family, and so are those of each other group."""
    families = [row.group if row.group in OVER_BENCHMARKS else "" for row in rows]
    p_holm = np.full(len(rows), np.nan)
    for family in set(families):
        members = [n for n, row in enumerate(rows) if families[n] == family and row.predictor != LENGTH]
        p_holm[members] = holm(np.array([rows[n].auc.p_value for n in members]))
    return tuple(replace(row, p_holm=float(p)) for row, p in zip(rows, p_holm, strict=True))


def _aucs(graded: Graded, predictor: str, score: Doubles) -> Iterator[AucRow]:
    correct, question, benchmark = graded.correct, graded.question, graded.benchmark
    for code, name in enumerate(graded.benchmarks):
        mask = benchmark == code
        if mask.any():
            yield _row(predictor, name, auc_within(score[mask], correct[mask], benchmark[mask], question[mask]))
    yield pooled_auc(graded, predictor, score)
    if predictor != LENGTH:
        yield _row(predictor, SAME_LENGTH, auc_within(score, correct, benchmark, question, graded.length))
    yield _row(predictor, SAME_QUESTION, auc_within_questions(score, correct, question))


def _row(predictor: str, group: str, auc: Auc) -> AucRow:
    return AucRow(predictor, group, auc, float("nan"))
