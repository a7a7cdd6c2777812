"""Mixture weights: how much of a run each source accounts for, with intervals over questions.

A sentence says which sources it may come from. Weights are those under which what the sentences say is likeliest, by EM
for such set-valued answers (Dempster, Laird and Rubin 1977):

    γ_ik = π_k [k in set_i] / Σ_{j in set_i} π_j            π_k ← mean of γ_ik

So a sentence common to several sources is shared among them as the sentences that point to one are, and decides
nothing. Likelihoods themselves would decide: those of common sentences favour whichever model is a little sharper, and
where most sentences are common, that swamps the few that tell.

Only how often each set occurs in each question is needed, so every resample of questions is fitted anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rdpt_core.analysis.attribution.relatives import find_relatives
from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.intervals import refusal, share_ends
from rdpt_core.analysis.statistics.resampling import resample_sums
from rdpt_core.arrays import Bools, Doubles, Floats, Ints

_MOST_ROUNDS = 500
_STILL = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Weights of the sources of a run. Shapes: (n_sources,); the last is none of these. Ends are NaN where refused.

    Attributes:
        names: what the sources are called.
        weight: sums to 1, or NaN where nothing was counted. Teachers that cannot be told apart share theirs equally,
            and the interval of each reaches from 0 up to what they have together.
        least, most: the share of sentences that name this source alone, and of those that name it at all. Where the two
            are far apart, the weight rests on what the other sentences say.
        n_questions: questions with a scored sentence.
        n_effective: how many equally heavy questions they are worth.
        n_sentences: scored sentences.
        refused: why there are no intervals; None if there are.
    """

    names: tuple[str, ...]
    weight: Doubles
    low: Doubles
    high: Doubles
    least: Doubles
    most: Doubles
    n_questions: int
    n_effective: float
    n_sentences: int
    refused: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Sets:
    """How often each set of sources is named in each question.

    Attributes:
        names: of the sources; teachers, the student, and last none of these.
        member: (n_sets, n_sources), whether a source is in a set.
        counts: (n_questions, n_sets), sentences; every question has some.
    """

    names: tuple[str, ...]
    member: Bools
    counts: Doubles

    @property
    def n_effective(self) -> float:
        """How many equally heavy questions these are worth."""
        return float(effective_number(self.counts.sum(axis=1)))

    @property
    def refused(self) -> str | None:
        """Why there are no intervals; None if there are."""
        return refusal(len(self.counts), self.n_effective)

    def draw(self) -> Floats:
        """(n_resamples, n_sets), sentences of each set in resamples of the questions."""
        return resample_sums(self.counts, np.zeros(len(self.counts), np.int64))


def make_sets(names: tuple[str, ...], members: Ints, counts: Doubles, question: Ints) -> Sets:
    """Sets by question.

    Args:
        names: of the sources, in the order of their bits.
        members: (n_sets,), each set as bits.
        counts: (n_traces, n_sets).
        question: (n_traces,), equal for traces of the same question.
    """
    _, number = np.unique(question, return_inverse=True)
    n_questions = int(number.max(initial=-1)) + 1
    sums = np.zeros((n_questions, len(members)))
    for j in range(len(members)):
        sums[:, j] = np.bincount(number, counts[:, j], n_questions)
    member = (members[:, None] >> np.arange(len(names)) & 1).astype(bool)
    return Sets(names, member, sums[sums.sum(axis=1) > 0])


