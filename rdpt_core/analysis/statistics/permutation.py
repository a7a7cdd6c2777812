"""A permutation test of correctness within questions: hard questions cannot pass for an effect of the labels.

Shuffling correctness among the traces of one question leaves the question's difficulty where it is. Only questions with
both correct and incorrect traces can say anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, ndtr

from rdpt_core.analysis.statistics.resampling import SEED
from rdpt_core.arrays import Bools, Doubles, Ints

N_PERMUTATIONS = 2000
MIN_ARRANGEMENTS = 100
"""With fewer ways to shuffle, no p-value could be small whatever the data."""

SMALLEST_P = 1 / (1 + N_PERMUTATIONS)
"""No p-value is smaller, however it was found: so many shuffles cannot tell more, and a normal limit is not to be
trusted so far out."""

# Differences within a question below this part of the largest score are what rounding leaves of equal scores.
_ROUNDING = 1e-12

# Above this many shuffled values the normal limit with the exact variance stands for the shuffles.
_MAX_VALUES = 6_000_000


@dataclass(frozen=True, slots=True, eq=False)
class PermutationTest:
    """Difference between correct and incorrect traces of the same question.

    Attributes:
        value: (k,), mean score of correct minus incorrect traces within questions; NaN if no question is informative.
        p_value: (k,), two-sided, at least `SMALLEST_P`; NaN where refused.
        n_informative: questions with both correct and incorrect traces.
        n_traces: their traces.
        is_exact: whether correctness was really shuffled, rather than its normal limit taken.
        refused: why there is no p-value; None if there is one.
    """

    value: Doubles
    p_value: Doubles
    n_informative: int
    n_traces: int
    is_exact: bool
    refused: str | None


def permute_within_questions(score: Doubles, correct: Bools, question: Ints, seed: int = SEED) -> PermutationTest:
    """Test whether scores differ between correct and incorrect traces of the same question.

    The statistic is `sum over traces of (correct - the question's mean) * score`; its expectation under shuffling is 0.

    Args:
        score: (n_traces, k), finite.
        correct: (n_traces,).
        question: (n_traces,), equal for traces of the same question.
        seed: the same seed and input give the same p-values.
    """
    _, question_no, n = np.unique(question, return_inverse=True, return_counts=True)
    n_correct = np.bincount(question_no, correct, len(n))
    is_informative = (n_correct > 0) & (n_correct < n)
    rows = np.flatnonzero(is_informative[question_no])
    rows = rows[np.argsort(question_no[rows], kind="stable")]
    n, n_correct = n[is_informative], n_correct[is_informative]
    missing = np.full(score.shape[1], np.nan)
    if not len(n):
        return PermutationTest(missing, missing, 0, 0, True, "no question has both correct and incorrect traces")
    question_of_row = np.repeat(np.arange(len(n)), n)
    values = score[rows]
    first = np.concatenate([[0], np.cumsum(n)[:-1]])
    values = values - (np.add.reduceat(values, first, axis=0) / n[:, None])[question_of_row]
    values[np.abs(values) <= _ROUNDING * np.abs(score[rows]).max(axis=0)] = 0.0
    # Scores are centred within questions, so the statistic is the sum over correct traces.
    observed = values[correct[rows]].sum(axis=0)
    value = observed / (n_correct * (n - n_correct) / n).sum()
    arrangements = float((gammaln(n + 1) - gammaln(n_correct + 1) - gammaln(n - n_correct + 1)).sum())
    if arrangements < math.log(MIN_ARRANGEMENTS):
        refused = (
            f"only {len(n)} question{'' if len(n) == 1 else 's'} with both correct and incorrect traces, too few ways "
            "to shuffle"
        )
        return PermutationTest(value, missing, len(n), len(rows), True, refused)
    if len(rows) * N_PERMUTATIONS > _MAX_VALUES:
        square = np.add.reduceat(values**2, first, axis=0)
        variance = ((n_correct * (n - n_correct) / (n * np.maximum(n - 1, 1)))[:, None] * square).sum(axis=0)
        z = np.abs(observed) / np.sqrt(np.where(variance > 0, variance, np.inf))
        return PermutationTest(value, np.maximum(2 * ndtr(-z), SMALLEST_P), len(n), len(rows), False, None)
    # The first rows of each question count as correct; sorting random keys within questions shuffles who they are.
    pattern = (np.arange(len(rows)) - first[question_of_row] < n_correct[question_of_row]).astype(np.float64)
    rng = np.random.default_rng(seed)
    at_least = np.zeros(score.shape[1])
    for _ in range(N_PERMUTATIONS):
        order = np.argsort(question_of_row + rng.random(len(rows)))
        at_least += np.abs(pattern @ values[order]) >= np.abs(observed) * (1 - 1e-9)
    return PermutationTest(value, (1 + at_least) / (1 + N_PERMUTATIONS), len(n), len(rows), True, None)
