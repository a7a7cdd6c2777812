"""A β that the data suggest. Ours: the paper fixes β by hand.

Moving β by a little turns the sentences whose |d_ts| lies where it passes. So where the density of |d_ts| is lowest
between the sentences on which teacher and student agree and those on which they do not, labels depend least on β:

    β* = argmin over b of f(b) / max over c ≥ b of f(c)

with f the smoothed density of |d_ts|, b beyond its mode, and at least 5% of the sentences beyond b. It is undefined if
f is nowhere below four fifths of a later hump: then nothing in the data sets the two kinds of sentences apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.run.exact_counts import ROUNDING, Exact, Values, count_by_group
from rdpt_core.analysis.run.gap_arrays import Gaps, traces_of
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.intervals import MIN_QUESTIONS
from rdpt_core.arrays import Bools, Doubles, Ints

N_BINS = 100
N_RESAMPLES = 400

MIN_BEYOND = 0.05
"""At least this part of the sentences lies beyond a suggested β."""

MAX_DEPTH = 0.8
"""The valley's density is at most this part of the later hump's."""

# Of the range. Narrower, and chance dents count as valleys; wider, and true ones are filled.
_SMOOTHING = 0.03
# Of the sentences: the range ends where this part lies beyond.
_TAIL = 0.01


@dataclass(frozen=True, slots=True)
class SuggestedBeta:
    """What the data say about β.

    Attributes:
        beta: the antimode; None if there is none.
        low: 2.5% quantile over resamples of questions; None without an antimode or with too few questions.
        high: 97.5% quantile.
        found_in: share of resamples that have an antimode at all; NaN with too few questions.
        centres: (N_BINS,) values of |d_ts|.
        density: (N_BINS,) their smoothed density, per unit of |d_ts|.
        depth: density at the antimode as a part of the later hump's; 1 without one.
        n_sentences: scored sentences in scope.
        n_questions: their questions.
    """

    beta: float | None
    low: float | None
    high: float | None
    found_in: float
    centres: Doubles
    density: Doubles
    depth: float
    n_sentences: int
    n_questions: int


def find_beta(gaps: Gaps, rows: Ints, facts: TraceTable, exact: Exact) -> SuggestedBeta | None:
    """The antimode of |d_ts|; None if nothing in scope is scored.

    Args:
        gaps: in the unit and space that β is for.
        rows: places in `gaps` of the traces in scope, ascending.
        facts: these traces.
        exact: their gaps in double precision, asked for the few that single precision leaves in doubt.
    """
    end = _range_end(gaps, rows, exact)
    if end is None:
        return None
    most = end or 1.0

    def look(d_ts: Values, max_gap: Values | None) -> tuple[Ints, Bools]:
        share = np.abs(d_ts.astype(np.float64)) / most * N_BINS
        near = np.rint(share)
        doubtful = (np.abs(share - near) <= share * ROUNDING) & (near > 0) & (near <= N_BINS)
        return np.fmin(np.floor(share), N_BINS).astype(np.int64), doubtful

    # The last column holds what lies beyond the range: it counts as beyond every β, but has no density.
    question = facts.question_by_text()
    per_question = count_by_group(gaps, rows, look, N_BINS + 1, exact, question, facts.n_questions)
    return suggest_beta(per_question[per_question.any(axis=1)].astype(np.float64), most)


def _range_end(gaps: Gaps, rows: Ints, exact: Exact) -> float | None:
    """The quantile of |d_ts| at which the range ends, interpolated in double precision; None if nothing is scored."""
    scored = ~np.isnan(gaps.d_ts if gaps.max_gap is None else gaps.max_gap)
    if len(rows) < len(gaps.trace_no):
        chosen = np.zeros(len(gaps.trace_no), bool)
        chosen[rows] = True
        scored &= np.repeat(chosen, gaps.length)
    size = np.abs(gaps.d_ts[scored])
    if not len(size):
        return None
    place = (len(size) - 1) * (1 - _TAIL)
    below, above = int(place), min(int(place) + 1, len(size) - 1)
    ends = np.partition(size, (below, above))[[below, above]]
    # Rounding keeps order: so these values, in double precision, lie among those of the sentences with the same ones.
    sentences = np.flatnonzero(scored)[(size == ends[0]) | (size == ends[1])]
    traces, theirs = traces_of(gaps, sentences)
    d_ts, _ = exact(gaps.trace_no[traces])
    ordered = np.sort(np.abs(d_ts[np.searchsorted(theirs, sentences)]))
    first = int((size < ends[0]).sum())
    low, high = (float(ordered[number - first]) for number in (below, above))
    return low + (high - low) * (place - below)


def suggest_beta(per_question: Doubles, most: float, *, seed: int = 0) -> SuggestedBeta:
    """The antimode of a histogram.

    Args:
        per_question: (n_questions, N_BINS + 1) counts of |d_ts| in equal bins over [0, most], and beyond.
        most: where the range ends.
        seed: the same seed and input give the same interval.
    """
    n_questions = len(per_question)
    total = per_question.sum(axis=0)
    centres = (np.arange(N_BINS) + 0.5) * most / N_BINS
    smooth = _smooth(total[None, :N_BINS])[0]
    place, depth = _antimodes(smooth[None], total[None])
    beta = float(centres[place[0]]) if place[0] >= 0 else None
    low = high = None
    found_in = float("nan")
    if n_questions >= MIN_QUESTIONS:
        rng = np.random.default_rng(seed)
        weights = rng.multinomial(n_questions, np.full(n_questions, 1 / n_questions), size=N_RESAMPLES)
        sums = weights.astype(np.float64) @ per_question
        places, _ = _antimodes(_smooth(sums[:, :N_BINS]), sums)
        there = places >= 0
        found_in = float(there.mean())
        if beta is not None and there.any():
            low, high = (float(end) for end in np.quantile(centres[places[there]], [0.025, 0.975]))
    density = smooth / (total.sum() * most / N_BINS)
    return SuggestedBeta(beta, low, high, found_in, centres, density, float(depth[0]), int(total.sum()), n_questions)


def _smooth(counts: Doubles) -> Doubles:
    """Gaussian smoothing along the last axis, mirrored at both ends so that no density is lost there."""
    sigma = _SMOOTHING * N_BINS
    reach = int(4 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(counts, ((0, 0), (reach, reach)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=1)
    smoothed: Doubles = windows @ kernel
    return smoothed


def _antimodes(smooth: Doubles, totals: Doubles) -> tuple[Ints, Doubles]:
    """Bin of the deepest valley of each row, -1 if none, and its depth. Shapes: (m, N_BINS), (m, N_BINS + 1)."""
    later = np.maximum.accumulate(smooth[:, ::-1], axis=1)[:, ::-1]
    beyond = totals.sum(axis=1, keepdims=True) - np.cumsum(totals, axis=1)[:, :N_BINS]
    after_mode = np.arange(N_BINS) > smooth.argmax(axis=1)[:, None]
    allowed = after_mode & (beyond >= MIN_BEYOND * totals.sum(axis=1, keepdims=True)) & (later > 0)
    depth = np.where(allowed, smooth / np.where(later > 0, later, 1.0), 1.0)
    place = depth.argmin(axis=1)
    deepest = depth[np.arange(len(depth)), place]
    return np.where(deepest <= MAX_DEPTH, place, -1), deepest
