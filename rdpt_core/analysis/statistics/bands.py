"""Bands that hold whole curves of shares: max-|t| over the points (Montiel Olea and Plagborg-Møller 2019).

Resamples give each point its spread, and the distance, in spreads, that a curve strays anywhere from its middle. Three
things keep a band of few questions or of a rare label from claiming too much. The distance is taken from Student's t
instead of the normal distribution, at the same probability. No spread is below that of as many independent answers as
there are questions. And where a share is 0 or 1, the band reaches as far as the exact interval at that probability.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri, stdtrit

from rdpt_core.analysis.statistics.exact import clopper_pearson
from rdpt_core.analysis.statistics.resampling import LEVEL
from rdpt_core.arrays import Doubles


def share_band(
    draws: npt.NDArray[np.floating], share: Doubles, n_effective: Doubles, level: float = LEVEL
) -> tuple[Doubles, Doubles]:
    """One band for each curve of shares.

    Works on the scale of `arcsin(sqrt(share))`, on which the spread depends little on the share.

    Args:
        draws: (n_resamples, n_points, n_curves), NaN where a resample has nothing at a point.
        share: (n_points, n_curves).
        n_effective: (n_points,), the effective number of questions at each point; at least one point.

    Returns:
        Low and high ends, (n_points, n_curves), between 0 and 1.
    """
    angles, centre = np.arcsin(np.sqrt(draws)), np.arcsin(np.sqrt(share))
    # The variance of a binomial share of n on this scale is 1 / (4 n).
    least = 0.5 / np.sqrt(n_effective + 1)
    spread = np.maximum(np.nanstd(angles, axis=0), least[:, None])
    reach = strayed(angles, centre, spread, level)
    # In spreads that were raised, curves stray less than a single normal point would; its probability is the least.
    as_normal = np.maximum(reach, ndtri(0.5 + level / 2))
    width = reach * for_few_questions(as_normal, float(n_effective.min())) / as_normal * spread
    low, high = (np.sin(np.clip(end, 0, np.pi / 2)) ** 2 for end in (centre - width, centre + width))
    exact_low, exact_high = clopper_pearson(share, n_effective[:, None], 2 * ndtr(as_normal) - 1)
    is_edge = (share <= 0) | (share >= 1)
    return np.where(is_edge, np.minimum(low, exact_low), low), np.where(is_edge, np.maximum(high, exact_high), high)


def strayed(draws: npt.NDArray[np.floating], centre: Doubles, spread: Doubles, level: float = LEVEL) -> Doubles:
    """How many spreads hold a part `level` of the drawn curves everywhere, (n_curves,).

    Args:
        draws: (n_resamples, n_points, n_curves), NaN where undefined.
        centre, spread: (n_points, n_curves).
    """
    distance = np.abs(draws - centre) / spread
    largest = np.max(np.where(np.isnan(distance), 0.0, distance), axis=1)
    return np.asarray(np.quantile(largest, level, axis=0))


def for_few_questions(reach: Doubles, n_questions: float) -> Doubles:
    """Normal quantiles as the quantiles of Student's t at the same probability, for spreads from few questions.

    Times `sqrt(n / (n - 1))`, because the spread of resamples lacks that factor.
    """
    n = max(n_questions, 2.0)
    return np.asarray(-stdtrit(n - 1, ndtr(-reach)) * np.sqrt(n / (n - 1)))
