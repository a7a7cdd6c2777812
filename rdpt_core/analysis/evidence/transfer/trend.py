"""Whether a share falls from seen to unseen questions: a permutation test.

The statistic is the slope of the questions' shares on their level (seen 2, half seen 1, unseen 0), within benchmarks if
some benchmark holds several levels. What is shuffled decides what a p-value is about:

* Where a benchmark holds questions of several levels, levels are shuffled among its questions. Other benchmarks say
  nothing then.
* Where every benchmark has one level, a level cannot be told from what else its benchmarks have in common, and
  questions of one benchmark cannot stand for others. So levels are shuffled among whole benchmarks, each of which
  counts once, by the mean share of its questions. With few benchmarks there are few ways to shuffle, and p cannot be
  small: `smallest_p` says how small.

Every question weighs the same within its benchmark. The test has two sides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from rdpt_core.analysis.statistics.resampling import SEED
from rdpt_core.arrays import Doubles, Ints

Shuffled = Literal["questions within benchmarks", "benchmarks"]

N_SHUFFLES = 9999
"""How many shuffles are drawn where there are too many to take them all."""

_MOST_EXACT = 20_000
# Statistics that differ by no more than this part of the observed one are equal.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Trend:
    """A share against the level.

    Attributes:
        slope: by how much the share rises for one step towards seen; NaN where there is nothing to compare.
        p_value: two-sided; NaN where refused.
        shuffled: what levels were shuffled among.
        n_units: how many of these there are, with a level that can move.
        n_arrangements: different ways to shuffle, infinite where beyond counting.
        smallest_p: the smallest p-value that can come out with these numbers.
        is_exact: whether all arrangements were taken, rather than `N_SHUFFLES` drawn.
        refused: why there is no p-value; None if there is one.
    """

    slope: float
    p_value: float
    shuffled: Shuffled
    n_units: int
    n_arrangements: float
    smallest_p: float
    is_exact: bool
    refused: str | None


def trend_test(share: Doubles, level: Ints, benchmark: Ints, seed: int = SEED) -> Trend:
    """Test whether shares change with the level.

    Args:
        share: (n_questions,), of each question; NaN leaves it out. Any finite number will do, such as a difference.
        level: (n_questions,), larger for what the training data had more of; negative leaves it out.
        benchmark: (n_questions,).
    """
    kept = np.isfinite(share) & (level >= 0)
    share, level, benchmark = share[kept], level[kept], np.unique(benchmark[kept], return_inverse=True)[1]
    n_benchmarks = int(benchmark.max(initial=-1)) + 1
    levels_of = [np.unique(level[benchmark == b]) for b in range(n_benchmarks)]
    mixed = [b for b in range(n_benchmarks) if len(levels_of[b]) > 1]
    if mixed:
        inside = np.isin(benchmark, mixed)
        return _within(share[inside], level[inside].astype(np.float64), benchmark[inside], seed)
    means = np.array([share[benchmark == b].mean() for b in range(n_benchmarks)])
    return _among(means, np.array([float(held[0]) for held in levels_of]), seed)


def _within(share: Doubles, level: Doubles, benchmark: Ints, seed: int) -> Trend:
    """Levels shuffled among the questions of each benchmark."""
    benchmark = np.unique(benchmark, return_inverse=True)[1]
    order = np.argsort(benchmark, kind="stable")
    share, level, benchmark = share[order], level[order], benchmark[order]
    value, score = _centred(share, benchmark), _centred(level, benchmark)
    ways = sum(_log_ways(level[benchmark == b]) for b in range(int(benchmark.max()) + 1))
    rng = np.random.default_rng(seed)

    def shuffles() -> Iterator[Doubles]:
        for _ in range(N_SHUFFLES):
            yield score[np.argsort(benchmark + rng.random(len(benchmark)))]

    return _drawn(value, score, shuffles(), "questions within benchmarks", ways)


def _among(means: Doubles, level: Doubles, seed: int) -> Trend:
    """Levels shuffled among benchmarks."""
    if len(np.unique(level)) < 2:
        refused = "all benchmarks with a share have the same level" if len(means) else "no question has a share"
        return Trend(math.nan, math.nan, "benchmarks", len(means), 1.0, 1.0, True, refused)
    one = np.zeros(len(means), np.int64)
    value, score = _centred(means, one), _centred(level, one)
    ways = _log_ways(level)
    if ways > math.log(_MOST_EXACT):
        rng = np.random.default_rng(seed)
        drawn = (rng.permutation(score) for _ in range(N_SHUFFLES))
        return _drawn(value, score, drawn, "benchmarks", ways)
    observed, room = float(value @ score), _ROUNDING * float(np.abs(value).sum())
    every = np.abs(np.array([value @ arranged for arranged in _arrangements(score)]))
    p_value = float(np.mean(every >= abs(observed) - room))
    smallest = float(np.mean(every >= every.max() - room))
    return Trend(_slope(observed, score), p_value, "benchmarks", len(means), len(every), smallest, True, None)


def _drawn(value: Doubles, score: Doubles, shuffles: Iterator[Doubles], shuffled: Shuffled, log_ways: float) -> Trend:
    observed, room = float(value @ score), _ROUNDING * float(np.abs(value).sum())
    at_least = sum(abs(float(value @ one)) >= abs(observed) - room for one in shuffles)
    n_ways = math.exp(log_ways) if log_ways < 700 else math.inf
    smallest = max(1 / (1 + N_SHUFFLES), 1 / n_ways)
    # Phipson and Smyth (2010): what was observed is one of the arrangements.
    p_value = max((1 + at_least) / (1 + N_SHUFFLES), smallest)
    return Trend(_slope(observed, score), p_value, shuffled, len(value), n_ways, smallest, False, None)


def _slope(observed: float, score: Doubles) -> float:
    return observed / float(score @ score)


def _centred(values: Doubles, group: Ints) -> Doubles:
    n = np.bincount(group)
    centred: Doubles = values - (np.bincount(group, values) / n)[group]
    return centred


def _log_ways(level: Doubles) -> float:
    """The logarithm of the number of different arrangements of these levels."""
    _, n = np.unique(level, return_counts=True)
    return math.lgamma(len(level) + 1) - sum(math.lgamma(k + 1) for k in n.tolist())


def _arrangements(score: Doubles) -> Iterator[Doubles]:
    """Every different order of the scores."""
    values, n = np.unique(score, return_counts=True)

    def place(free: tuple[int, ...], which: int) -> Iterator[dict[int, float]]:
        if which == len(values) - 1:
            yield dict.fromkeys(free, float(values[which]))
            return
        for chosen in combinations(free, int(n[which])):
            rest = tuple(index for index in free if index not in chosen)
            for others in place(rest, which + 1):
                yield {**dict.fromkeys(chosen, float(values[which])), **others}

    for placed in place(tuple(range(len(score))), 0):
        yield np.array([placed[index] for index in range(len(score))])
