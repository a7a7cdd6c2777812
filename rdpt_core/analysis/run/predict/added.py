"""What labels add to what is already known of a trace: its length, and its mean logprobs under the models.

Labels are made of the models' probabilities. If the three mean logprobs of a trace foretell correctness as well without
labels as with them, the labels say nothing more about it. All numbers enter as smooth curves, and are judged on
questions that the fit has not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.run.predict.graded import Graded, curve
from rdpt_core.analysis.statistics.intervals import MIN_QUESTIONS
from rdpt_core.analysis.statistics.regression.cross_validation import QuestionMean, held_out_losses, mean_over_questions
from rdpt_core.arrays import Doubles
from rdpt_core.store.reader import Reader, Run

BENCHMARK = "benchmark"
LENGTH_CURVE = "length"
LOGPROBS = "mean logprobs"
LABELS = "labels"


@dataclass(frozen=True, slots=True)
class Step:
    """A set of predictors, and what its last one adds.

    Attributes:
        known: what the prediction knows, in the order in which it was added.
        loss: mean log loss in nats on questions left out, each question counting once.
        added: how much the loss changes by what came last, question by question; below 0 if it helps. None for the
            first step.
    """

    known: tuple[str, ...]
    loss: QuestionMean
    added: QuestionMean | None


def mean_logprobs(reader: Reader, run: Run, *, marks: bool = False) -> Doubles:
    """(n_scored_traces, n_roles), the mean logprob of a trace's scored tokens under each role, in nats, in trace order.

    NaN where a trace has no scored sentence.

    Args:
        marks: whether marks of format count.
    """
    scored = f"FILTER (WHERE unscored_reason IS NULL AND ({marks} OR NOT is_mark))"
    means = ", ".join(f"sum(logprob_sum_{r}) {scored} / sum(n_tokens_{r}) {scored} AS {r}" for r in run.roles)
    table = reader.query(
        f"SELECT {means} FROM sentences WHERE run_no = {run.run_no:d} GROUP BY trace_no ORDER BY trace_no"
    )
    return np.column_stack([table.column(role).to_numpy() for role in run.roles]).astype(np.float64)


def added_value(graded: Graded, logprobs: Doubles) -> tuple[Step, ...]:
    """Benchmark → + length → + labels, and → + length → + mean logprobs → + labels; empty with too few questions.

    Args:
        logprobs: (n_graded, n_roles), finite.
    """
    if len(np.unique(graded.question)) < MIN_QUESTIONS:
        return ()
    columns = {
        LENGTH_CURVE: curve(graded.log_length),
        LOGPROBS: np.column_stack([curve(column) for column in logprobs.T]),
        LABELS: np.column_stack([curve(values) for values in graded.predictors().values()]),
    }
    losses: dict[tuple[str, ...], Doubles] = {}
    steps = []
    for known in (
        (BENCHMARK,),
        (BENCHMARK, LENGTH_CURVE),
        (BENCHMARK, LENGTH_CURVE, LABELS),
        (BENCHMARK, LENGTH_CURVE, LOGPROBS),
        (BENCHMARK, LENGTH_CURVE, LOGPROBS, LABELS),
    ):
        predictors = np.column_stack([np.empty((len(graded.rows), 0)), *(columns[name] for name in known[1:])])
        losses[known] = held_out_losses(predictors, graded.correct, graded.question, graded.benchmark)
        before = losses.get(known[:-1])
        steps.append(
            Step(
                known,
                mean_over_questions(losses[known], graded.question),
                None if before is None else mean_over_questions(losses[known] - before, graded.question),
            )
        )
    return tuple(steps)
