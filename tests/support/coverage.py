"""Data sets with known truth at the edges: rare and certain labels, few questions, questions of very unequal size.

Each design draws a data set and gives a true value with intervals for it, ours and a naive one. Questions lean each
their own way, in log-odds, and so do traces; the level is solved for, so that the true share is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import norm

from rdpt_core.analysis.run.gaps.gap_arrays import Gaps
from rdpt_core.analysis.run.group_shares import RunCounts, cross_tabulate, difference
from rdpt_core.analysis.run.positions.curves import LINES, make_panel
from rdpt_core.analysis.run.positions.tables import absolute_table
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.auc import auc_within_questions
from rdpt_core.analysis.statistics.intervals import bootstrap_shares
from tests.support.simulation import ROLES

# Standard deviations of leanings, in log-odds.
QUESTION_SPREAD, TRACE_SPREAD = 0.9, 0.3
FAR_SPREAD = 2.5
_Z = 1.959964
Interval = tuple[float, float]


@dataclass(frozen=True)
class Outcome:
    """One data set: the truth at one or several points, our ends there, and naive ones. NaN where refused."""

    truth: np.ndarray
    ours: tuple[np.ndarray, np.ndarray]
    naive: tuple[np.ndarray, np.ndarray]


Design = Callable[[np.random.Generator], Outcome]


@dataclass(frozen=True)
class Coverage:
    """Part of the data sets whose interval holds the truth everywhere, among those that have one, and their mean width.

    Attributes:
        given: part of the data sets that have an interval at all.
    """

    given: float
    ours: float
    naive: float
    width: float
    naive_width: float


def measure(design: Design, n_sets: int) -> Coverage:
    """Run a design `n_sets` times, with seeds from 0."""
    hits, widths, n = np.zeros(2), np.zeros(2), 0
    for seed in range(n_sets):
        outcome = design(np.random.default_rng(seed))
        if not len(outcome.truth) or not np.isfinite(outcome.ours[0]).all():
            continue
        n += 1
        for kind, (low, high) in enumerate((outcome.ours, outcome.naive)):
            # A truth of 0 is on the edge of [0, …]; rounding must not push it out.
            hits[kind] += bool(np.all((low <= outcome.truth + 1e-12) & (outcome.truth - 1e-12 <= high)))
            widths[kind] += float(np.mean(high - low))
    hits, widths = hits / max(n, 1), widths / max(n, 1)
    return Coverage(n / n_sets, *(float(value) for value in (*hits, *widths)))


@cache
def level(share: float, spread: float) -> float:
    """The log-odds around which normal leanings of this spread have this mean probability."""
    if share in (0.0, 1.0):
        return -np.inf if share == 0 else np.inf
    nodes, weights = np.polynomial.hermite_e.hermegauss(81)
    weights = weights / weights.sum()
    return float(brentq(lambda centre: float(weights @ expit(centre + spread * nodes)) - share, -60, 60))


def _sentences(
    rng: np.random.Generator, share: float, question: np.ndarray, lean: np.ndarray, spread: float = QUESTION_SPREAD
) -> np.ndarray:
    """(n_traces, 2), sentences with and without a label, about ten a trace; `lean` is of spread 1."""
    n = len(question)
    centre = level(share, float(np.hypot(spread, TRACE_SPREAD)))
    p = expit(centre + spread * lean[question] + TRACE_SPREAD * rng.normal(size=n))
    length = 4 + rng.poisson(6, n)
    labelled = rng.binomial(length, p)
    return np.column_stack([labelled, length - labelled])


def _wald(share: float, n: float) -> float:
    return _Z * np.sqrt(share * (1 - share) / n)


def _outcome(truth: float, ours: Interval, value: float, reach: float) -> Outcome:
    low, high = (np.array([end]) for end in ours)
    return Outcome(np.array([truth]), (low, high), (np.array([value - reach]), np.array([value + reach])))


def share(rng: np.random.Generator, truth: float, n_questions: int, spread: float = QUESTION_SPREAD) -> Outcome:
    """A label's share in questions of three traces; naive: sentences are independent."""
    question = np.repeat(np.arange(n_questions), 3)
    counts = _sentences(rng, truth, question, rng.normal(size=n_questions), spread)
    intervals = bootstrap_shares(counts, question)
    value = float(intervals.share[0])
    return _outcome(truth, (intervals.low[0], intervals.high[0]), value, _wald(value, counts.sum()))


