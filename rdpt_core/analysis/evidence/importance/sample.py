"""The labelled sentences before an answer that are in scope, with all that they are grouped by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from rdpt_core.analysis.evidence.importance.drops import THIRDS, Drops
from rdpt_core.analysis.evidence.importance.kinds import KINDS
from rdpt_core.analysis.evidence.overlap.classes import CLASSES, UNKNOWN
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.arrays import Codes, Floats, Ints, SmallInts

By = Literal["all", "correctness", "kind", "position", "benchmark", "training"]
SPLITS: tuple[By, ...] = get_args(By)
"""What labels may be divided by: by nothing, or by one of these; the last one only where a run has training texts."""

NO_CLASS = "without a class"
"""The value of `training` of sentences that were not looked up, and of those without words."""

_OF_TRACES = ("correctness", "benchmark")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """n sentences of some traces. Memory: 24 bytes a sentence.

    Attributes:
        labels: the labels of the run, in the order of their codes.
        drop: (n,) nats.
        label: (n,), indices into `labels`.
        kind, third: (n,), as in `Drops`.
        trace: (n,), ascending, indices into the traces in scope.
        question: (n,), from 0.
        of_traces: for each split by traces, (n_traces in scope,) numbers of its values.
        names: for each split, the names of its values in the order in which they are shown.
        n_questions: of the traces in scope; some may have no sentence here.
        rows: (n,), indices into the `Drops` that they come from.
        by_drop: (n,), indices into all of these arrays, in ascending order of drops.
        training: (n,), how far each stands in the training texts, as indices into the names of that split; None for a
            run without such texts.
    """

    labels: tuple[str, ...]
    drop: Floats
    label: Codes
    kind: Codes
    third: Codes
    trace: SmallInts
    question: SmallInts
    of_traces: dict[str, Ints]
    names: dict[str, tuple[str, ...]]
    n_questions: int
    rows: SmallInts
    by_drop: SmallInts
    training: Codes | None = None

    @property
    def n_traces(self) -> int:
        """Traces with a sentence here."""
        return len(np.unique(self.trace))

    def group(self, split: str) -> Ints:
        """(n,), the numbers of the values of a split."""
        if split == "all":
            return np.zeros(len(self.drop), np.int64)
        if split == "kind":
            return self.kind.astype(np.int64)
        if split == "position":
            return self.third.astype(np.int64)
        if split == "training":
            return np.full(len(self.drop), len(CLASSES)) if self.training is None else self.training.astype(np.int64)
        return self.of_traces[split][self.trace]

    def present(self, split: str) -> tuple[int, ...]:
        """The values of a split that some sentence has, in order."""
        return tuple(renumbered(self.group(split))[0].tolist())


def make_sample(
    drops: Drops, codes: Codes, labels: tuple[str, ...], traces: TraceTable, training: Codes | None = None
) -> Sample:
    """Join drops with labels, and with the traces in scope.

    Args:
        codes: the label of every sentence of the run that counts, from 1; 0 where unscored. Those have no label and
            are left out.
        labels: in the order of the codes.
        training: the class of every such sentence, as `overlap.classes.class_codes` gives it.
    """
    in_scope = np.isin(drops.trace_no, traces.trace_no)
    label = codes[drops.place]
    rows = np.flatnonzero(np.repeat(in_scope, np.diff(drops.start)) & (label > 0))
    place = np.searchsorted(traces.trace_no, drops.trace_no).astype(np.int32)
    trace = np.repeat(place, np.diff(drops.start))[rows]
    return Sample(
        labels,
        drops.drop[rows],
        (label[rows] - 1).astype(np.uint8),
        drops.kind[rows],
        drops.third[rows],
        trace,
        traces.question.astype(np.int32)[trace],
        {split: traces.codes[split] for split in _OF_TRACES},
        {
            "all": ("all sentences",),
            "kind": KINDS,
            "position": THIRDS,
            "training": (*CLASSES, NO_CLASS),
            **{split: traces.names[split] for split in _OF_TRACES},
        },
        traces.n_questions,
        rows.astype(np.int32),
        _in_same_order(drops.by_drop, rows),
        None if training is None else _values(training[drops.place[rows]]),
    )


def _values(classes: Codes) -> Codes:
    """Codes of classes, 0 for none, as indices into their names, that without one last."""
    values: Codes = np.where(classes == UNKNOWN, len(CLASSES), classes - 1).astype(np.uint8)
    return values


def _in_same_order(order: SmallInts, rows: Ints) -> SmallInts:
    """The places in `rows` of those that are among them, in this order."""
    place = np.full(len(order), -1, np.int32)
    place[rows] = np.arange(len(rows))
    ordered = place[order]
    return ordered[ordered >= 0]


def renumbered(codes: Ints) -> tuple[Ints, Ints]:
    """The codes that occur, ascending, and (n,) the place of each among them; `np.unique` without sorting.

    Args:
        codes: (n,), small numbers from 0.
    """
    is_held = np.bincount(codes) > 0
    place = np.cumsum(is_held) - 1
    return np.flatnonzero(is_held), place[codes]
