"""Does a label go with correct answers? Counts and shares of labels against correctness, and against length.

A longer trace holds more of every label, and sentences whose first token is hard to predict lose probability when they
are short. So length stands beside every label, and the labels are also counted without each sentence's first token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.run.predict.added import Step, added_value
from rdpt_core.analysis.run.predict.aucs import AucRow, GapRow, adjusted, all_aucs, all_gaps, pooled_auc
from rdpt_core.analysis.run.predict.graded import Graded, graded_of, measured
from rdpt_core.analysis.run.predict.odds import FitRow, LengthFit, all_odds, fit_length
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.arrays import Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Everything on correctness, for one measure.

    Attributes:
        measure: a label's share of a trace's sentences, or its count.
        aucs: of every label and of length.
        gaps: every label against length, over the same pairs.
        fits: odds ratios of every label.
        length: odds ratio of length alone, and whether a straight line misfits.
        added: what labels add for questions left out; empty with too few questions.
        without_first: pooled AUC of each label counted without the first tokens of sentences; empty if not asked for.
        n_questions: questions of the graded traces.
        n_effective: of how many equal questions they are worth.
    """

    measure: str
    aucs: tuple[AucRow, ...]
    gaps: tuple[GapRow, ...]
    fits: tuple[FitRow, ...]
    length: LengthFit
    added: tuple[Step, ...]
    without_first: tuple[AucRow, ...]
    n_graded: int
    n_ungraded: int
    n_questions: int
    n_effective: float

    def auc(self, predictor: str, group: str) -> AucRow:
        """The AUC of a label, or of length, over one group of pairs."""
        return next(row for row in self.aucs if (row.predictor, row.group) == (predictor, group))

    def fit(self, predictor: str) -> FitRow:
        """The odds ratios of a label."""
        return next(row for row in self.fits if row.predictor == predictor)


def predict_correctness(
    traces: TraceTable,
    counts: Doubles,
    labels: Sequence[str],
    measure: str,
    logprobs: Doubles,
    without_first: Doubles | None = None,
) -> Prediction:
    """AUCs, odds ratios and added value of every label.

    Args:
        counts: (n_traces, n_labels), sentences of each label.
        measure: one of `graded.MEASURES`.
        logprobs: (n_traces, n_roles), mean logprob of each trace in nats; NaN where nothing of it is scored.
        without_first: (n_traces, n_labels), counts of labels that leave out each sentence's first token.
    """
    graded = graded_of(traces, counts, labels, measure)
    is_labelled = counts.sum(axis=1) > 0
    _, sizes = np.unique(graded.question, return_counts=True)
    return Prediction(
        measure=measure,
        aucs=all_aucs(graded),
        gaps=all_gaps(graded),
        fits=all_odds(graded),
        length=fit_length(graded),
        added=added_value(graded, logprobs[graded.rows]),
        without_first=() if without_first is None else _without_first(graded, without_first),
        n_graded=len(graded.rows),
        n_ungraded=int(((traces.correct < 0) & is_labelled).sum()),
        n_questions=len(sizes),
        n_effective=float(effective_number(sizes)),
    )


def _without_first(graded: Graded, counts: Doubles) -> tuple[AucRow, ...]:
    scores = (measured(counts[graded.rows], k, graded.measure) for k in range(len(graded.labels)))
    return adjusted([pooled_auc(graded, label, score) for label, score in zip(graded.labels, scores, strict=True)])
