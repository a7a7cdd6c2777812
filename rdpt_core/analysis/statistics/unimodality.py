"""The dip test of unimodality with questions as the unit: is there more than one hump, or only chance dents?

The dip is the largest distance between a distribution function and the nearest one with a single hump (Hartigan and
Hartigan, "The Dip Test of Unimodality", 1985). Of all densities with one hump, a flat one makes the largest dips by
chance, so it is the null. Sentences of one question are alike, so how large these are depends on how values cluster:

    1. Measured on the scale of its own distribution function, the sample is exactly flat.
    2. A resample of whole questions, measured on that same scale, departs from flatness as samples by chance do.
    3. The p-value is the part of the resamples whose dip reaches the sample's, which is measured on the plain scale.

Where each question gives one sentence, this is the dip test for independent values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.intervals import refusal
from rdpt_core.analysis.statistics.resampling import SEED, resample_sums
from rdpt_core.arrays import Doubles

N_RESAMPLES = 499

# Levels of density at which humps are compared, as parts of a flat density. The more questions, the closer to 1 are
# those that show the dip of a resample, so steps are narrow there: p is within 0.02 of that with 1,500 even steps.
_STEPS = np.linspace(-1, 1, 121)
_FLAT_LEVELS = 1 + np.sign(_STEPS) * _STEPS**2
_N_LEVELS = 400


@dataclass(frozen=True, slots=True)
class DipTest:
    """Whether a density has more than one hump.

    Attributes:
        dip: between 0 and 1/4; 0 for a single hump.
        p_value: of one hump; NaN where refused.
        n_questions: questions with something counted.
        n_effective: how many equally heavy questions these are worth.
        refused: why there is no p-value; None if there is one.
    """

    dip: float
    p_value: float
    n_questions: int
    n_effective: float
    refused: str | None


def dip_test(counts: Doubles, *, seed: int = SEED) -> DipTest:
    """Test a histogram for a single hump.

    Within a bin values count as evenly spread, so that humps narrower than a few bins are not seen.

    Args:
        counts: (n_questions, n_bins), what each question has in each of equally wide bins.
        seed: the same seed and input give the same p-value.
    """
    counts = counts[counts.any(axis=1)]
    n_questions, n_bins = counts.shape
    n_effective = float(effective_number(counts.sum(axis=1)))
    refused = refusal(n_questions, n_effective)
    if not n_questions:
        return DipTest(0.0, float("nan"), 0, 0.0, refused)
    cdf = _distribution(counts.sum(axis=0)[None])
    steepest = float(np.diff(cdf).max()) * n_bins
    dip = float(dips(cdf, np.linspace(0, 1, n_bins + 1), np.linspace(0, steepest, _N_LEVELS))[0])
    if refused is not None:
        return DipTest(dip, float("nan"), n_questions, n_effective, refused)
    drawn = resample_sums(counts, np.zeros(n_questions, np.int64), N_RESAMPLES, seed)
    resampled = _distribution(drawn.astype(np.float64))
    # Resamples of n questions spread less than samples do, by this factor.
    spread = np.sqrt(n_questions / (n_questions - 1))
    by_chance = dips(cdf + spread * (resampled - cdf), cdf[0], _FLAT_LEVELS)
    # Sums in another order differ by rounding, which must not decide.
    n_as_large = int((by_chance >= dip - 1e-12).sum())
    return DipTest(dip, (1 + n_as_large) / (1 + N_RESAMPLES), n_questions, n_effective, None)


def _distribution(counts: Doubles) -> Doubles:
    """Shapes: (m, n_bins) to (m, n_bins + 1): the part below each edge of the bins."""
    below = np.cumsum(np.pad(counts, ((0, 0), (1, 0))), axis=1)
    parts: Doubles = below / below[:, -1:]
    return parts


def dips(distribution: Doubles, position: Doubles, levels: Doubles) -> Doubles:
    """The dips of distribution functions that are linear between knots.

    The dip is half of the largest excess mass that two intervals have over one (Müller and Sawitzki, "Excess Mass
    Estimates and Tests for Multimodality", 1991), the excess of an interval at a level being the mass in it minus level
    times length. With `s = distribution - level * position`, that of one interval is the largest rise of `s`, and that
    of two the largest sum of two rises that follow each other.

    Args:
        distribution: (m, n_knots).
        position: (n_knots,), ascending.
        levels: (n_levels,), the densities that are tried. A coarse choice misses a part of the dip.

    Returns:
        (m,).
    """
    largest = np.zeros(len(distribution))
    for level in levels:
        s = distribution - level * position
        rise_up_to = np.maximum.accumulate(s - np.minimum.accumulate(s, axis=1), axis=1)
        backwards = s[:, ::-1]
        rise_from = np.maximum.accumulate(np.maximum.accumulate(backwards, axis=1) - backwards, axis=1)[:, ::-1]
        largest = np.maximum(largest, (rise_up_to + rise_from).max(axis=1) - rise_up_to[:, -1])
    half: Doubles = largest / 2
    return half