def share_difference(rng: np.random.Generator, truths: tuple[float, float], n_questions: int, paired: bool) -> Outcome:
    """Two groups of three traces a question, of the same or of other questions; naive: sentences are independent."""
    n = n_questions if paired else 2 * n_questions
    lean = rng.normal(size=n)
    questions = [np.repeat(np.arange(n_questions), 3) + (0 if paired else group * n_questions) for group in (0, 1)]
    counts = [_sentences(rng, p, q, lean) for p, q in zip(truths, questions, strict=True)]
    question, group = np.concatenate(questions), np.repeat([0, 1], 3 * n_questions)
    traces = TraceTable(
        trace_no=np.arange(len(question), dtype=np.int32),
        question=question,
        question_keys=tuple(("planted", str(number)) for number in range(n)),
        codes={"model": group},
        names={"model": ("first", "second")},
        correct=np.zeros(len(question), np.int8),
    )
    counted = np.concatenate(counts).astype(float)
    run = RunCounts("run", traces, counted, counted.sum(axis=1).astype(np.int64))
    estimate = difference(cross_tabulate([run], ("label", "other"), "model", None), 0, 1)
    shares = [float(c[:, 0].sum() / c.sum()) for c in counts]
    reach = float(np.hypot(*(_wald(p, c.sum()) for p, c in zip(shares, counts, strict=True))))
    ends = float(estimate.low[0]), float(estimate.high[0])
    return _outcome(truths[0] - truths[1], ends, shares[0] - shares[1], reach)


def accuracy(rng: np.random.Generator, n_questions: int, most: int, ability: float = 1.5) -> Outcome:
    """Accuracy by question, where every fourth question has `most` samples and the others have one.

    Every fourth question is harder, as where one samples until something is right. Naive: the mean over traces, taken
    for independent.
    """
    is_hard = np.arange(n_questions) % 4 == 0
    n_of = np.where(is_hard, most, 1)
    question = np.repeat(np.arange(n_questions), n_of)
    p = expit(0.5 + ability * rng.normal(size=n_questions) - np.where(is_hard, 1.5, 0.0))
    correct = rng.random(len(question)) < p[question]
    grades = np.column_stack([correct, ~correct]).astype(np.int64)
    intervals = bootstrap_shares(grades, question, average="questions")
    truth = 0.75 * _mean_probability(0.5, ability) + 0.25 * _mean_probability(-1.0, ability)
    value = float(correct.mean())
    return _outcome(truth, (intervals.low[0], intervals.high[0]), value, _wald(value, len(correct)))


@cache
def _mean_probability(centre: float, spread: float) -> float:
    nodes, weights = np.polynomial.hermite_e.hermegauss(81)
    return float(weights @ expit(centre + spread * nodes) / weights.sum())


def auc(rng: np.random.Generator, biggest: int, spread: float, n_questions: int = 20) -> Outcome:
    """AUC within questions of four traces and one of `biggest`, half of them correct; questions' effects differ.

    The truth is the mean over questions. Naive: all pairs, as if traces were independent (Hanley and McNeil 1982).
    """
    n_of = np.full(n_questions, 4)
    n_of[0] = biggest
    question = np.repeat(np.arange(n_questions), n_of)
    correct = np.concatenate([np.arange(n) % 2 == 0 for n in n_of])
    effect = 0.5 + spread * rng.normal(size=n_questions)
    score = rng.normal(size=len(question)) + effect[question] * correct
    estimate = auc_within_questions(score, correct, question)
    # Two normals of variance 1 that are `effect` apart, whose effect is itself normal.
    truth = float(norm.cdf(0.5 / np.sqrt(2 + spread**2)))
    a, n_pairs = estimate.value, len(question) / 2
    q1, q2 = a / (2 - a), 2 * a**2 / (1 + a)
    variance = (a * (1 - a) + (n_pairs - 1) * (q1 + q2 - 2 * a**2)) / n_pairs**2
    return _outcome(truth, (estimate.low, estimate.high), a, _Z * float(np.sqrt(max(variance, 0.0))))


