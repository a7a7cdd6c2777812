"""Which kinds are found on one half of the questions, and which of those are found again on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.behaviours.discovery.pairs import MIN_IN_HALF, Chunk, Grid
from rdpt_core.analysis.behaviours.discovery.tallies import Tally
from rdpt_core.analysis.statistics.clustered import ExcessTests, excess_tests
from rdpt_core.analysis.statistics.false_discoveries import q_values
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Bools, Doubles

RATE = 0.05
"""The rate of false discoveries at which a kind is found, and at which found kinds are found again."""


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """Tests of all kinds, in the order of the chunks. All arrays are (n_kinds,).

    Attributes:
        z, p, q: of the half on which kinds are found.
        p_report: of the other half; NaN where too few of its questions hold the kind.
        is_found, is_replicated: see `results.Behaviour`.
    """

    z: Doubles
    p: Doubles
    q: Doubles
    p_report: Doubles
    is_found: Bools
    is_replicated: Bools


def tests_of_half(chunks: Sequence[Chunk], tallies: Sequence[Tally], grid: Grid, *, finding: bool) -> ExcessTests:
    """Test every kind on one half of the questions."""

    def work(pair: tuple[Chunk, Tally]) -> ExcessTests:
        chunk, found = pair
        kept = (grid.is_finding[chunk.question] == finding) & (found.n > 0)
        arrays = (found.excess[kept], found.n[kept], found.variance[kept], found.third[kept])
        return excess_tests(chunk.kind[kept], *arrays, chunk.n_kinds)

    tests = in_parallel(work, zip(chunks, tallies, strict=True))
    empty = np.empty(0)
    return ExcessTests(
        np.concatenate([empty, *(test.z for test in tests)]),
        np.concatenate([empty, *(test.p_value for test in tests)]),
        np.concatenate([np.empty(0, np.int64), *(test.n_questions for test in tests)]),
    )


def find_kinds(chunks: Sequence[Chunk], tallies: Sequence[Tally], grid: Grid) -> Tested:
    """Find kinds on one half, and test the found ones again on the other; both at a rate of false discoveries."""
    first, second = (tests_of_half(chunks, tallies, grid, finding=finding) for finding in (True, False))
    p = np.where(first.n_questions >= MIN_IN_HALF, first.p_value, np.nan)
    p_report = np.where(second.n_questions >= MIN_IN_HALF, second.p_value, np.nan)
    q = q_values(p)
    is_found = q <= RATE
    is_replicated = np.zeros(len(p), bool)
    is_replicated[is_found] = q_values(p_report[is_found]) <= RATE
    return Tested(first.z, p, q, p_report, is_found, is_replicated)
