"""Logistic regression of correctness, with standard errors that respect questions.

Maximum likelihood by Newton's steps; the covariance is the cluster sandwich with the small-sample factor
G / (G - 1) · (n - 1) / (n - k), G being the number of questions (Liang and Zeger 1986; Cameron and Miller 2015).
Student's t has the *effective* number of questions less one as degrees of freedom (Carter, Schnepel and Steigerwald
2017), which is G - 1 where all questions have as many traces.

Where correct and incorrect traces are separated there is no finite maximum. Then the estimate is Firth's (see `firth`),
with an interval from the profile of the penalised likelihood. That likelihood takes traces for independent, so its
critical value is multiplied by the largest design effect that questions can have, Σ m² / Σ m with m traces in a
question (Kish 1965): the interval is never too narrow for clustering, and ordinary with one trace a question.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, fdtrc, stdtr, stdtrit

from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.intervals import refusal
from rdpt_core.analysis.statistics.regression.firth import fit_firth, profile_interval, profile_statistic
from rdpt_core.analysis.statistics.regression.separation import Separation, find_separation
from rdpt_core.analysis.statistics.resampling import LEVEL
from rdpt_core.arrays import Bools, Doubles, Ints

_STEPS = 100
_SMALL = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class LogisticFit:
    """Coefficients of the predictors asked for, without those of intercepts.

    Attributes:
        coefficient: (k,), change of the log-odds when a predictor grows by one; NaN where refused.
        low, high: (k,), 95% interval; under separation NaN but for the first predictor.
        p_value: (k,), two-sided; likewise.
        covariance: (k, k), of the coefficients; NaN under separation.
        n_questions: clusters.
        n_effective: of how many equal questions they are worth.
        n_traces: rows.
        separation: how outcomes are separated; the estimate is then Firth's.
        refused: why there is no fit; None if there is one.
    """

    coefficient: Doubles
    low: Doubles
    high: Doubles
    p_value: Doubles
    covariance: Doubles
    n_questions: int
    n_effective: float
    n_traces: int
    separation: Separation | None
    refused: str | None

    def joint_p_value(self, first: int) -> float:
        """Wald's F test that all coefficients from number `first` on are 0; NaN where there is no covariance.

        Its degrees of freedom are the number of those coefficients and the effective number of questions less one.
        """
        rest, covariance = self.coefficient[first:], self.covariance[first:, first:]
        if not len(rest) or not np.isfinite(covariance).all():
            return float("nan")
        statistic = float(rest @ np.linalg.solve(covariance, rest)) / len(rest)
        return float(fdtrc(len(rest), self.n_effective - 1, statistic))


def fit_logistic(predictors: Doubles, correct: Bools, question: Ints, group: Ints) -> LogisticFit:
    """Fit log-odds(correct) = an intercept for each group + predictors; see the top of this file.

    Args:
        predictors: (n, k), finite.
        correct: (n,).
        question: (n,), the clusters.
        group: (n,), such as the benchmark. Groups with one outcome only say nothing of a predictor and are left out.
    """
    informative = has_both_outcomes(correct, group)
    predictors, correct = predictors[informative], correct[informative]
    _, cluster, sizes = np.unique(question[informative], return_inverse=True, return_counts=True)
    _, group = np.unique(group[informative], return_inverse=True)
    n_effective = float(effective_number(sizes))
    why = _refusal(predictors, group, len(sizes), n_effective)
    if why is not None:
        return refused_fit(predictors.shape[1], (len(sizes), n_effective, len(correct)), why)
    design = np.column_stack([predictors, np.eye(int(group.max()) + 1)[group]])
    beta = _maximum(design, correct)
    if beta is None:
        separation = find_separation(predictors, correct, group)
        if separation is None:
            why = "the fit did not settle, though correct and incorrect traces are not separated"
            return refused_fit(predictors.shape[1], (len(sizes), n_effective, len(correct)), why)
        return _penalised_fit(design, predictors.shape[1], correct, sizes, separation)
    fitted = expit(design @ beta)
    bread = np.linalg.inv(design.T @ (design * (fitted * (1 - fitted))[:, None]))
    residual = design * (correct - fitted)[:, None]
    score = np.stack([np.bincount(cluster, column, len(sizes)) for column in residual.T], axis=1)
    free = max(1, len(correct) - design.shape[1])
    covariance = bread @ (score.T @ score) @ bread * (len(correct) - 1) / free
    k = predictors.shape[1]
    return wald_fit(beta[:k], covariance[:k, :k], sizes, None)


def wald_fit(coefficient: Doubles, covariance: Doubles, sizes: Ints, separation: Separation | None) -> LogisticFit:
    """A fit with Wald's intervals.

    Args:
        covariance: (k, k), without the factor G / (G - 1) for few questions.
        sizes: (n_questions,), traces of each question.
    """
    n_questions, n_effective = len(sizes), float(effective_number(sizes))
    covariance = covariance * n_questions / (n_questions - 1)
    standard_error = np.sqrt(np.diag(covariance))
    reach = -stdtrit(n_effective - 1, (1 - LEVEL) / 2) * standard_error
    p_value = 2 * stdtr(n_effective - 1, -np.abs(coefficient) / standard_error)
    low, high, n_traces = coefficient - reach, coefficient + reach, int(sizes.sum())
    return LogisticFit(
        coefficient, low, high, p_value, covariance, n_questions, n_effective, n_traces, separation, None
    )


def refused_fit(n_predictors: int, counted: tuple[int, float, int], why: str) -> LogisticFit:
    """No fit, and why; `counted` are the questions, their effective number, and the traces."""
    missing = np.full(n_predictors, np.nan)
    square = np.full((n_predictors, n_predictors), np.nan)
    return LogisticFit(missing, missing, missing, missing, square, *counted, None, why)


def has_both_outcomes(correct: Bools, group: Ints) -> Bools:
    """(n,), whether a trace stands in a group with correct and with incorrect traces."""
    _, number, n = np.unique(group, return_inverse=True, return_counts=True)
    n_correct = np.bincount(number, correct, len(n))
    both: Bools = ((n_correct > 0) & (n_correct < n))[number]
    return both


def _refusal(predictors: Doubles, group: Ints, n_questions: int, n_effective: float) -> str | None:
    if not len(predictors):
        return "no benchmark has both correct and incorrect traces"
    few = refusal(n_questions, n_effective)
    if few is not None:
        return few
    counts = np.bincount(group)
    means = np.stack([np.bincount(group, column) for column in predictors.T], axis=1) / counts[:, None]
    if np.linalg.matrix_rank(predictors - means[group]) < predictors.shape[1]:
        return "the predictors cannot be told apart here: one does not vary, or follows from the others"
    return None


def _penalised_fit(
    design: Doubles, n_predictors: int, correct: Bools, sizes: Ints, separation: Separation
) -> LogisticFit:
    """Firth's estimate of the first predictor, with its interval from the profile."""
    fit = fit_firth(design, correct)
    counted = (len(sizes), float(effective_number(sizes)), len(correct))
    design_effect = float((sizes**2).sum() / sizes.sum())
    critical = float(stdtrit(counted[1] - 1, (1 - LEVEL) / 2)) ** 2 * design_effect
    statistic = profile_statistic(design, correct, fit, 0) / design_effect
    known = (*profile_interval(design, correct, fit, 0, critical), float(fdtrc(1, counted[1] - 1, statistic)))
    low, high, p_value = (np.append(number, np.full(n_predictors - 1, np.nan)) for number in known)
    covariance = np.full((n_predictors, n_predictors), np.nan)
    return LogisticFit(fit.coefficient[:n_predictors], low, high, p_value, covariance, *counted, separation, None)


def _maximum(design: Doubles, correct: Bools) -> Doubles | None:
    """Maximum likelihood coefficients; None if no finite ones are found."""
    beta = np.zeros(design.shape[1])
    value = _log_likelihood(design @ beta, correct)
    for _ in range(_STEPS):
        fitted = expit(design @ beta)
        information = design.T @ (design * (fitted * (1 - fitted))[:, None])
        try:
            step = np.linalg.solve(information, design.T @ (correct - fitted))
        except np.linalg.LinAlgError:
            return None
        # Full steps overshoot where one trace lies far from all others.
        for _ in range(30):
            following = _log_likelihood(design @ (beta + step), correct)
            if following >= value - 1e-12 * abs(value):
                break
            step = step / 2
        else:
            return None
        beta, value = beta + step, following
        if np.abs(step).max() < _SMALL:
            return beta
    return None


def _log_likelihood(linear: Doubles, correct: Bools) -> float:
    return -float(np.logaddexp(0.0, np.where(correct, -linear, linear)).sum())
