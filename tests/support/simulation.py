"""Simulated traces whose truth is known: planted label shares, positions, effects on correctness, and clustering.

Every question has its own leaning and its own difficulty, and every trace its own leaning, so that sentences of one
question resemble each other strongly: an interval that takes sentences for independent must fail here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import expit

from rdpt_core.analysis.labels import label_order
from rdpt_core.analysis.run.gaps.gap_arrays import Gaps
from rdpt_core.analysis.run.group_shares import RunCounts, cross_tabulate, difference
from rdpt_core.analysis.run.positions.curves import LINES, make_panel
from rdpt_core.analysis.run.positions.tables import absolute_table
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.auc import auc_within
from rdpt_core.analysis.statistics.auc import auc_within_questions as per_question_auc
from rdpt_core.analysis.statistics.intervals import bootstrap_shares
from rdpt_core.analysis.statistics.regression.logistic import fit_logistic
from rdpt_core.analysis.statistics.resampling import LEVEL

ROLES = ("teacher", "student", "distilled")
LABELS = tuple(str(label) for label in label_order(ROLES))
N_POSITIONS = 6


@dataclass(frozen=True)
class World:
    """What is planted.

    Attributes:
        question_spread, trace_spread: standard deviations of the leaning towards Teacher, in log-odds.
        effect: how much a correct trace leans more towards Teacher, in log-odds.
        slope: change of the leaning from one sentence to the next.
        most_traces: questions have 2 to this many traces.
    """

    level: float = -0.5
    question_spread: float = 0.9
    trace_spread: float = 0.3
    effect: float = 0.4
    slope: float = -0.15
    ability_spread: float = 2.0
    n_questions: int = 40
    most_traces: int = 6


@dataclass(frozen=True, eq=False)
class Sample:
    """Simulated traces as the analysis takes them."""

    traces: TraceTable
    gaps: Gaps
    codes: np.ndarray
    counts: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        return np.arange(len(self.traces.trace_no))


def draw(world: World, seed: int, n_questions: int | None = None) -> Sample:
    """One data set."""
    rng = np.random.default_rng(seed)
    n_questions = n_questions or world.n_questions
    n_of = rng.integers(2, world.most_traces + 1, n_questions)
    question = np.repeat(np.arange(n_questions), n_of)
    n = len(question)
    correct = rng.random(n) < expit(world.ability_spread * rng.normal(size=n_questions)[question])
    lean = world.level + world.question_spread * rng.normal(size=n_questions)[question]
    lean += world.trace_spread * rng.normal(size=n) + world.effect * correct
    length = 4 + rng.poisson(6, n)
    start = np.concatenate([[0], np.cumsum(length)])
    trace = np.repeat(np.arange(n), length)
    position = np.arange(start[-1]) - start[trace]
    is_teacher = rng.random(start[-1]) < expit(lean[trace] + world.slope * position)
    codes = np.where(is_teacher, 1, np.where(rng.random(start[-1]) < 0.7, 2, 3)).astype(np.uint8)
    counts = np.stack([np.bincount(trace, codes == k, n) for k in range(1, 5)], axis=1)
    grade = correct.astype(np.int8)
    traces = TraceTable(
        trace_no=np.arange(n, dtype=np.int32),
        question=question,
        question_keys=tuple(("planted", str(q)) for q in range(n_questions)),
        codes={"benchmark": np.zeros(n, np.int64), "correctness": 1 - grade.astype(np.int64)},
        names={"benchmark": ("planted",), "correctness": ("correct", "incorrect")},
        correct=grade,
    )
    empty = np.zeros(start[-1], np.float32)
    return Sample(traces, Gaps(ROLES, traces.trace_no, start, empty, empty), codes, counts.astype(float))


# Each statistic gives value, low and high: honest, and as if sentences or traces were independent.
Statistic = Callable[[Sample], tuple[float, float, float]]
_Z = 1.959964


def share(sample: Sample) -> tuple[float, float, float]:
    """Share of Teacher sentences."""
    intervals = bootstrap_shares(sample.counts.astype(np.int64), sample.traces.question)
    return float(intervals.share[0]), float(intervals.low[0]), float(intervals.high[0])


def naive_share(sample: Sample) -> tuple[float, float, float]:
    """The same as if sentences were independent."""
    n = sample.counts.sum()
    value = sample.counts[:, 0].sum() / n
    reach = _Z * np.sqrt(value * (1 - value) / n)
    return value, value - reach, value + reach


def share_of_both_levels(sample: Sample) -> tuple[float, float, float]:
    """The same with percentiles of a bootstrap that draws questions and then their traces once more."""
    rng = np.random.default_rng(0)
    _, n = np.unique(sample.traces.question, return_counts=True)
    start = np.concatenate([[0], np.cumsum(n)[:-1]])
    drawn = rng.integers(0, len(n), (1000, len(n)))
    there = np.arange(n.max()) < n[drawn][:, :, None]
    index = start[drawn][:, :, None] + np.floor(rng.random(there.shape) * n[drawn][:, :, None]).astype(np.int64)
    teacher = np.append(sample.counts[:, 0], 0)
    total = np.append(sample.counts.sum(axis=1), 0)
    index = np.where(there, index, len(teacher) - 1)
    shares = teacher[index].sum(axis=(1, 2)) / total[index].sum(axis=(1, 2))
    low, high = np.quantile(shares, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return sample.counts[:, 0].sum() / sample.counts.sum(), float(low), float(high)


def correct_minus_incorrect(sample: Sample) -> tuple[float, float, float]:
    """Difference of the Teacher share between correct and incorrect traces, which share questions."""
    counted = RunCounts("run", sample.traces, sample.counts, sample.counts.sum(axis=1).astype(np.int64))
    estimate = difference(cross_tabulate([counted], LABELS, "correctness", None), 0, 1)
    return float(estimate.value[0]), float(estimate.low[0]), float(estimate.high[0])


def naive_difference(sample: Sample) -> tuple[float, float, float]:
    """The same as if sentences were independent."""
    value, variance = 0.0, 0.0
    for sign, grade in ((1, 1), (-1, 0)):
        counts = sample.counts[sample.traces.correct == grade]
        p = counts[:, 0].sum() / counts.sum()
        value, variance = value + sign * p, variance + p * (1 - p) / counts.sum()
    reach = _Z * np.sqrt(variance)
    return value, value - reach, value + reach


def area(sample: Sample) -> tuple[float, float, float]:
    """Signed area between the Teacher curves of correct and incorrect traces."""
    table = absolute_table(sample.gaps, sample.codes, sample.rows, N_POSITIONS)
    panel = make_panel("planted", table, sample.traces, sample.rows, LINES[1:])
    if panel.area is None:
        return float("nan"), float("nan"), float("nan")
    return float(panel.area.value[0]), float(panel.area.low[0]), float(panel.area.high[0])


def auc(sample: Sample) -> tuple[float, float, float]:
    """AUC of the number of Teacher sentences."""
    return _auc(sample, sample.traces.question)


def naive_auc(sample: Sample) -> tuple[float, float, float]:
    """The same as if traces were independent."""
    return _auc(sample, np.arange(len(sample.counts)))


def _auc(sample: Sample, clusters: np.ndarray) -> tuple[float, float, float]:
    same_group = np.zeros(len(clusters), np.int64)
    estimate = auc_within(_teacher_share(sample), sample.traces.correct == 1, same_group, clusters)
    return estimate.value, estimate.low, estimate.high


def auc_within_questions(sample: Sample) -> tuple[float, float, float]:
    """AUC of the share of Teacher sentences among traces of the same question."""
    question = sample.traces.question
    estimate = per_question_auc(_teacher_share(sample), sample.traces.correct == 1, question)
    return estimate.value, estimate.low, estimate.high


def odds(sample: Sample) -> tuple[float, float, float]:
    """Log-odds of a correct answer for ten points more of Teacher sentences."""
    return _odds(sample, sample.traces.question)


def naive_odds(sample: Sample) -> tuple[float, float, float]:
    """The same as if traces were independent."""
    return _odds(sample, np.arange(len(sample.counts)))


def _odds(sample: Sample, clusters: np.ndarray) -> tuple[float, float, float]:
    same_group = np.zeros(len(clusters), np.int64)
    fit = fit_logistic(10 * _teacher_share(sample)[:, None], sample.traces.correct == 1, clusters, same_group)
    return float(fit.coefficient[0]), float(fit.low[0]), float(fit.high[0])


def _teacher_share(sample: Sample) -> np.ndarray:
    return sample.counts[:, 0] / sample.counts.sum(axis=1)


STATISTICS: dict[str, tuple[Statistic, Statistic | None]] = {
    "share": (share, naive_share),
    "difference": (correct_minus_incorrect, naive_difference),
    "area": (area, None),
    "AUC": (auc, naive_auc),
    "AUC within questions": (auc_within_questions, None),
    "log-odds": (odds, naive_odds),
}


@cache
def large(world: World) -> Sample:
    """So many questions that what is measured on them is the truth for our purposes."""
    return draw(world, seed=10**6, n_questions=30_000)


def coverage(world: World, statistic: Statistic, truth: float, n_sets: int = 400) -> float:
    """How often the interval holds the truth, among the data sets for which one is given; NaN if there are few."""
    ends = np.array([statistic(draw(world, seed))[1:] for seed in range(n_sets)])
    given = np.isfinite(ends).all(axis=1)
    if given.mean() < 0.5:
        return float("nan")
    return float(((ends[given, 0] <= truth) & (truth <= ends[given, 1])).mean())


def band_coverage(world: World, n_sets: int = 400) -> tuple[float, float]:
    """How often the band holds the whole Teacher curve as far as it is shown; and naive intervals of all points."""
    truth = curve_truth(world)
    hits = naive = 0
    for seed in range(n_sets):
        sample = draw(world, seed)
        table = absolute_table(sample.gaps, sample.codes, sample.rows, N_POSITIONS)
        (curve,) = make_panel("planted", table, sample.traces, sample.rows, LINES[:1]).curves
        shown = slice(curve.n_shown)
        hits += bool(np.all((curve.low[shown, 0] <= truth[shown]) & (truth[shown] <= curve.high[shown, 0])))
        p, n = curve.share[shown, 0], curve.n_traces[shown]
        naive += bool(np.all(np.abs(p - truth[shown]) <= _Z * np.sqrt(p * (1 - p) / n)))
    return hits / n_sets, naive / n_sets


@cache
def curve_truth(world: World) -> np.ndarray:
    """The true Teacher share at each position."""
    sample = large(world)
    amount = absolute_table(sample.gaps, sample.codes, sample.rows, N_POSITIONS).amount.sum(axis=0, dtype=np.float64)
    truth: np.ndarray = amount[:, 0] / amount.sum(axis=1)
    return truth


WORLDS: dict[str, World] = {
    "40 questions, strong clustering": World(),
    "12 questions, strong clustering": World(n_questions=12),
    "100 questions, up to 20 traces": World(n_questions=100, most_traces=20),
    "40 questions, rare label": World(level=-3.0),
    "40 questions, hardly any clustering": World(question_spread=0.05, trace_spread=0.3),
}
