"""The drops of one label minus those of another: as they are, and among sentences of the same kind and position.

Deletion confounds whose a sentence is with what it is: an equation on which the answer rests costs more than a remark,
whoever wrote it. So labels are also compared within strata, and the differences averaged with the weights that the
strata have among the sentences of both labels together (direct standardisation). Strata with few sentences of either
label are left out; how many sentences remain is told. Only shares and means are compared so: medians of strata do not
average to that of all, and where drops have two humps they differ by any amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.evidence.importance.sample import Sample, renumbered
from rdpt_core.analysis.evidence.importance.summaries import Ends, Groups, Measure, measure_groups
from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.intervals import none_if_nan, refusal
from rdpt_core.analysis.statistics.resampling import percentile_interval
from rdpt_core.arrays import Doubles, Floats, Ints

COMPARED: tuple[Measure, ...] = ("share", "mean")
"""The measures whose differences are averaged over strata."""

LEAST = 10
"""Sentences that a stratum must have of either label."""

ADJUSTMENTS: dict[str, tuple[str, ...]] = {
    "as they are": (),
    "same kind": ("correctness", "kind"),
    "same kind and position": ("correctness", "kind", "position"),
}
"""What is held equal. Correct and incorrect traces are never mixed in a stratum."""

NO_STRATUM = f"no stratum holds {LEAST} sentences of both labels"
NO_SPREAD = "every redrawn sample gives the same difference"


@dataclass(frozen=True, slots=True)
class Contrast:
    """The measures of a label minus those of another one.

    Attributes:
        adjustment: one of `ADJUSTMENTS`.
        numbers: NaN where no stratum holds enough of both labels.
        covered: the part of the sentences of both labels that is compared.
        n_sentences: of the first and of the other label, compared.
        n_questions: questions with a compared sentence of both or of either label.
        n_effective: what they are worth, of the label with fewer.
        refused: for each measure, why there is no interval; None if there is one.
    """

    label: str
    other: str
    adjustment: str
    numbers: dict[Measure, Ends]
    covered: float
    n_sentences: tuple[int, int]
    n_strata: int
    n_questions: int
    n_effective: float
    refused: dict[Measure, str | None]


def contrast_labels(sample: Sample, label: str) -> tuple[Contrast, ...]:
    """One label against every other label that has sentences here, in each way of `ADJUSTMENTS`.

    Returns:
        By other label, and then by adjustment; none if the label itself has no sentence.
    """
    first = sample.labels.index(label)
    present = np.bincount(sample.label, minlength=len(sample.labels)) > 0
    others = [k for k, name in enumerate(sample.labels) if name != label and present[k]]
    if not present[first] or not others:
        return ()
    found: dict[tuple[int, str], Contrast] = {}
    for adjustment, splits in ADJUSTMENTS.items():
        stratum, n_strata = _strata(sample, splits)
        group = stratum * len(sample.labels) + sample.label
        groups = measure_groups(sample, group, n_strata * len(sample.labels), COMPARED)
        for other in others:
            found[other, adjustment] = _contrast(sample.labels, groups, first, other, adjustment)
    return tuple(found[other, adjustment] for other in others for adjustment in ADJUSTMENTS)


def _strata(sample: Sample, splits: Sequence[str]) -> tuple[Ints, int]:
    """(n,), the stratum of every sentence, and how many strata there are."""
    stratum = np.zeros(len(sample.drop), np.int64)
    for split in splits:
        stratum = stratum * max(1, len(sample.names[split])) + sample.group(split)
    held, number = renumbered(stratum)
    return number, len(held)


def _contrast(labels: Sequence[str], groups: Groups, first: int, other: int, adjustment: str) -> Contrast:
    n_labels = len(labels)
    weight = groups.weight.reshape(len(groups.weight), -1, n_labels)
    n = weight.sum(axis=0)
    kept = np.flatnonzero((n[:, first] >= LEAST) & (n[:, other] >= LEAST))
    both = [kept * n_labels + label for label in (first, other)]
    compared = n[kept][:, [first, other]]
    of_label = weight[:, kept].sum(axis=1)[:, [first, other]]
    n_questions = int((of_label.sum(axis=1) > 0).sum())
    n_effective = float(effective_number(of_label).min()) if len(kept) else 0.0
    fewest = int((of_label > 0).sum(axis=0).min()) if len(kept) else 0
    why = refusal(fewest, n_effective) if len(kept) else NO_STRATUM
    numbers, refused = {}, {}
    for measure in COMPARED:
        values, draws = groups.values[measure], groups.draws[measure]
        gap = values[both[0]] - values[both[1]]
        drawn = draws[:, both[0]] - draws[:, both[1]]
        numbers[measure], refused[measure] = _averaged(gap, drawn, compared.sum(axis=1), n_effective, why)
    total = n[:, [first, other]].sum()
    return Contrast(
        labels[first],
        labels[other],
        adjustment,
        numbers,
        float(compared.sum() / total),
        (int(compared[:, 0].sum()), int(compared[:, 1].sum())),
        len(kept),
        n_questions,
        n_effective,
        refused,
    )


def _averaged(
    gap: Doubles, drawn: Floats, weight: Doubles, n_effective: float, why: str | None
) -> tuple[Ends, str | None]:
    """The weighted mean of the strata's differences, with its interval.

    A resample that has nothing of a stratum averages over the others.
    """
    if not len(gap):
        return Ends(np.nan, np.nan, np.nan), why
    value = float(gap @ weight / weight.sum())
    if why is not None:
        return Ends(value, np.nan, np.nan), why
    known = np.isfinite(drawn)
    with np.errstate(invalid="ignore"):
        averages = (np.where(known, drawn, 0) @ weight) / (known @ weight)
    if np.nanmax(averages) - np.nanmin(averages) <= 1e-12:
        return Ends(value, np.nan, np.nan), NO_SPREAD
    low, high = percentile_interval(averages[:, None], n_effective)
    return Ends(value, float(low[0]), float(high[0])), None


def contrast_rows(contrasts: Sequence[Contrast], method: str) -> pa.Table:
    """One row a pair of labels, adjustment and measure; ends are NULL where refused."""
    rows = [
        {
            "method": method,
            "label": item.label,
            "minus": item.other,
            "held_equal": item.adjustment,
            "measure": measure,
            "difference": none_if_nan(item.numbers[measure].value),
            "low": none_if_nan(item.numbers[measure].low),
            "high": none_if_nan(item.numbers[measure].high),
            "n_sentences_label": item.n_sentences[0],
            "n_sentences_minus": item.n_sentences[1],
            "part_compared": item.covered,
            "n_strata": item.n_strata,
            "n_questions": item.n_questions,
            "n_effective": item.n_effective,
            "no_interval_because": item.refused[measure],
        }
        for item in contrasts
        for measure in COMPARED
    ]
    texts = [(name, pa.string()) for name in ("method", "label", "minus", "held_equal", "measure")]
    numbers = [(name, pa.float64()) for name in ("difference", "low", "high")]
    counts = [("n_sentences_label", pa.int64()), ("n_sentences_minus", pa.int64()), ("part_compared", pa.float64())]
    last = [("n_strata", pa.int64()), ("n_questions", pa.int64()), ("n_effective", pa.float64())]
    schema = pa.schema([*texts, *numbers, *counts, *last, ("no_interval_because", pa.string())])
    return pa.Table.from_pylist(rows, schema)
