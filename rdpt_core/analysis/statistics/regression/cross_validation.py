"""How well predictors foretell correctness for questions that they were not fitted on, and what more of them add.

Questions are dealt into folds; for each fold a logistic regression is fitted on the others. Its log loss on a trace is
`-ln p(the outcome that the trace had)`: 0.69 for a guess of one half, and the lower the better. Traces of a question
stay together, since they would otherwise tell on each other.

The fit has Hoerl and Kennard's ridge penalty, half the squared coefficients of predictors of unit spread, so that a
fold in which outcomes are separated has a finite fit. It is the same for every model, and not tuned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, stdtrit

from rdpt_core.analysis.statistics.intervals import refusal
from rdpt_core.analysis.statistics.resampling import LEVEL, SEED
from rdpt_core.arrays import Bools, Doubles, Ints

N_FOLDS = 5
MAX_DEALS = 10
"""Of the questions into folds; ten for up to 2,000 traces, one from 20,000 on."""

_STEPS = 50
# Newton's steps square their error: after one of this size the coefficients are right to eight digits.
_SMALL = 1e-4


@dataclass(frozen=True, slots=True)
class QuestionMean:
    """A mean of the questions' own means, each question counting once.

    Attributes:
        value: NaN without any question.
        low, high: 95% interval by Student's t; NaN where refused.
        n_questions: questions.
        refused: why there is no interval; None if there is one.
    """

    value: float
    low: float
    high: float
    n_questions: int
    refused: str | None


def held_out_losses(predictors: Doubles, correct: Bools, question: Ints, group: Ints, seed: int = SEED) -> Doubles:
    """(n,), the log loss in nats of each trace, under fits without its question; NaN with fewer than two questions.

    It is the mean over several ways to deal the questions, as many as `n_deals` says.

    Args:
        predictors: (n, k), finite; k may be 0.
        correct: (n,).
        question: (n,).
        group: (n,), such as the benchmark, each with an intercept; its questions are dealt evenly into the folds.
        seed: of the first deal; the same seed and questions give the same folds, whatever the predictors.
    """
    _, group = np.unique(group, return_inverse=True)
    dummies = np.eye(int(group.max(initial=-1)) + 1)[group]
    if not len(question) or question.min() == question.max():
        return np.full(len(correct), np.nan)
    spread = predictors.std(axis=0)
    scaled = (predictors - predictors.mean(axis=0)) / np.where(spread > 1e-12, spread, 1.0)
    # Intercepts of benchmarks are penalised, too: one that a fold lacks stands at the common intercept.
    design = np.column_stack([np.ones(len(correct)), dummies, scaled])
    start = fit_ridge(design, correct)

    def judge(test: Bools) -> Doubles:
        linear = design[test] @ fit_ridge(design[~test], correct[~test], start)
        return np.logaddexp(0.0, np.where(correct[test], -linear, linear))

    deals = [deal(question, group, seed + number) for number in range(n_deals(len(correct)))]
    held = [fold == number for fold in deals for number in np.unique(fold)]
    losses = np.zeros(len(correct))
    # One after the other: the library of linear algebra has threads of its own.
    for test in held:
        losses[test] += judge(test) / len(deals)
    return losses


def n_deals(n_traces: int) -> int:
    """How many ways of dealing are averaged: with few traces, one way may flatter a model as well as not."""
    return min(MAX_DEALS, max(1, 20_000 // n_traces))


def deal(question: Ints, group: Ints, seed: int = SEED) -> Ints:
    """(n,), the fold of each trace: the questions of each group, shuffled, are dealt like cards."""
    _, first, number = np.unique(question, return_index=True, return_inverse=True)
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(first))
    by_group = shuffled[np.argsort(group[first][shuffled], kind="stable")]
    fold = np.empty(len(first), np.int64)
    fold[by_group] = np.arange(len(first)) % N_FOLDS
    return fold[number]


def fit_ridge(design: Doubles, correct: Bools, start: Doubles | None = None) -> Doubles:
    """(k,), coefficients that minimise the log loss summed over traces + half the squares of all but the first.

    Args:
        design: (n, k), the first column of ones.
        correct: (n,).
        start: (k,), where to begin, which changes no more than how long it takes.
    """
    penalty = np.ones(design.shape[1])
    penalty[0] = 0.0
    beta = np.zeros(design.shape[1]) if start is None else start
    loss = _penalised_loss(design, correct, beta, penalty)
    for _ in range(_STEPS):
        fitted = expit(design @ beta)
        information = design.T @ (design * (fitted * (1 - fitted))[:, None]) + np.diag(penalty)
        step = np.linalg.lstsq(information, design.T @ (correct - fitted) - penalty * beta)[0]
        for _ in range(30):
            following = _penalised_loss(design, correct, beta + step, penalty)
            if following <= loss + 1e-12 * abs(loss):
                break
            step = step / 2
        beta, loss = beta + step, following
        if np.abs(step).max() < _SMALL:
            break
    return beta


def mean_over_questions(values: Doubles, question: Ints) -> QuestionMean:
    """The mean over questions of each question's mean, with an interval by Student's t.

    Args:
        values: (n,), such as the log losses of traces, or differences of two models' losses; NaN where undefined.
        question: (n,).
    """
    known = np.isfinite(values)
    _, number, n = np.unique(question[known], return_inverse=True, return_counts=True)
    if not len(n):
        return QuestionMean(np.nan, np.nan, np.nan, 0, "nothing to average")
    means = np.bincount(number, values[known]) / n
    value, refused = float(means.mean()), refusal(len(n))
    if refused is not None:
        return QuestionMean(value, np.nan, np.nan, len(n), refused)
    reach = -float(stdtrit(len(n) - 1, (1 - LEVEL) / 2)) * float(means.std(ddof=1)) / np.sqrt(len(n))
    return QuestionMean(value, value - reach, value + reach, len(n), None)


def _penalised_loss(design: Doubles, correct: Bools, beta: Doubles, penalty: Doubles) -> float:
    linear = design @ beta
    return float(np.logaddexp(0.0, np.where(correct, -linear, linear)).sum() + 0.5 * (penalty * beta**2).sum())