def band(rng: np.random.Generator, share_of_label: float, n_questions: int, n_points: int = 6) -> Outcome:
    """A flat curve over questions of two to six traces; naive: intervals of single points, sentences independent."""
    n_of = rng.integers(2, 7, n_questions)
    question = np.repeat(np.arange(n_questions), n_of)
    n = len(question)
    lean = QUESTION_SPREAD * rng.normal(size=n_questions)[question] + TRACE_SPREAD * rng.normal(size=n)
    centre = level(share_of_label, float(np.hypot(QUESTION_SPREAD, TRACE_SPREAD)))
    codes = np.where(rng.random((n, n_points)) < expit(centre + lean)[:, None], 1, 2).astype(np.uint8).ravel()
    empty = np.zeros(n * n_points, np.float32)
    traces = TraceTable(
        trace_no=np.arange(n, dtype=np.int32),
        question=question,
        question_keys=tuple(("planted", str(number)) for number in range(n_questions)),
        codes={"benchmark": np.zeros(n, np.int64)},
        names={"benchmark": ("planted",)},
        correct=np.zeros(n, np.int8),
    )
    gaps = Gaps(ROLES, traces.trace_no, np.arange(n + 1) * n_points, empty, empty)
    table = absolute_table(gaps, codes, np.arange(n), n_points)
    (curve,) = make_panel("planted", table, traces, np.arange(n), LINES[:1]).curves
    shown = slice(curve.n_shown)
    value, truth = curve.share[shown, 0], np.full(curve.n_shown, share_of_label)
    reach = _Z * np.sqrt(value * (1 - value) / n)
    return Outcome(truth, (curve.low[shown, 0], curve.high[shown, 0]), (value - reach, value + reach))


SHARES = (0.0, 0.002, 0.02, 0.3, 0.98)
QUESTIONS = (8, 12, 30, 100)


def designs() -> Iterator[tuple[str, Mapping[str, Design]]]:
    """Tables of designs: a title, and the design of each line."""
    yield (
        "shares",
        {f"share {p:g}, {n} questions": partial(share, truth=p, n_questions=n) for p in SHARES for n in QUESTIONS},
    )
    yield (
        "shares of questions that differ far more",
        {
            f"share {p:g}, {n} questions": partial(share, truth=p, n_questions=n, spread=FAR_SPREAD)
            for p in SHARES[1:]
            for n in QUESTIONS
        },
    )
    pairs = [*((p, p) for p in SHARES), (0.3, 0.2), (0.02, 0.0), (0.98, 0.9)]
    for paired in (True, False):
        yield (
            f"differences of shares, {'the same' if paired else 'other'} questions",
            {
                f"{a:g} - {b:g}, {n} questions": partial(share_difference, truths=(a, b), n_questions=n, paired=paired)
                for a, b in pairs
                for n in QUESTIONS
            },
        )
    yield (
        "accuracy by question, unequal samples",
        {
            f"{n} questions, 1 or {most} samples": partial(accuracy, n_questions=n, most=most)
            for n in (12, 30, 100)
            for most in (1, 4, 20)
        },
    )
    yield (
        "AUC within 20 questions of 4 traces",
        {
            f"one with {biggest}, spread of effects {spread:g}": partial(auc, biggest=biggest, spread=spread)
            for biggest in (4, 20, 100, 400)
            for spread in (0.0, 1.0)
        },
    )
    yield (
        "whole curves",
        {
            f"share {p:g}, {n} questions": partial(band, share_of_label=p, n_questions=n)
            for p in (0.4, 0.05, 0.015)
            for n in (12, 15, 30)
        },
    )
