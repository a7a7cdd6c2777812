"""p-values of sentences, calibrated by putting each reference in the place of the teacher.

For each sentence, with s of the teacher and s_1 … s_M of the references, its statistic is the moderated t of s among
s_1 … s_M (see `statistics.moderated`). Under no teacher at all, s is one more draw from where the references come from.
But logprob sums have heavier tails than Student's t, and far out its p-values are too small by factors. So they are not
believed: each reference is held against the other M − 1 in the same way, on every sentence, and a sentence's p-value is
how often these N M numbers, none of which is about a teacher, are as extreme:

    p = (1 + #{references and sentences: as extreme}) / (1 + N M)

(Phipson and Smyth 2010 for the 1). Statistics on different degrees of freedom are as extreme where their tails are.

Everything is held as a place on one fixed scale, a number of two bytes a sentence: p-values, q-values, shares and
histograms all follow from how many sentences lie at each place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats

from rdpt_core.analysis.evidence.p_values.references import FEWEST
from rdpt_core.analysis.evidence.p_values.sums import MISSING, Halves
from rdpt_core.analysis.statistics.moderated import (
    LogMoments,
    VariancePrior,
    fit_prior,
    log_moments,
    same_tail,
    t_statistics,
)
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Doubles, Floats, Ints

Places = npt.NDArray[np.uint16]

N_PLACES = 8_001
"""Places on the scale of t, from the lowest to the highest; the middle one begins just below 0."""
UNTESTED = MISSING

_HIGHEST_T = 1e4
# Chances that are smaller, scipy no longer turns back into the t that they come from.
_LEAST_CHANCE = 1e-100
_PASS = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """p-values of n sentences.

    Attributes:
        place: (n,), where each sentence's statistic lies; `UNTESTED` where a model has no number.
        p_of_place: (N_PLACES,), the p-value of a sentence at each place, falling.
        t_of_place: (N_PLACES,), the lowest t of each place.
        prior: what variances were drawn towards.
    """

    place: Places
    p_of_place: Doubles
    t_of_place: Doubles
    prior: VariancePrior

    def counts(self, rows: Ints | None = None) -> Ints:
        """(N_PLACES,), how many tested sentences lie at each place.

        Args:
            rows: which sentences; all by default.
        """
        place = self.place if rows is None else self.place[rows]
        return np.bincount(place, minlength=UNTESTED + 1)[:N_PLACES].astype(np.int64)

    def p_values(self) -> Doubles:
        """(n,), NaN where untested."""
        return of_places(self.p_of_place, self.place)


def of_places(values: Doubles, place: Places) -> Doubles:
    """(n,), the value of each sentence's place; NaN where untested."""
    found = np.full(len(place), np.nan)
    tested = place != UNTESTED
    found[tested] = values[place[tested]]
    return found


def calibrate(tested: Halves, references: tuple[Halves, ...], n_tokens: npt.NDArray[np.uint16]) -> Calibrated:
    """The p-values of sentences under a model that is held against references.

    Args:
        tested: (n,), logprob sums of the model, each less a number of its sentence; NaN where not known.
        references: M of them, each (n,): those of a reference, less the same numbers. At least `FEWEST`.
        n_tokens: (n,), how long each sentence is.
    """
    m = len(references)
    if m < FEWEST:
        raise ValueError(f"{m} references are too few for p-values")
    pieces = range(0, len(tested), _PASS)
    prior = _fit(tested, references, n_tokens, pieces)
    scale = _scale(round(prior.degrees + m - 1, 1))
    place = np.full(len(tested), UNTESTED, np.uint16)
    expected = prior.variances(np.arange(int(n_tokens.max(initial=1)) + 1)).astype(np.float32)

    def work(first: int) -> Ints:
        """Fills the places of a piece; returns how its references lie, by place on their own scale."""
        piece = slice(first, first + _PASS)
        centred, excess = _centred(tested[piece], references, piece)
        known = ~np.isnan(excess)
        centred, excess = centred[:, known], excess[known]
        squares = (centred**2).sum(axis=0)
        s0 = expected[n_tokens[piece][known]]
        found = place[piece]
        found[known] = scale.place(t_statistics(excess, squares, m, prior, s0))
        lying = np.zeros(N_PLACES, np.int64)
        for own in centred:
            # The others' mean lies at -own / (M - 1), and without `own` their squares sum to this.
            rest = np.maximum(squares - own**2 * np.float32(m / (m - 1)), 0)
            t = t_statistics(own * np.float32(m / (m - 1)), rest, m - 1, prior, s0)
            lying += np.bincount(scale.place(t), minlength=N_PLACES)
        return lying

    null = np.sum([np.zeros(N_PLACES, np.int64), *in_parallel(work, pieces)], axis=0)
    as_extreme = scale.at_or_above(null)
    return Calibrated(place, (1 + as_extreme) / (1 + null.sum()), scale.edges, prior)


