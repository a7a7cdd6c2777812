"""Label shares of copied, template and new sentences: the classes as a dimension of cross tables.

Each trace counts once for each class, with the labels of its sentences of that class. So two classes are paired by
question, as any two groups of a cross table are. Sentences without a class are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rdpt_core.analysis.evidence.overlap.classes import CLASSES
from rdpt_core.analysis.evidence.overlap.data import OverlapData, overlap_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData, shares_of_groups
from rdpt_core.analysis.run.drilldown import LIMIT, Drilldown, drilldown_of
from rdpt_core.analysis.run.gaps.gap_arrays import load_token_counts
from rdpt_core.analysis.run.group_shares import DIMENSIONS, CrossCell, CrossTable, RunCounts, cross_tabulate
from rdpt_core.analysis.run.kept import Family
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import Average
from rdpt_core.arrays import Codes, Doubles, Ints

TRAINING = "training"
"""What the dimension is called."""

_SHARES = Family("class_shares", 12)


def dimensions_of(data: RunData) -> tuple[str, ...]:
    """What the sentences of a run may be grouped by: `training` only where they were looked up in training texts."""
    return DIMENSIONS if overlap_of(data) is None else (*DIMENSIONS, TRAINING)


def grouped_shares(
    runs: Mapping[str, RunData],
    rule: LabelRule,
    scope: Scope,
    row: str,
    column: str | None = None,
    *,
    by_tokens: bool = False,
    average: Average = "sentences",
) -> CrossTable:
    """`shares_of_groups`, in which the classes of sentences may be one of the dimensions.

    Of several runs, those without training texts are left out where the classes are a dimension.
    """
    if TRAINING not in (row, column):
        return shares_of_groups(runs, rule, scope, row, column, by_tokens=by_tokens, average=average)
    first, *_ = runs.values()

    def answer() -> CrossTable:
        counted = []
        for name, data in runs.items():
            overlap = overlap_of(data)
            if overlap is not None:
                counted.append(_class_counts(name, overlap, rule, scope, by_tokens))
        return cross_tabulate(counted, first.labels, row, column, average)

    names = tuple((name, *data.key) for name, data in runs.items())
    table: CrossTable = first.keep(_SHARES, (names, rule, scope, row, column, by_tokens, average), answer)
    return table


def traces_of_class(runs: Sequence[RunData], rule: LabelRule, scope: Scope, cell: CrossCell, label: str) -> Drilldown:
    """Traces of a group that have a sentence of its class with the label, those with most of them first.

    Args:
        runs: the runs that were grouped, in that order; the first of them with such a trace is listed.
        cell: of a table of `grouped_shares` with the classes.
    """
    with_classes = [(data, overlap) for data in runs if (overlap := overlap_of(data)) is not None]
    for (data, overlap), members in zip(with_classes, cell.members, strict=True):
        if not len(members):
            continue
        trace, code = members // len(CLASSES), members[0] % len(CLASSES) + 1
        is_meant = (data.codes(rule) == data.labels.index(label) + 1) & (overlap.codes(rule.marks) == code)
        places, gaps, rows = np.flatnonzero(is_meant), data.gaps(rule), data.rows(rule, scope)[trace]
        first = np.searchsorted(places, gaps.start[rows])
        n = np.searchsorted(places, gaps.start[rows + 1]) - first
        holding = np.flatnonzero(n)
        if len(holding):
            listed = holding[np.argsort(-n[holding], kind="stable")][:LIMIT]
            place = places[first[listed]] - gaps.start[rows[listed]]
            trace_no = data.trace_table(scope).trace_no[trace[listed]]
            numbers = {f"{CLASSES[code - 1]} {label} sentences": n[listed].tolist()}
            return drilldown_of(data, rule, len(holding), trace_no, place, numbers)
    return Drilldown(runs[0].run, 0, (), ())


def _class_counts(name: str, overlap: OverlapData, rule: LabelRule, scope: Scope, by_tokens: bool) -> RunCounts:
    """The traces in scope, each once for each class: trace i of class c is row `len(CLASSES) · i + c`."""
    data, n_classes = overlap.data, len(CLASSES)
    codes, classes = data.codes(rule), overlap.codes(rule.marks)
    length = data.gaps(rule).length
    rows = data.rows(rule, scope)
    n_sentences = _counted(codes, classes, length, len(data.labels), None)[rows].reshape(-1, len(data.labels))
    counts = n_sentences
    if by_tokens:
        with data.open_reader() as reader:
            weight = load_token_counts(reader, data.run, marks=rule.marks).astype(np.float64)
        counts = _counted(codes, classes, length, len(data.labels), weight)[rows].reshape(-1, len(data.labels))
    traces = data.trace_table(scope)
    repeated = {dimension: np.repeat(values, n_classes) for dimension, values in traces.codes.items()}
    return RunCounts(
        name,
        replace(
            traces,
            trace_no=np.repeat(traces.trace_no, n_classes),
            question=np.repeat(traces.question, n_classes),
            codes={**repeated, TRAINING: np.tile(np.arange(n_classes), len(traces.trace_no))},
            names={**traces.names, TRAINING: CLASSES},
            correct=np.repeat(traces.correct, n_classes),
        ),
        counts,
        n_sentences.sum(axis=1).astype(np.int64),
    )


def _counted(codes: Codes, classes: Codes, length: Ints, n_labels: int, weight: Doubles | None) -> Doubles:
    """(n_traces, n_classes, n_labels), labelled sentences of each class, or what they weigh.

    Memory: 16 bytes a sentence for as long as it takes.
    """
    shape = (len(length), len(CLASSES) + 1, n_labels + 1)
    slot = np.repeat(np.arange(len(length)) * (shape[1] * shape[2]), length)
    slot += classes.astype(np.int64) * shape[2]
    slot += codes
    counted = np.bincount(slot, weight, minlength=int(np.prod(shape))).astype(np.float64).reshape(shape)
    known: Doubles = counted[:, 1:, 1:]
    return known
