"""The signed area between the curves of correct and of incorrect traces, and a test of it within questions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.statistics.exact import correlation, korn_graubard, mover
from rdpt_core.analysis.statistics.permutation import PermutationTest, permute_within_questions
from rdpt_core.analysis.statistics.resampling import percentile_interval
from rdpt_core.arrays import Bools, Doubles, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """Signed area between the curves of correct and of incorrect traces, one value a label.

    Attributes:
        value: (n_labels,), mean height of correct above incorrect over the common positions, as a share.
        low, high: (n_labels,), 95% interval over questions.
        n_points: common positions.
        n_effective: the effective number of questions of either curve where it has fewest.
        test: the same within questions, and its permutation p-value.
    """

    value: Doubles
    low: Doubles
    high: Doubles
    n_points: int
    n_effective: tuple[float, float]
    test: PermutationTest


def signed_area(share: Doubles, drawn: Floats, n_effective: Doubles, n_counted: Doubles, test: PermutationTest) -> Area:
    """The area with its interval: the wider, at either end, of percentiles and of MOVER from both mean heights.

    Args:
        share: (2, n_points, n_labels), of correct and of incorrect traces, over their common positions.
        drawn: (n_resamples, 2, n_points, n_labels), the same in resamples of the questions, NaN where nothing is left.
        n_effective: (2, n_points), the effective number of questions.
        n_counted: (2,), sentences.
    """
    fewest = n_effective.min(axis=1)
    height, draws = share.mean(axis=1), _mean_over_points(drawn)
    gap = draws[:, 0] - draws[:, 1]
    low, high = percentile_interval(gap, float(fewest.min()))
    sides = []
    for line in range(2):
        n = fewest[line]
        variance = np.nanvar(draws[:, line], axis=0, dtype=np.float64) * n / max(1.0, n - 1)
        degrees = np.full_like(variance, max(1.0, n - 1))
        sides.append((height[line], *korn_graubard(height[line], variance, degrees, n, n_counted[line])))
    together = mover(sides[0], sides[1], correlation(draws[:, 0], draws[:, 1]))
    ends = np.minimum(low, together[0]), np.maximum(high, together[1])
    worth = float(fewest[0]), float(fewest[1])
    return Area(height[0] - height[1], *ends, share.shape[1], worth, test)


def _mean_over_points(drawn: Floats) -> Doubles:
    """(n_resamples, 2, n_labels): a resample with nothing at a far position still says something about the others.

    Positions count where both curves have something, so that their difference is one of equal positions.
    """
    held = np.isfinite(drawn).all(axis=1, keepdims=True)
    n = held.sum(axis=2)
    mean: Doubles = np.where(held, drawn, 0).sum(axis=2, dtype=np.float64) / np.maximum(n, 1)
    return mean


def compare_within_questions(amount: Floats, correct: Bools, question: Ints) -> PermutationTest:
    """Whether labels stand elsewhere in correct traces than in incorrect ones of the same question.

    Args:
        amount: (n_traces, n_points, n_labels), of graded traces.
        correct: (n_traces,).
        question: (n_traces,), from 0.
    """
    kept = _informative(correct, question)
    return permute_within_questions(position_scores(amount[kept]), correct[kept], question[kept])


def _informative(correct: Bools, question: Ints) -> Bools:
    """Traces of questions that have both correct and incorrect ones; the others cannot change the test."""
    n = np.bincount(question)
    n_correct = np.bincount(question, correct, len(n))
    mask: Bools = ((n_correct > 0) & (n_correct < n))[question]
    return mask


def position_scores(amount: Floats) -> Doubles:
    """How far each trace stands above the common curve, in mean height. Shapes: (n, n_points, k) -> (n, k).

    At each position a trace adds its labels minus the common share there, weighted by how few traces get that far. So
    a long trace scores 0 unless its labels differ: length alone makes no area.
    """
    n_traces, n_points, n_labels = amount.shape
    flat = amount.reshape(n_traces, -1)
    total = np.einsum("tj->j", flat, dtype=np.float64).reshape(n_points, n_labels)
    weight = total.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(weight[:, None] > 0, total / weight[:, None], 0)
        scale = np.where(weight > 0, n_traces / weight, 0) / max(1, n_points)
    # What a sentence of label l at position p adds to the score of each label.
    adds = scale[:, None, None] * (np.eye(n_labels) - share[:, None, :])
    score: Doubles = (flat @ adds.reshape(-1, n_labels).astype(np.float32)).astype(np.float64)
    return score