def _fit(
    tested: Halves, references: tuple[Halves, ...], n_tokens: npt.NDArray[np.uint16], pieces: range
) -> VariancePrior:
    """How variances among the references spread, by length, over the sentences that are tested."""
    m, longest = len(references), int(n_tokens.max(initial=1))

    def moments(first: int) -> LogMoments:
        piece = slice(first, first + _PASS)
        centred, excess = _centred(tested[piece], references, piece)
        variances = np.where(np.isnan(excess), np.nan, (centred**2).sum(axis=0) / (m - 1))
        return log_moments(variances, n_tokens[piece].astype(np.int64), longest)

    sums = [LogMoments(*np.zeros((3, longest + 1))), *in_parallel(moments, pieces)]
    return fit_prior(LogMoments(*(np.sum(column, axis=0) for column in zip(*sums, strict=True))), m - 1)


def _centred(tested: Halves, references: tuple[Halves, ...], piece: slice) -> tuple[Floats, Floats]:
    """The references of a piece less their mean, (M, n), and the tested model less the same, (n,)."""
    values = np.stack([reference[piece] for reference in references]).astype(np.float32)
    mean = values.mean(axis=0)
    return values - mean, tested.astype(np.float32) - mean


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """Places of t: even steps of asinh t, so that they are fine around 0 and in proportion to t far from it.

    Attributes:
        edges: (N_PLACES,), the lowest t of each place.
        own: (N_PLACES,), what is as extreme for the statistic of a reference, which has one degree of freedom less.
        step: of asinh t.
    """

    edges: Doubles
    own: Doubles
    step: float

    def place(self, t: Floats) -> Places:
        """The place of each t; beyond the ends, the last one."""
        places = np.rint(np.arcsinh(t) / np.float32(self.step)) + N_PLACES // 2
        clipped: Places = np.clip(places, 0, N_PLACES - 1).astype(np.uint16)
        return clipped

    def at_or_above(self, null: Ints) -> Ints:
        """(N_PLACES,), how many of the references' statistics may be as extreme as any t of each place.

        Args:
            null: (N_PLACES,), how many of them lie at each place.
        """
        above = np.concatenate([np.cumsum(null[::-1])[::-1], [0]])
        # A place that reaches beyond the edge counts as a whole.
        first = np.searchsorted(self.edges, self.own, side="right") - 1
        counts: Ints = above[np.maximum(first, 0)]
        return counts


@lru_cache(maxsize=32)
def _scale(degrees: float) -> _Scale:
    """The scale of a t on so many degrees of freedom, to a tenth: it only says which t is as extreme as which."""
    half = N_PLACES // 2
    grid = np.linspace(0, np.arcsinh(_HIGHEST_T), half + 1)
    step = float(grid[stats.t.sf(np.sinh(grid), degrees) > _LEAST_CHANCE].max()) / half
    edges = np.sinh((np.arange(N_PLACES) - half - 0.5) * step)
    return _Scale(edges, same_tail(edges, degrees, degrees - 1), step)
