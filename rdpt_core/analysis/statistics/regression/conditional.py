"""Logistic regression conditional on the question: only responses to the same question are compared.

Each question gets an intercept of its own, which the conditional likelihood removes (Breslow and Day 1980): it is the
chance that, among all ways to call as many of the question's traces correct as were, just those are that were. How hard
a question is plays no part, and questions whose traces are all correct, or none, say nothing.

The sum over those ways is an elementary symmetric polynomial of the traces' odds, built up trace by trace (Gail, Lubin
and Rubinstein, Biometrika 68, 1981), so that no way is written down. Built up from both ends, it also gives the chance
of each trace to be called correct, and these make the gradient. Standard errors are the sandwich over questions, as in
`logistic`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.intervals import refusal
from rdpt_core.analysis.statistics.regression.logistic import LogisticFit, has_both_outcomes, refused_fit, wald_fit
from rdpt_core.analysis.statistics.regression.separation import find_separation
from rdpt_core.arrays import Bools, Doubles, Ints

_STEPS = 60
_LONGEST_STEP = 5.0
_SMALL = 1e-7
_NUDGE = 1e-6
_CELLS = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class _Questions:
    """Questions with equally many traces.

    Attributes:
        predictors: (n_questions, m, k).
        n_chosen: (n_questions,), how many of the m are of the rarer outcome.
        total: (n_questions, k), predictors summed over those.
    """

    predictors: Doubles
    n_chosen: Ints
    total: Doubles


def fit_conditional(predictors: Doubles, correct: Bools, question: Ints) -> LogisticFit:
    """Fit log-odds(correct) = an intercept for each question + predictors; see the top of this file.

    Args:
        predictors: (n, k), finite.
        correct: (n,).
        question: (n,). Questions with one outcome only say nothing and are left out.
    """
    informative = has_both_outcomes(correct, question)
    predictors, correct = predictors[informative], correct[informative]
    _, question, sizes = np.unique(question[informative], return_inverse=True, return_counts=True)
    n_predictors, n_effective = predictors.shape[1], float(effective_number(sizes))
    why = _refusal(predictors, question, sizes, n_effective)
    if why is None:
        questions = list(_of_equal_size(predictors, correct, question, sizes))
        beta = _maximum(questions, n_predictors)
        if beta is not None:
            score = _likelihood(questions, beta).score
            inverse = np.linalg.inv(_information(questions, beta))
            return wald_fit(beta, inverse @ (score.T @ score) @ inverse, sizes, None)
        why = "the fit within questions did not settle"
        if find_separation(predictors, correct, question) is not None:
            why = "the correct traces of every question are separated from its incorrect ones, so there is no estimate"
    return refused_fit(n_predictors, (len(sizes), n_effective, len(correct)), why)


def _refusal(predictors: Doubles, question: Ints, sizes: Ints, n_effective: float) -> str | None:
    if not len(predictors):
        return "no question has both correct and incorrect traces"
    few = refusal(len(sizes), n_effective)
    if few is not None:
        return few
    means = np.stack([np.bincount(question, column) for column in predictors.T], axis=1) / sizes[:, None]
    if np.linalg.matrix_rank(predictors - means[question]) < predictors.shape[1]:
        return "the predictors cannot be told apart within questions: one does not vary, or follows from the others"
    return None


def _of_equal_size(predictors: Doubles, correct: Bools, question: Ints, sizes: Ints) -> Iterator[_Questions]:
    """Blocks of questions with equally many traces; predictors are turned round where the incorrect ones are fewer.

    Which traces are correct is known once it is known which are not: the same likelihood with fewer to choose.
    """
    order = np.argsort(question, kind="stable")
    predictors, correct = predictors[order], correct[order]
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    for size in np.unique(sizes):
        of_size = np.flatnonzero(sizes == size)
        block = max(1, _CELLS // int(size * size))
        for start in range(0, len(of_size), block):
            rows = first[of_size[start : start + block], None] + np.arange(size)
            x, y = predictors[rows], correct[rows]
            n_correct = y.sum(axis=1)
            turned = n_correct > size - n_correct
            x, y = np.where(turned[:, None, None], -x, x), y ^ turned[:, None]
            yield _Questions(x, y.sum(axis=1), (x * y[:, :, None]).sum(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class _Likelihood:
    """The conditional likelihood at some coefficients.

    Attributes:
        value: its logarithm.
        score: (n_questions, k), the gradient, question by question.
        curvature: (k, k), close to the information: as if traces were chosen one by one (Hájek 1964).
    """

    value: float
    score: Doubles
    curvature: Doubles


def _maximum(questions: list[_Questions], n_predictors: int) -> Doubles | None:
    """Maximum conditional likelihood coefficients; None if no finite ones are found."""
    beta = np.zeros(n_predictors)
    here = _likelihood(questions, beta)
    for _ in range(_STEPS):
        try:
            step = np.linalg.solve(here.curvature, here.score.sum(axis=0))
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(step).all():
            return None
        step *= min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        for _ in range(30):
            there = _likelihood(questions, beta + step)
            if there.value >= here.value - 1e-12 * abs(here.value):
                break
            step = step / 2
        else:
            return None
        beta, here = beta + step, there
        if np.abs(step).max() < _SMALL:
            return beta
    return None


def _information(questions: list[_Questions], beta: Doubles) -> Doubles:
    """(k, k), how fast the gradient falls, by differences; predictors have about unit spread."""
    here = _likelihood(questions, beta).score.sum(axis=0)
    beside = [_likelihood(questions, beta + nudge).score.sum(axis=0) for nudge in _NUDGE * np.eye(len(beta))]
    information = (here - np.stack(beside)) / _NUDGE
    symmetric: Doubles = (information + information.T) / 2
    return symmetric


def _likelihood(questions: list[_Questions], beta: Doubles) -> _Likelihood:
    value, curvature, scores = 0.0, np.zeros((len(beta), len(beta))), []
    for block in questions:
        log_sum, chance = _choices(block, beta)
        x, size = block.predictors, block.predictors.shape[1]
        value += float((block.total @ beta - log_sum).sum())
        scores.append(block.total - np.einsum("qm,qmk->qk", chance, x))
        weight = chance * (1 - chance)
        total_weight = np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)
        centred = x - np.einsum("qm,qmk->qk", weight / total_weight, x)[:, None]
        curvature += size / (size - 1) * np.einsum("qm,qmj,qmk->jk", weight, centred, centred, optimize=True)
    return _Likelihood(value, np.concatenate(scores), curvature)


def _choices(block: _Questions, beta: Doubles) -> tuple[Doubles, Doubles]:
    """(n_questions,), log of the sum over all ways to choose; (n_questions, m), each trace's chance to be chosen.

    Traces are chosen independently, with odds that make the right number likely: given that number, the ways to choose
    are as likely as they should be, and all that is added up are probabilities of ordinary size.
    """
    linear = block.predictors @ beta
    n_chosen, (n_questions, size) = block.n_chosen, linear.shape
    tilt = _tilt(linear, n_chosen)
    tilted = linear + tilt[:, None]
    chance = expit(tilted)
    most = int(n_chosen.max())
    before, after = _chosen_among_first(chance, most), _chosen_among_first(chance[:, ::-1], most)
    # Far from the maximum it may be too small to be written; then its logarithm, minus infinity, turns the fit back.
    of_all = before[size, np.arange(n_questions), n_chosen]
    with np.errstate(divide="ignore"):
        log_of_all = np.log(of_all)
    log_sum = log_of_all + np.logaddexp(0.0, tilted).sum(axis=1) - n_chosen * tilt
    # A trace is chosen if it is, and one fewer of the others: so many before it, and the rest after it.
    rest = n_chosen[:, None] - 1 - np.arange(most)
    place = np.broadcast_to(np.maximum(rest, 0), (size, n_questions, most))
    of_rest = np.take_along_axis(after[size - 1 :: -1], place, axis=2) * (rest >= 0)
    both = np.einsum("mqj,mqj->qm", before[:size, :, :most], of_rest)
    return log_sum, np.clip(chance * both / np.maximum(of_all, 1e-300)[:, None], 0.0, 1.0)


def _tilt(linear: Doubles, n_chosen: Ints) -> Doubles:
    """(n_questions,), by how much to raise log-odds so that about the right number is expected; none would be wrong."""
    tilt: Doubles = np.log(n_chosen / (linear.shape[1] - n_chosen)) - linear.mean(axis=1)
    for _ in range(4):
        chance = expit(linear + tilt[:, None])
        slope = np.maximum((chance * (1 - chance)).sum(axis=1), 1e-3)
        tilt += np.clip((n_chosen - chance.sum(axis=1)) / slope, -2.0, 2.0)
    return tilt


def _chosen_among_first(chance: Doubles, most: int) -> Doubles:
    """(m + 1, n_questions, most + 1): the chance that of the first 0, 1, … m traces 0, 1, … `most` are chosen."""
    n_questions, size = chance.shape
    ways = np.zeros((size + 1, n_questions, most + 1))
    ways[0, :, 0] = 1.0
    for trace, p in enumerate(chance.T[:, :, None]):
        ways[trace + 1] = (1 - p) * ways[trace]
        ways[trace + 1, :, 1:] += p * ways[trace, :, :-1]
    return ways
