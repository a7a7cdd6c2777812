"""The labelled sentences before an answer that are in scope, with all that they are grouped by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from rdpt_core.analysis.evidence.importance.drops import THIRDS, Drops
from rdpt_core.analysis.evidence.importance.kinds import KINDS
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.arrays import Codes, Floats, Ints

By = Literal["all", "correctness", "kind", "position", "benchmark"]
SPLITS: tuple[By, ...] = get_args(By)
"""What labels may be divided by: by nothing, or by one of these."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """n sentences of some traces.

    Attributes:
        labels: the labels of the run, in the order of their codes.
        drop: (n,) nats.
        label: (n,), indices into `labels`.
        question: (n,), from 0.
        trace: (n,), indices into the traces in scope.
        groups: for each split, (n,) numbers of its values.
        names: for each split, the names of its values in the order in which they are shown.
        n_questions: of the traces in scope; some may have no sentence here.
        rows: (n,), indices into the `Drops` that they come from.
    """

    labels: tuple[str, ...]
    drop: Floats
    label: Codes
    question: Ints
    trace: Ints
    groups: dict[str, Ints]
    names: dict[str, tuple[str, ...]]
    n_questions: int
    rows: Ints

    @property
    def n_traces(self) -> int:
        """Traces with a sentence here."""
        return len(np.unique(self.trace))

    def present(self, split: str) -> tuple[int, ...]:
        """The values of a split that some sentence has, in order."""
        return tuple(np.unique(self.groups[split]).tolist())


def make_sample(drops: Drops, codes: Codes, labels: tuple[str, ...], traces: TraceTable) -> Sample:
    """Join drops with labels, and with the traces in scope.

    Args:
        codes: the label of every sentence of the run that counts, from 1; 0 where unscored. Those have no label and
            are left out.
        labels: in the order of the codes.
    """
    in_scope = np.isin(drops.trace_no, traces.trace_no)
    label = codes[drops.place]
    rows = np.flatnonzero(np.repeat(in_scope, np.diff(drops.start)) & (label > 0))
    of_trace = np.repeat(np.searchsorted(traces.trace_no, drops.trace_no), np.diff(drops.start))
    trace = of_trace[rows]
    groups = {
        "all": np.zeros(len(rows), np.int64),
        "correctness": traces.codes["correctness"][trace],
        "kind": drops.kind[rows].astype(np.int64),
        "position": drops.third[rows].astype(np.int64),
        "benchmark": traces.codes["benchmark"][trace],
    }
    names = {
        "all": ("all sentences",),
        "correctness": traces.names["correctness"],
        "kind": KINDS,
        "position": THIRDS,
        "benchmark": traces.names["benchmark"],
    }
    return Sample(
        labels,
        drops.drop[rows],
        (label[rows] - 1).astype(np.uint8),
        traces.question[trace],
        trace,
        groups,
        names,
        traces.n_questions,
        rows,
    )
