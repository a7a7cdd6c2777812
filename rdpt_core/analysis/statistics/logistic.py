"""Logistic regression of correctness, with standard errors that respect questions.

Iteratively reweighted least squares; the covariance is the cluster sandwich with the small-sample factor
G / (G - 1) · (n - 1) / (n - k) and Student's t with G - 1 degrees of freedom (Liang and Zeger 1986; Cameron and Miller
2015), G being the number of questions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, stdtr, stdtrit

from rdpt_core.analysis.statistics.intervals import refusal
from rdpt_core.analysis.statistics.resampling import LEVEL
from rdpt_core.arrays import Bools, Doubles, Ints

_STEPS = 50
# With predictors of unit spread, a linear predictor beyond this gives a certainty that no data of finite size support.
_DIVERGED = 25.0


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """Coefficients of the predictors asked for, without those of intercepts.

    Attributes:
        coefficient: (k,), change of the log-odds when a predictor grows by one; NaN where refused.
        low, high: (k,), 95% interval.
        p_value: (k,), two-sided.
        n_questions: clusters.
        n_traces: rows.
        refused: why there is no fit; None if there is one.
    """

    coefficient: Doubles
    low: Doubles
    high: Doubles
    p_value: Doubles
    n_questions: int
    n_traces: int
    refused: str | None


def fit_logistic(predictors: Doubles, correct: Bools, question: Ints, group: Ints) -> LogisticFit:
    """Fit log-odds(correct) = an intercept for each group + predictors; see the top of this file.
    Args:
        predictors: (n, k), finite.
        correct: (n,).
        question: (n,), the clusters.
        group: (n,), such as the benchmark. Groups with one outcome only say nothing of a predictor and are left out.
    """
    n_predictors = predictors.shape[1]
    _, group = np.unique(group, return_inverse=True)
    n_groups = int(group.max(initial=-1)) + 1
    n, n_correct = np.bincount(group, minlength=n_groups), np.bincount(group, correct, n_groups)
    is_informative = ((n_correct > 0) & (n_correct < n))[group]
    predictors, correct = predictors[is_informative], correct[is_informative]
    question, group = question[is_informative], group[is_informative]
    _, cluster = np.unique(question, return_inverse=True)
    _, group = np.unique(group, return_inverse=True)
    n_questions, n_groups = int(cluster.max(initial=-1)) + 1, int(group.max(initial=-1)) + 1
    missing = np.full(n_predictors, np.nan)

    def refuse(why: str) -> LogisticFit:
        return LogisticFit(missing, missing, missing, missing, n_questions, len(correct), why)

    if not len(correct):
        return refuse("no benchmark has both correct and incorrect traces")
    few = refusal(n_questions)
    if few is not None:
        return refuse(few)
    design = np.column_stack([predictors, np.eye(n_groups)[group]])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return refuse("the predictors cannot be told apart here: one does not vary, or follows from the others")
    beta = _solve(design, correct)
    if beta is None:
        return refuse("correct and incorrect traces are separated completely, so no finite estimate exists")
    fitted = expit(design @ beta)
    bread = np.linalg.inv(design.T @ (design * (fitted * (1 - fitted))[:, None]))
    residual = design * (correct - fitted)[:, None]
    score = np.stack([np.bincount(cluster, residual[:, j], n_questions) for j in range(design.shape[1])], axis=1)
    factor = n_questions / (n_questions - 1) * (len(correct) - 1) / max(1, len(correct) - design.shape[1])
    standard_error = np.sqrt(np.diag(bread @ (score.T @ score) @ bread) * factor)[:n_predictors]
    coefficient = beta[:n_predictors]
    reach = -stdtrit(n_questions - 1, (1 - LEVEL) / 2) * standard_error
    p_value = 2 * stdtr(n_questions - 1, -np.abs(coefficient) / standard_error)
    return LogisticFit(coefficient, coefficient - reach, coefficient + reach, p_value, n_questions, len(correct), None)


def _solve(design: Doubles, correct: Bools) -> Doubles | None:
    """Maximum likelihood coefficients; None if they run away to infinity."""
    beta = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        linear = design @ beta
        if np.abs(linear).max() > _DIVERGED:
            return None
        fitted = expit(linear)
        weight = fitted * (1 - fitted)
        try:
            step = np.linalg.solve(design.T @ (design * weight[:, None]), design.T @ (correct - fitted))
        except np.linalg.LinAlgError:
            return None
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            return beta
    return None
