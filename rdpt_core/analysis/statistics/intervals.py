"""Intervals for shares. The unit of inference is the question, never the sentence.

Sentences of one trace resemble each other, and so do traces of one question. So every resample draws questions with
replacement, each with all of its traces (`resampling` tells why these are not drawn once more). Where a share is 0, 1
or rare, resamples say too little; no interval is narrower than the one of `exact`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from rdpt_core.analysis.statistics.exact import clustered_variance, effective_number, korn_graubard
from rdpt_core.analysis.statistics.resampling import (
    LEVEL,
    MIN_QUESTIONS,
    SEED,
    acceleration,
    bca_interval,
    resample_sums,
)
from rdpt_core.arrays import Doubles, Ints

__all__ = [
    "AVERAGES",
    "LEVEL",
    "MIN_QUESTIONS",
    "Average",
    "ShareIntervals",
    "bootstrap_shares",
    "equalised",
    "none_if_nan",
    "refusal",
    "share_ends",
    "shares_of_groups",
]

Average = Literal["sentences", "traces", "questions"]
AVERAGES: tuple[Average, ...] = get_args(Average)
"""What weighs the same in a share: every sentence (or token), every trace, or every question."""


@dataclass(frozen=True, slots=True)
class ShareIntervals:
    """Shares of k labels (or grades) with intervals.

    Attributes:
        share: (k,), sums to 1, or NaN where nothing was counted.
        low: (k,) lower ends; NaN where refused.
        high: (k,) upper ends; NaN where refused.
        n_questions: questions of which something was counted.
        n_effective: how many equally heavy questions they are worth.
        n_traces: traces of which something was counted.
        n_counted: how much was counted, such as sentences, tokens or traces.
        refused: why there is no interval; None if there is one.
    """

    share: Doubles
    low: Doubles
    high: Doubles
    n_questions: int
    n_effective: float
    n_traces: int
    n_counted: int
    refused: str | None


def refusal(n_questions: int, n_effective: float | None = None) -> str | None:
    """Why so few questions get no interval; None if they are enough.

    Args:
        n_effective: what they are worth, if they differ in weight.
    """
    worth = n_questions if n_effective is None else round(float(n_effective))
    if worth >= MIN_QUESTIONS:
        return None
    if n_questions < MIN_QUESTIONS:
        return f"only {n_questions} question{'' if n_questions == 1 else 's'}; an interval needs {MIN_QUESTIONS}"
    return (
        f"few of the {n_questions:,} questions hold most of the weight, so they are worth {worth}; "
        f"an interval needs {MIN_QUESTIONS}"
    )


def none_if_nan(value: float) -> float | None:
    """A number for a table, where NaN, for what is not known, becomes NULL."""
    return None if np.isnan(value) else float(value)


def equalised(counts: npt.NDArray[np.number], question: Ints, average: Average) -> Doubles:
    """The counts, divided so that every sentence, every trace or every question weighs the same.

    By `questions`, a question weighs 1, and each of its traces the same part of it. Shape: that of `counts`.

    Args:
        counts: (n_traces, k).
        question: (n_traces,), from 0.
    """
    if average == "sentences":
        return np.asarray(counts, dtype=np.float64)
    total = counts.sum(axis=1).astype(np.float64)
    shares: Doubles = np.asarray(counts, dtype=np.float64) / np.where(total > 0, total, 1)[:, None]
    if average == "traces":
        return shares
    n_traces = np.bincount(question, total > 0)
    shares /= np.maximum(n_traces, 1)[question][:, None]
    return shares


def bootstrap_shares(
    counts: npt.NDArray[np.number],
    question: Ints,
    *,
    average: Average = "sentences",
    level: float = LEVEL,
    seed: int = SEED,
) -> ShareIntervals:
    """Share of each label in all that is counted, with an interval over questions; see `share_ends`.

    By `sentences`, the share equals `counts.sum(axis=0) / counts.sum()`; by `traces`, the mean of the shares of the
    traces; by `questions`, the mean over questions of the mean of their traces.

    Args:
        counts: (n_traces, k), how much of each trace carries each label.
        question: (n_traces,), equal for traces of the same question.
        average: what weighs the same.
        level: the interval's coverage, between 0 and 1.
        seed: the same seed and input give the same interval.
    """
    is_counted = counts.sum(axis=1) > 0
    if not is_counted.any():
        missing = np.full(counts.shape[1], np.nan)
        return ShareIntervals(missing, missing, missing, 0, 0.0, 0, 0, refusal(0))
    counts, question = counts[is_counted], question[is_counted]
    _, question_no = np.unique(question, return_inverse=True)
    weighed = equalised(counts, question_no, average)
    (intervals,) = _several(counts[:, None], weighed[:, None], question_no, level, seed)
    return intervals


def shares_of_groups(counts: npt.NDArray[np.number], question: Ints) -> tuple[ShareIntervals, ...]:
    """The same traces counted in several ways, such as under several thresholds; all from the same resamples.

    Args:
        counts: (n_traces, n_ways, k); every trace has something counted, in each way as much.
        question: (n_traces,), equal for traces of the same question.
    """
    _, question_no = np.unique(question, return_inverse=True)
    return _several(counts, counts, question_no, LEVEL, SEED)


def _several(
    counts: npt.NDArray[np.number], weighed: npt.NDArray[np.number], question: Ints, level: float, seed: int
) -> tuple[ShareIntervals, ...]:
    """Intervals of each way of counting; `weighed` is `counts` made as heavy as it shall be."""
    n_questions, (n_traces, *ways) = int(question.max()) + 1, weighed.shape
    flat = weighed.reshape(n_traces, -1)
    columns = [np.bincount(question, column, n_questions) for column in flat.T]
    sums = np.stack(columns, axis=1).astype(np.float64).reshape(n_questions, *ways)
    n_effective = float(effective_number(sums[:, 0].sum(axis=1)))
    refused = refusal(n_questions, n_effective)
    drawn = np.empty((0, *ways), np.float32)
    if refused is None:
        drawn = resample_sums(sums, np.zeros(n_questions, np.int64), seed=seed)
        drawn /= drawn.sum(axis=2, keepdims=True)
    n_counted = int(counts[:, 0].sum())
    share, low, high = share_ends(sums, drawn, np.full(ways[0], n_counted), level)
    return tuple(
        ShareIntervals(*ends, n_questions, n_effective, n_traces, n_counted, refused)
        for ends in zip(share, low, high, strict=True)
    )


def share_ends(
    sums: Doubles, drawn: npt.NDArray[np.floating], n_counted: Ints, level: float = LEVEL
) -> tuple[Doubles, Doubles, Doubles]:
    """Shares of several groups, and the ends of their intervals.

    An interval is the wider of two at either end: BCa from the resamples (Efron 1987), with tails for the effective
    number of questions, and Korn and Graubard's (1998), with Satterthwaite's degrees of freedom.

    Args:
        sums: (n_questions, n_groups, k), what each question adds.
        drawn: (n_resamples, n_groups, k), shares in resamples of the questions, NaN where a resample has none of a
            group. Not looked at for groups whose questions are too few.
        n_counted: (n_groups,), sentences, tokens or traces.

    Returns:
        Share, low and high end, (n_groups, k); ends are NaN where refused.
    """
    total, weight = sums.sum(axis=0), sums.sum(axis=2)
    share = total / total.sum(axis=1, keepdims=True)
    n_questions, n_effective = (weight > 0).sum(axis=0), effective_number(weight)
    low, high = np.full_like(share, np.nan), np.full_like(share, np.nan)
    given = np.array([refusal(int(n), worth) is None for n, worth in zip(n_questions, n_effective, strict=True)], bool)
    if not given.any():
        return share, low, high
    sums, total, weight, centre = sums[:, given], total[given], weight[:, given], share[given]
    rest = total - sums
    leave_one_out = np.where((weight > 0)[:, :, None], rest / rest.sum(axis=2, keepdims=True), np.nan)
    worth = np.repeat(n_effective[given][:, None], share.shape[1], axis=1)
    bootstrap = bca_interval(drawn[:, given], centre, acceleration(leave_one_out), worth, level)
    terms = (sums - centre * weight[:, :, None]) / total.sum(axis=1)[:, None]
    variance, degrees = clustered_variance(terms, n_questions[given][:, None], worth)
    exact = korn_graubard(centre, variance, degrees, worth, n_counted[given][:, None], level)
    low[given], high[given] = np.minimum(bootstrap[0], exact[0]), np.maximum(bootstrap[1], exact[1])
    return share, low, high
