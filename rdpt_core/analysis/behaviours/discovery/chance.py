"""The chance that any kind at all would stand out as much, were labels shuffled within traces.

The largest z among all kinds is found again and again with shuffled labels. Kinds that overlap, as an opening and the
wordings that begin with it, count as what they are, since each shuffle meets all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from rdpt_core.analysis.behaviours.discovery.pairs import Chunk, Grid
from rdpt_core.analysis.behaviours.discovery.tallies import Labelled, Tally
from rdpt_core.analysis.statistics.clustered import summed
from rdpt_core.arrays import Bools, Doubles, Floats, Ints

SHUFFLED, SIGNS = "shuffled", "signs"
"""How: labels shuffled within traces, or the signs of the excesses of whole questions drawn at random."""

N_NULL = 499
FEWEST_NULL = 99

# Members, times shuffles, up to which labels are shuffled: a few seconds.
_MOST_SHUFFLED = 200_000_000
# Pairs, times draws of signs.
_MOST_SIGNED = 2_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Chance:
    """How large the largest z is without any effect.

    Attributes:
        largest: (n_null,), ascending.
        how: `SHUFFLED` or `SIGNS`.
    """

    largest: Doubles
    how: str

    def p_values(self, z: Doubles) -> Doubles:
        """(n,), `(1 + #{largest ≥ z}) / (1 + n_null)` (Phipson and Smyth 2010)."""
        n = len(self.largest)
        # Rounding must not tell a shuffle that gives the labels as they are from the labels.
        as_large = n - np.searchsorted(self.largest, z - 1e-9 * np.abs(z), side="left")
        found: Doubles = ((1.0 + as_large) / (1.0 + n)).astype(np.float64)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Half:
    """The pairs of one half of the questions, of all chunks, with their members."""

    members: Ints
    cut: Ints
    kind: Ints
    n: Doubles
    expected: Doubles
    variance: Doubles
    n_kinds: int


def chance(chunks: Sequence[Chunk], tallies: Sequence[Tally], grid: Grid, labelled: Labelled, seed: int) -> Chance:
    """The largest z of shuffled labels on the half on which kinds are found, or of drawn signs where that would take
    too long."""
    n_members = sum(len(chunk.members) for chunk in chunks)
    if n_members * N_NULL // 2 > _MOST_SHUFFLED:
        return _draw_signs(chunks, tallies, grid, seed)
    return _shuffle(_half(chunks, tallies, grid), grid, labelled, seed)


def _half(chunks: Sequence[Chunk], tallies: Sequence[Tally], grid: Grid) -> _Half:
    members, sizes, kinds, numbers, n_kinds = [], [], [], [], 0
    for chunk, found in zip(chunks, tallies, strict=True):
        first = np.concatenate([chunk.trace_cut[chunk.pair_cut], [len(chunk.members)]])
        size = np.diff(first)
        kept = grid.is_finding[chunk.question] & (found.n > 0)
        members.append(chunk.members[np.repeat(kept, size)].astype(np.int64))
        sizes.append(size[kept])
        kinds.append(chunk.kind[kept] + n_kinds)
        numbers.append(np.stack([found.n, found.n_has - found.excess, found.variance])[:, kept])
        n_kinds += chunk.n_kinds
    length = np.concatenate([np.empty(0, np.int64), *sizes])
    n, expected, variance = np.concatenate([np.empty((3, 0)), *numbers], axis=1)
    cut = np.concatenate([[0], np.cumsum(length)])[:-1].astype(np.int64)
    kind = np.concatenate([np.empty(0, np.int64), *kinds])
    return _Half(np.concatenate([np.empty(0, np.int64), *members]), cut, kind, n, expected, variance, n_kinds)


def _shuffle(half: _Half, grid: Grid, labelled: Labelled, seed: int) -> Chance:
    """Shuffle labels among the labelled sentences of each trace that hold a member."""
    if not len(half.cut):
        return Chance(np.zeros(0), SHUFFLED)
    in_half = _of_finding(grid)
    places = np.flatnonzero(labelled.is_known & in_half[grid.trace_of])
    trace, has = grid.trace_of[places].astype(np.float64), labelled.has[places]
    # Members as indices into `places`; those without a label carry none in any shuffle, and point past the end.
    where = np.full(len(grid.trace_of), len(places), np.int64)
    where[places] = np.arange(len(places))
    members = where[half.members]
    weight, weight_square, by_trace, n_questions = _fixed(half)
    rng = np.random.default_rng(seed)
    shuffled = np.zeros(len(places) + 1, np.uint8)
    largest = np.empty(N_NULL)
    for i in range(N_NULL):
        # Sorting by trace and a random key leaves every trace where it is.
        shuffled[:-1] = has[np.argsort(trace + rng.random(len(places)))]
        excess = np.add.reduceat(shuffled[members], half.cut, dtype=np.int32) - half.expected
        total = np.bincount(half.kind, excess, half.n_kinds)
        crossed = np.bincount(half.kind, excess * half.n, half.n_kinds)
        square = np.bincount(half.kind, excess**2, half.n_kinds)
        mean = total / weight
        residual = np.maximum(square - 2 * mean * crossed + mean**2 * weight_square, 0)
        error = np.sqrt(np.maximum(by_trace, n_questions / (n_questions - 1) * residual))
        largest[i] = np.divide(total, error, out=np.zeros_like(total), where=by_trace > 0).max()
    return Chance(np.sort(largest), SHUFFLED)


def _of_finding(grid: Grid) -> Bools:
    """(n_traces,), whether a trace is in scope and of the half on which kinds are found."""
    found: Bools = (grid.question >= 0) & grid.is_finding[np.maximum(grid.question, 0)]
    return found


def _fixed(half: _Half) -> tuple[Doubles, Doubles, Doubles, Ints]:
    """What no shuffle changes, (n_kinds,) each: Σ n, Σ n², the variance of shuffles, and questions, at least 2."""
    weight, square, variance = (
        summed(half.kind, values, half.n_kinds) for values in (half.n, half.n**2, half.variance)
    )
    n_questions: Ints = np.maximum(np.bincount(half.kind, minlength=half.n_kinds), 2).astype(np.int64)
    return np.maximum(weight, 1.0).astype(np.float64), square, variance, n_questions


def _draw_signs(chunks: Sequence[Chunk], tallies: Sequence[Tally], grid: Grid, seed: int) -> Chance:
    """The largest `Σ ±excess / sqrt(Σ excess²)`: one sign a question, the same for all kinds."""
    n_pairs = sum(chunk.n_pairs for chunk in chunks)
    n_null = int(np.clip(_MOST_SIGNED // max(n_pairs, 1), FEWEST_NULL, N_NULL))
    rng = np.random.default_rng(seed)
    signs: Floats = rng.integers(0, 2, (grid.n_questions, n_null)).astype(np.float32) * 2 - 1
    largest = np.full(n_null, -np.inf)
    for chunk, found in zip(chunks, tallies, strict=True):
        kept = grid.is_finding[chunk.question] & (found.n > 0)
        excess, kind = found.excess[kept].astype(np.float32), chunk.kind[kept]
        size = np.sqrt(np.bincount(kind, excess.astype(np.float64) ** 2, chunk.n_kinds))
        scaled = np.divide(excess, size[kind], out=np.zeros_like(excess), where=size[kind] > 0)
        begins = np.searchsorted(kind, np.arange(chunk.n_kinds + 1))
        shape = (chunk.n_kinds, grid.n_questions)
        drawn = csr_array((scaled, chunk.question[kept], begins), shape=shape) @ signs
        largest = np.maximum(largest, drawn.max(axis=0, initial=-np.inf))
    return Chance(np.sort(largest), SIGNS)
