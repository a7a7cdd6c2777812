"""Medians of groups of sentences, and the medians of the same groups in redrawn questions.

A question that is drawn twice counts twice, so the median of a resample is a weighted one. It lies near that of all
sentences. So each group is cut into steps around its median, the sentences of each question are counted in every step,
and a resample adds up these counts: no resample sorts anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.statistics.exact import clustered_variance, effective_number
from rdpt_core.analysis.statistics.resampling import resample_sums
from rdpt_core.arrays import Doubles, Floats, Ints, SmallInts

STEPS = 96
"""Steps of a group. So many reach from six standard errors below the median to six above it, an eighth of one each;
groups with fewer sentences there are counted value by value, and so exactly."""

_REACH = 6.0
# Counts of one pass: 100 MB of resamples.
_CELLS = 12_000


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """A group around its median.

    Attributes:
        edges: ascending; step j holds values above edge j - 1 and up to edge j, the last one all above the last edge.
        middle: (n_edges + 1,), the value that stands for each step.
    """

    edges: Floats
    middle: Doubles


def sorted_groups(by_value: SmallInts, group: Ints, n_groups: int) -> tuple[SmallInts, Ints]:
    """The order of values by group and then size, and (n_groups + 1,) where each group begins in it.

    Args:
        by_value: (n,), the order of the values by size alone.
        group: (n,), below `n_groups`.
    """
    of_group = group[by_value]
    # Numbers of 16 bits are sorted by counting, in a fraction of the time.
    small = of_group.astype(np.uint16) if n_groups <= 1 << 16 else of_group
    start = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=n_groups))])
    return by_value[np.argsort(small, kind="stable")], start


def medians(values: Floats, order: SmallInts, start: Ints) -> Doubles:
    """(n_groups,), NaN where a group is empty. Equals `np.median` of each group.

    Args:
        order, start: as `sorted_groups` gives them.
    """
    n = np.diff(start)
    found = np.full(len(n), np.nan)
    held = n > 0
    low, high = (start[:-1] + (n - 1) // 2)[held], (start[:-1] + n // 2)[held]
    found[held] = (values[order[low]].astype(np.float64) + values[order[high]]) / 2
    return found


def redrawn_medians(
    values: Floats, question: SmallInts, order: SmallInts, start: Ints, n_questions: int, n_resamples: int | None = None
) -> Floats:
    """(n_resamples, n_groups), the medians in redrawn questions, NaN where a resample has nothing of a group.

    All groups come from the same resamples. Where a group is counted value by value, each equals the median of the
    drawn questions' sentences.

    Args:
        values: (n,).
        question: (n,), below `n_questions`.
        order, start: as `sorted_groups` gives them.
    """
    stratum = np.zeros(n_questions, np.int64)
    parts = []
    at_once = max(1, _CELLS // (STEPS + 2))
    for first in range(0, len(start) - 1, at_once):
        groups = range(first, min(first + at_once, len(start) - 1))
        steps, counts = [], []
        for g in groups:
            rows = order[start[g] : start[g + 1]]
            steps.append(_steps_of(values[rows], question[rows], n_questions))
            counts.append(_counted(values[rows], question[rows], steps[-1], n_questions))
        totals = resample_sums(np.concatenate(counts, axis=1), stratum, n_resamples)
        ends = np.cumsum([0, *(part.shape[1] for part in counts)])
        for place, step in enumerate(steps):
            parts.append(_weighted_medians(totals[:, ends[place] : ends[place + 1]], step))
    return np.stack(parts, axis=1) if parts else np.empty((0, 0), np.float32)


def _steps_of(ordered: Floats, question: SmallInts, n_questions: int) -> _Steps:
    """Steps of a group whose values are sorted."""
    n = len(ordered)
    if not n:
        return _Steps(np.empty(0, np.float32), np.full(1, np.nan))
    middle = float(ordered[(n - 1) // 2])
    total = np.bincount(question, minlength=n_questions)
    below = np.bincount(question, ordered <= middle, n_questions)
    terms = (below - below.sum() / n * total) / n
    variance, _ = clustered_variance(terms, np.asarray((total > 0).sum()), effective_number(total))
    # Never below the error of independent sentences: a group of one or two questions may show no variance at all.
    reach = _REACH * max(float(np.sqrt(variance)), 0.5 / np.sqrt(n)) * n
    first, last = max(0, int(n / 2 - reach)), min(n - 1, int(np.ceil(n / 2 + reach)))
    inside = np.unique(ordered[first : last + 1])
    if len(inside) <= STEPS:
        return _Steps(inside, np.append(inside, inside[-1]).astype(np.float64))
    rank = np.unique(np.linspace(first, last, STEPS).astype(np.int64))
    edges, place = np.unique(ordered[rank], return_index=True)
    rank = rank[place]
    between = ordered[(np.concatenate([rank[:1] - 1, rank[:-1]]) + 1 + rank) // 2]
    return _Steps(edges, np.append(between, edges[-1]).astype(np.float64))


def _counted(values: Floats, question: SmallInts, steps: _Steps, n_questions: int) -> Floats:
    """(n_questions, n_steps), sentences of each question in each step."""
    width = len(steps.edges) + 1
    step = np.searchsorted(steps.edges, values, side="left")
    counts = np.bincount(question.astype(np.int64) * width + step, minlength=n_questions * width)
    return counts.reshape(n_questions, width).astype(np.float32)


def _weighted_medians(totals: Floats, steps: _Steps) -> Floats:
    """(n_resamples,), halfway between the lower and the upper median of each resample."""
    reached = np.cumsum(totals, axis=1, dtype=np.float64)
    half = reached[:, -1:] / 2
    low, high = (reached < half).sum(axis=1), (reached <= half).sum(axis=1)
    last = len(steps.middle) - 1
    found = (steps.middle[np.minimum(low, last)] + steps.middle[np.minimum(high, last)]) / 2
    return np.where(half[:, 0] > 0, found, np.nan).astype(np.float32)