def fit_weights(member: Bools, counts: npt.NDArray[np.floating]) -> Doubles:
    """The likeliest weights, by EM from equal ones.

    Args:
        member: (n_sets, n_sources).
        counts: (…, n_sets), sentences of each set, in one or more samples.

    Returns:
        (…, n_sources), each row sums to 1; NaN where a sample is empty.
    """
    shape = counts.shape[:-1]
    samples = counts.reshape(-1, len(member)).astype(np.float64)
    total = samples.sum(axis=1, keepdims=True)
    part = np.divide(samples, total, out=np.full_like(samples, np.nan), where=total > 0)
    inside = member.astype(np.float64)
    n_sources = member.shape[1]
    weights = np.full((len(samples), n_sources), 1 / n_sources)
    for _ in range(_MOST_ROUNDS):
        covered = weights @ inside.T
        ratio = np.divide(part, covered, out=np.zeros_like(part), where=covered > 0)
        new = weights * (ratio @ inside)
        moved = np.abs(new - weights).max(initial=0.0)
        weights = new
        if not moved > _STILL:
            break
    weights[total[:, 0] <= 0] = np.nan
    return weights.reshape(*shape, n_sources)


def estimate_weights(sets: Sets) -> Weights:
    """Weights with 95% intervals: questions are drawn again and again, and each time the weights are fitted anew."""
    n_questions, n_sources = len(sets.counts), len(sets.names)
    total = sets.counts.sum(axis=0)
    n_sentences = int(total.sum())
    missing = np.full(n_sources, np.nan)
    if not n_sentences:
        return Weights(sets.names, *(missing,) * 5, 0, 0.0, 0, refusal(0))
    weight = fit_weights(sets.member, total)
    alone = sets.member & (sets.member.sum(axis=1) == 1)[:, None]
    least, most = (total @ which / n_sentences for which in (alone, sets.member))
    low, high = missing.copy(), missing.copy()
    if sets.refused is None:
        # What each question adds, were the weights known; these sums give the weights again.
        given = sets.member * weight
        covered = given.sum(axis=1, keepdims=True)
        sums = sets.counts @ np.divide(given, covered, out=np.zeros_like(given), where=covered > 0)
        drawn = fit_weights(sets.member, sets.draw())[:, None]
        _, lows, highs = share_ends(sums[:, None], drawn, np.array([n_sentences]))
        low, high = lows[0], highs[0]
    # Between relatives the data decide nothing, so neither may look like the winner.
    for group in find_relatives(sets.member, total, n_sources - 2):
        if len(group) > 1:
            weight, high = weight.copy(), high.copy()
            weight[group] = weight[group].sum() / len(group)
            low[group] = np.where(np.isnan(low[group]), np.nan, 0.0)
            inside = np.isin(np.arange(n_sources), group)
            high[group] = ratio_interval(sets, inside, np.ones(n_sources, bool))[2]
    return Weights(sets.names, weight, low, high, least, most, n_questions, sets.n_effective, n_sentences, sets.refused)


def ratio_interval(sets: Sets, first: Bools, of: Bools) -> tuple[float, float, float]:
    """A part of the weights, such as teacher A's among those of both teachers, with a 95% interval.

    Args:
        first: (n_sources,), the sources above the line.
        of: (n_sources,), those below it, the first among them.

    Returns:
        The part, low and high end; ends are NaN where refused, all are where nothing is below the line.
    """
    weight = fit_weights(sets.member, sets.counts.sum(axis=0))
    below = float(weight[of].sum())
    if not below > 0:
        return (float("nan"),) * 3
    if sets.refused is not None:
        return float(weight[first].sum()) / below, float("nan"), float("nan")
    given = sets.member * weight
    covered = given.sum(axis=1, keepdims=True)
    sums = sets.counts @ np.divide(given, covered, out=np.zeros_like(given), where=covered > 0)
    two = np.stack([sums[:, first].sum(axis=1), sums[:, of & ~first].sum(axis=1)], axis=1)[:, None]
    fitted = fit_weights(sets.member, sets.draw())
    drawn = np.stack([fitted[:, first].sum(axis=1), fitted[:, of & ~first].sum(axis=1)], axis=1)[:, None]
    with np.errstate(invalid="ignore"):
        drawn = drawn / drawn.sum(axis=2, keepdims=True)
    share, low, high = share_ends(two, drawn, np.array([max(1, int(two.sum()))]))
    return float(share[0, 0]), float(low[0, 0]), float(high[0, 0])
