"""Median drop, share of large drops and mean drop of groups of sentences, with intervals over questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Literal, get_args

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.evidence.importance.medians import medians, redrawn_medians, sorted_groups
from rdpt_core.analysis.evidence.importance.sample import By, Sample, renumbered
from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.intervals import none_if_nan, refusal, share_ends
from rdpt_core.analysis.statistics.resampling import percentile_interval, resample_sums
from rdpt_core.arrays import Doubles, Floats, Ints, SmallInts

LARGE = 1.0
"""Nats from which on a drop counts as large: the answer is then 2.7 times less likely, or worse."""

Measure = Literal["median", "share", "mean"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
"""The median drop, the share of drops above `LARGE`, and the mean drop."""

_SENTENCES, _NATS, _LARGE = range(3)
# Of the sums of a group: what is divided by its sentences.
_PARTS: tuple[tuple[Measure, int], ...] = (("share", _LARGE), ("mean", _NATS))


@dataclass(frozen=True, slots=True)
class Ends:
    """A number with its interval; the ends are NaN where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups of sentences, all from the same redrawn questions.

    Attributes:
        values: for each measure that was wanted, (n_groups,), NaN where a group is empty.
        draws: for each measure, (n_resamples, n_groups), NaN where a resample has nothing of a group.
        sums: (n_questions, n_groups, 3): sentences, their nats, and how many of them are large.
    """

    values: dict[Measure, Doubles]
    draws: dict[Measure, Floats]
    sums: Doubles

    @property
    def weight(self) -> Doubles:
        """(n_questions, n_groups), sentences."""
        return self.sums[:, :, _SENTENCES]


@dataclass(frozen=True, slots=True)
class Summary:
    """The drops of one label, in one group.

    Attributes:
        group: a value of the split; `all sentences` where there is none.
        refused: why there are no intervals; None if there are.
    """

    label: str
    group: str
    numbers: dict[Measure, Ends]
    n_sentences: int
    n_traces: int
    n_questions: int
    n_effective: float
    refused: str | None


def measure_groups(sample: Sample, group: Ints, n_groups: int, measures: Sequence[Measure] = MEASURES) -> Groups:
    """Measures of groups of a sample.

    Args:
        group: (n,), below `n_groups`.
        measures: those that are wanted; medians take longest.
    """
    n_questions = sample.n_questions
    slot, size = sample.question.astype(np.int64) * n_groups + group, n_questions * n_groups
    columns = (None, sample.drop, sample.drop > LARGE)
    sums = np.stack([np.bincount(slot, column, size) for column in columns], axis=1).astype(np.float64)
    sums = sums.reshape(n_questions, n_groups, 3)
    total, drawn = sums.sum(axis=0), resample_sums(sums, np.zeros(n_questions, np.int64))
    values: dict[Measure, Doubles] = {}
    draws: dict[Measure, Floats] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for measure, column in _PARTS:
            values[measure] = total[:, column] / total[:, _SENTENCES]
            draws[measure] = drawn[:, :, column] / drawn[:, :, _SENTENCES]
    if "median" in measures:
        order, start = sorted_groups(sample.by_drop, group, n_groups)
        values["median"] = medians(sample.drop, order, start)
        draws["median"] = redrawn_medians(sample.drop, sample.question, order, start, n_questions)
    return Groups(values, draws, sums)


def summarise(sample: Sample, by: By) -> tuple[Summary, ...]:
    """Every label in every group that holds one of its sentences: groups in order, and labels within them."""
    n_labels = len(sample.labels)
    if not len(sample.drop):
        return ()
    group = sample.group(by) * n_labels + sample.label
    filled, number = renumbered(group)
    found = measure_groups(sample, number, len(filled))
    ends = _ends(found)
    n_sentences = found.weight.sum(axis=0).astype(np.int64)
    n_questions, n_effective = (found.weight > 0).sum(axis=0), effective_number(found.weight)
    n_traces = _n_traces(sample.trace, number, len(filled))
    summaries = []
    for place, code in enumerate(filled.tolist()):
        n, worth = int(n_questions[place]), float(n_effective[place])
        summaries.append(
            Summary(
                sample.labels[code % n_labels],
                sample.names[by][code // n_labels],
                {measure: Ends(*(float(end[place]) for end in ends[measure])) for measure in MEASURES},
                int(n_sentences[place]),
                int(n_traces[place]),
                n,
                worth,
                refusal(n, worth),
            )
        )
    return tuple(summaries)


def _ends(groups: Groups) -> dict[Measure, tuple[Doubles, Doubles, Doubles]]:
    """Value, low and high end of every group, NaN where refused."""
    weight = groups.weight
    n_effective = effective_number(weight)
    given = np.array(
        [refusal(int(n), worth) is None for n, worth in zip((weight > 0).sum(axis=0), n_effective, strict=True)]
    )
    found: dict[Measure, tuple[Doubles, Doubles, Doubles]] = {}
    by_percentiles: tuple[Measure, ...] = ("median", "mean")
    for measure in by_percentiles:
        low, high = percentile_interval(groups.draws[measure], n_effective)
        found[measure] = groups.values[measure], np.where(given, low, np.nan), np.where(given, high, np.nan)
    large = groups.sums[:, :, _LARGE]
    sums = np.stack([large, weight - large], axis=2)
    drawn = np.stack([groups.draws["share"], 1 - groups.draws["share"]], axis=2)
    share, low, high = share_ends(sums, drawn, weight.sum(axis=0).astype(np.int64))
    found["share"] = share[:, 0], low[:, 0], high[:, 0]
    return found


def _n_traces(trace: SmallInts, group: Ints, n_groups: int) -> Ints:
    """(n_groups,), how many traces each group has a sentence of.

    Args:
        trace: (n,), ascending.
    """
    order, _ = sorted_groups(np.arange(len(trace), dtype=np.int32), group, n_groups)
    of_group, of_trace = group[order], trace[order]
    is_first = np.append(True, (np.diff(of_group) != 0) | (np.diff(of_trace) != 0))
    return np.bincount(of_group[is_first], minlength=n_groups)


def summary_rows(summaries: Sequence[Summary], by: By, method: str) -> pa.Table:
    """One row a label and group; ends are NULL where refused. Without summaries there are no rows, but all columns.

    Columns: method, divided_by (a split), group, label; median_drop, share_above_1_nat and mean_drop, each followed by
    its low and high end; n_sentences, n_traces, n_questions, n_effective, no_interval_because.
    """
    rows = [
        {
            "method": method,
            "divided_by": by,
            "group": item.group,
            "label": item.label,
            **{
                name: none_if_nan(value)
                for measure in MEASURES
                for name, value in zip(_columns(measure), astuple(item.numbers[measure]), strict=True)
            },
            "n_sentences": item.n_sentences,
            "n_traces": item.n_traces,
            "n_questions": item.n_questions,
            "n_effective": item.n_effective,
            "no_interval_because": item.refused,
        }
        for item in summaries
    ]
    texts = [(name, pa.string()) for name in ("method", "divided_by", "group", "label")]
    numbers = [(name, pa.float64()) for measure in MEASURES for name in _columns(measure)]
    counts = [(name, pa.int64()) for name in ("n_sentences", "n_traces", "n_questions")]
    last = [("n_effective", pa.float64()), ("no_interval_because", pa.string())]
    return pa.Table.from_pylist(rows, pa.schema([*texts, *numbers, *counts, *last]))


def _columns(measure: Measure) -> tuple[str, str, str]:
    """What a number and its ends are called."""
    name = f"share_above_{LARGE:g}_nat" if measure == "share" else f"{measure}_drop"
    return name, f"{name}_low", f"{name}_high"
