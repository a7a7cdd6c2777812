"""How widely the gaps between two models spread in each group, and labels with that spread taken out.

A rule of fixed thresholds finds more where gaps are wide. Log-ratios, such as ln p_T − ln p_S, may be wide in a group
because its text is surprising to either model, and then labels differ between groups without any difference in what the
teacher gave. Standardised, every log-ratio of a group is divided by the group's spread and multiplied by that of all:

    gap' = gap · s / s_group        which is the same as thresholds of α · s_group / s and β · s_group / s

It is a bound and no correction: where the teacher reaches far the gaps are wide for that very reason, and standardising
takes a part of the reach away with the scale. Differences of probabilities are bounded, so that they are not scaled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.evidence.transfer.reached import ABOVE, NOT_COUNTED, OTHER, UP
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.gaps.gap_arrays import Gaps
from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.intervals import refusal
from rdpt_core.analysis.statistics.resampling import percentile_interval, resample_sums
from rdpt_core.arrays import Bools, Codes, Doubles, Ints

ALL = "all groups"

# The standard deviation of a normal distribution over its median absolute deviation.
_NORMAL = 1.4826


@dataclass(frozen=True, slots=True)
class Spread:
    """The gaps of one group.

    Attributes:
        name: of the group, or `ALL`.
        sd: their standard deviation, in the space of the gaps.
        low, high: its interval over questions; NaN where refused.
        robust: 1.4826 times the median absolute deviation from their median, which has no interval here.
        mean: of the gaps.
        n_sentences: with a gap.
        n_questions, n_effective: questions with one, and what they are worth.
        refused: why there is no interval; None if there is one.
    """

    name: str
    sd: float
    low: float
    high: float
    robust: float
    mean: float
    n_sentences: int
    n_questions: int
    n_effective: float
    refused: str | None


def spreads(gaps: Gaps, rows: Ints, group: Ints, question: Ints, names: Sequence[str]) -> tuple[Spread, ...]:
    """The spread of every group, and last that of all of them.

    Args:
        rows: (n_traces,), where the traces stand in `gaps`.
        group: (n_traces,), from 0; negative for a trace of no group.
        question: (n_traces,), from 0.
        names: of the groups.
    """
    value, of_trace = _of_traces(gaps, rows)
    kept = np.isfinite(value) & (group[of_trace] >= 0)
    value, number, asked = value[kept].astype(np.float64), group[of_trace[kept]], question[of_trace[kept]]
    found = [_spread(name, value[number == k], asked[number == k]) for k, name in enumerate(names)]
    return (*(one for one in found if one.n_sentences), _spread(ALL, value, asked))


def _of_traces(gaps: Gaps, rows: Ints) -> tuple[Doubles, Ints]:
    """The gaps of these traces, and which of them each belongs to."""
    length = gaps.length[rows]
    of_trace = np.repeat(np.arange(len(rows)), length)
    within = np.arange(len(of_trace)) - np.repeat(np.cumsum(length) - length, length)
    return gaps.gap[gaps.start[rows][of_trace] + within].astype(np.float64), of_trace


def _spread(name: str, value: Doubles, question: Ints) -> Spread:
    if not len(value):
        nan = float("nan")
        return Spread(name, nan, nan, nan, nan, nan, 0, 0, 0.0, refusal(0))
    held, number = np.unique(question, return_inverse=True)
    centre, mean = float(np.median(value)), float(value.mean())
    # Around the mean, so that single precision holds the sums of resamples.
    moved = value - mean
    sums = np.stack([np.bincount(number, weight, len(held)) for weight in (np.ones(len(value)), moved, moved**2)], 1)
    worth = float(effective_number(sums[:, 0]))
    refused = refusal(len(held), worth)
    low = high = float("nan")
    if refused is None:
        drawn = resample_sums(sums, np.zeros(len(held), np.int64)).astype(np.float64)
        variance = drawn[:, 2] / drawn[:, 0] - (drawn[:, 1] / drawn[:, 0]) ** 2
        ends = percentile_interval(np.sqrt(np.maximum(variance, 0))[:, None], worth)
        low, high = float(ends[0][0]), float(ends[1][0])
    robust = _NORMAL * float(np.median(np.abs(value - centre)))
    return Spread(name, float(value.std()), low, high, robust, mean, len(value), len(held), worth, refused)


def standardised_parts(gaps: Gaps, rule: LabelRule, factor: Doubles, is_raised: Bools) -> Codes:
    """(n_sentences,), the codes of `reached.parts_of` from scaled gaps; the rule must be in ratio space.

    Single precision decides here: a scaled gap meets a threshold exactly by chance alone.

    Args:
        factor: (n_traces,), what the gaps of each trace are multiplied by.
        is_raised: (n_sentences,), as `reached.raised` gives it; no scale changes it.
    """
    scale = np.repeat(factor, gaps.length)
    gap = gaps.gap * scale
    parts = np.where(gap > rule.beta, np.uint8(ABOVE), np.uint8(OTHER))
    missing = np.isnan(gap)
    if gaps.max_gap is not None:
        max_gap = gaps.max_gap * scale
        parts[(np.abs(gap) <= rule.beta) & is_raised] = UP
        parts[max_gap <= rule.alpha] = OTHER
        missing = np.isnan(max_gap)
    parts[missing] = NOT_COUNTED
    return parts


def factors(found: Sequence[Spread], names: Sequence[str], group: Ints) -> Doubles:
    """(n_traces,), what standardising multiplies the gaps of each trace by: the spread of all over that of its group.

    1 for a trace of no group, and where a group's gaps do not vary.
    """
    sd = {spread.name: spread.sd for spread in found}
    whole = sd[ALL]
    ratio = [whole / sd[name] if sd.get(name, 0.0) > 0 and whole > 0 else 1.0 for name in names]
    return np.array([*ratio, 1.0])[np.where(group >= 0, group, len(names))]
