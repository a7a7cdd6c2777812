"""A β that the data suggest. Ours: the paper fixes β by hand.

Moving β by a little turns the sentences whose |gap| lies where it passes. So where the density of |gap| is lowest
between the sentences on which the two models agree and those on which they do not, labels depend least on β:

    β* = argmin over b of f(b) / max over c ≥ b of f(c)

with f the smoothed density of |gap|, b beyond its mode, and at least 5% of the sentences beyond b.

Any sample has dents, so a β is suggested only where a dip test finds that |gap| has more than one hump (p ≤ 0.05; see
`statistics.unimodality`), and f falls below four fifths of the later hump. Else nothing in the data sets the two kinds
of sentences apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from rdpt_core.analysis.run.gaps.exact_counts import ROUNDING, Exact, Values, count_by_group
from rdpt_core.analysis.run.gaps.gap_arrays import Gaps, traces_of
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.resampling import percentile_interval, resample_sums
from rdpt_core.analysis.statistics.unimodality import DipTest, dip_test
from rdpt_core.arrays import Bools, Doubles, Ints

N_BINS = 100
N_RESAMPLES = 400

SIGNIFICANT = 0.05
"""A β is suggested only if the p-value of one hump is at most this."""

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
        beta: the antimode; None if the data have one hump, or too few questions to tell.
        low: lower end of its 95% interval from resampled questions; None without a β.
        high: upper end.
        test: whether |gap| has more than one hump.
        centres: (N_BINS,), values of |gap|.
        density: (N_BINS,), their smoothed density, per unit of |gap|.
        depth: density in the deepest valley as a part of the later hump's, whether it passes the test or not; 1
            without a valley.
        n_sentences: scored sentences in scope.
        n_questions: their questions.
        n_effective: how many equally heavy questions these are worth.
    """

    beta: float | None
    low: float | None
    high: float | None
    test: DipTest
    centres: Doubles
    density: Doubles
    depth: float
    n_sentences: int
    n_questions: int
    n_effective: float


def find_beta(gaps: Gaps, rows: Ints, traces: TraceTable, exact: Exact) -> SuggestedBeta | None:
    """The antimode of |gap|, in the unit and space of `gaps`; None if nothing in scope is scored.

    Args:
        gaps: in the unit and space that β is for.
        rows: (n_traces,), indices in `gaps` of the traces in scope, ascending.
        traces: these traces.
        exact: their gaps in double precision, asked for the few that single precision leaves in doubt.
    """
    quantile = _range_end(gaps, rows, exact)
    if quantile is None:
        return None
    range_end = quantile or 1.0

    def classify(gap: Values, max_gap: Values | None) -> tuple[Ints, Bools]:
        position = np.abs(gap.astype(np.float64)) / range_end * N_BINS
        edge_number = np.rint(position)
        is_doubtful = np.abs(position - edge_number) <= position * ROUNDING
        is_doubtful &= (edge_number > 0) & (edge_number <= N_BINS)
        return np.fmin(np.floor(position), N_BINS).astype(np.int64), is_doubtful

    # The last column holds what lies beyond the range: it counts as beyond every β, but has no density.
    question = traces.question_by_text()
    per_question = count_by_group(gaps, rows, classify, N_BINS + 1, exact, question, traces.n_questions)
    return suggest_beta(per_question[per_question.any(axis=1)].astype(np.float64), range_end)


def _range_end(gaps: Gaps, rows: Ints, exact: Exact) -> float | None:
    """The quantile of |gap| at which the range ends, interpolated in double precision; None if nothing is scored."""
    is_scored = ~np.isnan(gaps.gap if gaps.max_gap is None else gaps.max_gap)
    if len(rows) < len(gaps.trace_no):
        is_chosen = np.zeros(len(gaps.trace_no), bool)
        is_chosen[rows] = True
        is_scored &= np.repeat(is_chosen, gaps.length)
    size = np.abs(gaps.gap[is_scored])
    if not len(size):
        return None
    rank = (len(size) - 1) * (1 - _TAIL)
    below, above = int(rank), min(int(rank) + 1, len(size) - 1)
    ends = np.partition(size, (below, above))[[below, above]]
    # Rounding keeps order: so these values, in double precision, lie among those of the sentences with the same ones.
    sentences = np.flatnonzero(is_scored)[(size == ends[0]) | (size == ends[1])]
    traces, sentences_of_traces = traces_of(gaps, sentences)
    gap, _ = exact(gaps.trace_no[traces])
    ordered = np.sort(np.abs(gap[np.searchsorted(sentences_of_traces, sentences)]))
    first = int((size < ends[0]).sum())
    low, high = (float(ordered[number - first]) for number in (below, above))
    return low + (high - low) * (rank - below)


def suggest_beta(per_question: Doubles, range_end: float, *, seed: int = 0) -> SuggestedBeta:
    """The antimode of a histogram, if it has two humps, with an interval from resampled questions.

    Args:
        per_question: (n_questions, N_BINS + 1), counts of |gap| in equal bins over [0, range_end], and beyond.
        range_end: where the range ends, in the unit of |gap|.
        seed: the same seed and input give the same answer.
    """
    n_questions, n_effective = len(per_question), float(effective_number(per_question.sum(axis=1)))
    total = per_question.sum(axis=0)
    centres = (np.arange(N_BINS) + 0.5) * range_end / N_BINS
    smooth = _smooth(total[None, :N_BINS])[0]
    antimode, depth = _antimodes(smooth[None], total[None])
    test = dip_test(per_question[:, :N_BINS], seed=seed)
    beta = low = high = None
    # Not the other way round: a test that was refused has no p-value.
    if antimode[0] >= 0 and test.p_value <= SIGNIFICANT:
        beta = float(centres[antimode[0]])
        sums = resample_sums(per_question, np.zeros(n_questions, np.int64), N_RESAMPLES, seed).astype(np.float64)
        antimodes, _ = _antimodes(_smooth(sums[:, :N_BINS]), sums)
        drawn = np.where(antimodes >= 0, centres[antimodes], np.nan)
        low, high = (float(end) for end in percentile_interval(drawn, n_effective))
    density = smooth / (total.sum() * range_end / N_BINS)
    counted = int(total.sum()), n_questions, n_effective
    return SuggestedBeta(beta, low, high, test, centres, density, float(depth[0]), *counted)


def _smooth(counts: Doubles) -> Doubles:
    """Gaussian smoothing along the last axis, mirrored at both ends so that no density is lost there."""
    smoothed: Doubles = gaussian_filter1d(counts, _SMOOTHING * N_BINS, axis=-1, mode="reflect", truncate=4.0)
    return smoothed


def _antimodes(smooth: Doubles, totals: Doubles) -> tuple[Ints, Doubles]:
    """Bin of the deepest valley of each row, -1 if none, and its depth. Shapes: (m, N_BINS), (m, N_BINS + 1)."""
    later = np.maximum.accumulate(smooth[:, ::-1], axis=1)[:, ::-1]
    beyond = totals.sum(axis=1, keepdims=True) - np.cumsum(totals, axis=1)[:, :N_BINS]
    is_after_mode = np.arange(N_BINS) > smooth.argmax(axis=1)[:, None]
    is_allowed = is_after_mode & (beyond >= MIN_BEYOND * totals.sum(axis=1, keepdims=True)) & (later > 0)
    depth = np.where(is_allowed, smooth / np.where(later > 0, later, 1.0), 1.0)
    bins = depth.argmin(axis=1)
    deepest = depth[np.arange(len(depth)), bins]
    return np.where(deepest <= MAX_DEPTH, bins, -1), deepest
