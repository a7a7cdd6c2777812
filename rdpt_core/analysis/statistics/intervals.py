"""Intervals for shares, by a cluster bootstrap. The unit of inference is the question, never the sentence.

Sentences of one trace resemble each other, and so do traces of one question. So every resample draws questions with
replacement, each with all of its traces (`resampling` tells why these are not drawn once more).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.statistics.resampling import (
    LEVEL,
    MIN_QUESTIONS,
    SEED,
    acceleration,
    bca_interval,
    resample_sums,
    resamples_for,
)
from rdpt_core.arrays import Doubles, Ints

__all__ = ["INTERVAL_METHOD", "LEVEL", "MIN_QUESTIONS", "ShareIntervals", "bootstrap_shares", "none_if_nan", "refusal"]

INTERVAL_METHOD = (
    f"Intervals are {LEVEL:.0%} BCa bootstrap intervals that resample questions, each with all of its traces "
    f"({resamples_for(1):,} resamples, {resamples_for(10**6):,} above 1,000 questions; seed {SEED}; tails widened for "
    f"few questions); fewer than {MIN_QUESTIONS} questions get none."
)
"""For a methods paragraph."""


@dataclass(frozen=True, slots=True)
class ShareIntervals:
    """Shares of k labels (or grades) with intervals.
    Attributes:
        share: (k,), sums to 1, or NaN where nothing was counted.
        low: (k,) lower ends; NaN where refused.
        high: (k,) upper ends; NaN where refused.
        n_questions: questions of which something was counted.
        n_traces: traces of which something was counted.
        n_counted: how much was counted, such as sentences, tokens or traces.
        refused: why there is no interval; None if there is one.
    """

    share: Doubles
    low: Doubles
    high: Doubles
    n_questions: int
    n_traces: int
    n_counted: int
    refused: str | None


def refusal(n_questions: int) -> str | None:
    """Why so few questions get no interval; None if they are enough."""
    if n_questions >= MIN_QUESTIONS:
        return None
    return f"only {n_questions} question{'' if n_questions == 1 else 's'}; an interval needs {MIN_QUESTIONS}"


def none_if_nan(value: float) -> float | None:
    """A number for a table, where NaN, for what is not known, becomes NULL."""
    return None if np.isnan(value) else float(value)


def bootstrap_shares(counts: Ints, question: Ints, *, level: float = LEVEL, seed: int = SEED) -> ShareIntervals:
    """Share of each label in all that is counted, with a BCa interval (Efron 1987) from resampled questions.

    The share equals `counts.sum(axis=0) / counts.sum()`.

    Args:
        counts: (n_traces, k), how much of each trace carries each label.
        question: (n_traces,), equal for traces of the same question.
        level: the interval's coverage, between 0 and 1.
        seed: the same seed and input give the same interval.
    """
    is_counted = counts.sum(axis=1) > 0
    counts, question = counts[is_counted], question[is_counted]
    _, question_no = np.unique(question, return_inverse=True)
    n_questions, n_labels = int(question_no.max(initial=-1)) + 1, counts.shape[1]
    sums = np.column_stack([np.bincount(question_no, counts[:, k], n_questions) for k in range(n_labels)])
    total = sums.sum(axis=0)
    n_counted = int(total.sum())
    missing = np.full(n_labels, np.nan)
    share = total / n_counted if n_counted else missing
    low, high, refused = missing, missing, refusal(n_questions)
    if refused is None:
        drawn = resample_sums(sums, np.zeros(n_questions, np.int64), seed=seed)
        rest = total - sums
        skewness = acceleration(rest / rest.sum(axis=1, keepdims=True))
        shares = drawn / drawn.sum(axis=1, keepdims=True)
        low, high = bca_interval(shares, share, skewness, n_questions, level)
    return ShareIntervals(share, low, high, n_questions, len(question), n_counted, refused)
