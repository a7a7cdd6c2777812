"""Label shares with the teacher and with a control in its place, and what becomes of each label.

Both sides count the same sentences: those that are scored with the teacher and under the control. So their difference
is paired by sentence, and its interval by question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.evidence.controls import NO_TEACHER, Control, controls_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.gaps.gap_arrays import count_by_trace
from rdpt_core.analysis.run.group_shares import Difference, RunCounts, cross_tabulate, difference
from rdpt_core.analysis.run.kept import Family, Key
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.intervals import ShareIntervals, none_if_nan, refusal, share_ends
from rdpt_core.analysis.statistics.resampling import resample_sums
from rdpt_core.arrays import Doubles, Ints
from rdpt_core.errors import UsageError
from rdpt_core.records import Role

ALL = "all traces"
"""The name of the one group, where traces are not grouped."""

GROUPS = ("benchmark", "domain", "model", "difficulty", "correctness")
"""What traces may be grouped by."""

_TRUE, _CONTROL = "true", "control"

_LABELS = Family("control_labels", 16, message="Labelling without the teacher …")
_COMPARED = Family("compared_with_control", 64)


@dataclass(frozen=True, slots=True)
class Fates:
    """What becomes of labels if a control stands in the teacher's place. Every part has one value and its rest.

    Attributes:
        stays: for each label, the part of the sentences with it that keep it under the control.
        rejected: for each label, the part of the sentences that have it under the control, and not with the teacher.
        agreement: the part of all sentences whose label stays.
    """

    stays: tuple[ShareIntervals, ...]
    rejected: tuple[ShareIntervals, ...]
    agreement: ShareIntervals


@dataclass(frozen=True, eq=False)
class Compared:
    """One group of traces with the teacher and under a control.

    Attributes:
        group: the name of the group.
        labels: in the order of all that has one value for each.
        true: label shares with the teacher.
        control: label shares under the control.
        excess: `true` minus `control`, paired.
        n_sentences: scored both with the teacher and under the control.
        counts: (n_traces, n_labels, n_labels), sentences by label with the teacher and under the control.
        question: (n_traces,), the question of each trace.
    """

    group: str
    labels: tuple[str, ...]
    true: ShareIntervals
    control: ShareIntervals
    excess: Difference
    n_sentences: int
    counts: Doubles
    question: Ints

    @cached_property
    def fates(self) -> Fates:
        """What becomes of the labels, with intervals over questions; all from the same resamples."""
        n = len(self.labels)
        kept = np.diagonal(self.counts, axis1=1, axis2=2)
        before, after = self.counts.sum(axis=2), self.counts.sum(axis=1)
        same, every = kept.sum(axis=1, keepdims=True), before.sum(axis=1, keepdims=True)
        part = np.concatenate([kept, after - kept, same], axis=1)
        whole = np.concatenate([before, after, every], axis=1)
        found = _parts(np.stack([part, whole - part], axis=2), self.question)
        return Fates(found[:n], found[n : 2 * n], found[2 * n])


def _parts(counts: Doubles, question: Ints) -> tuple[ShareIntervals, ...]:
    """Shares of each of several groups of sentences.

    Args:
        counts: (n_traces, n_groups, k).
        question: (n_traces,).
    """
    names, number = np.unique(question, return_inverse=True)
    sums = np.zeros((len(names), *counts.shape[1:]))
    np.add.at(sums, number, counts)
    n_traces, n_counted = (counts.sum(axis=2) > 0).sum(axis=0), counts.sum(axis=(0, 2)).astype(np.int64)
    weight = sums.sum(axis=2)
    n_questions, n_effective = (weight > 0).sum(axis=0), effective_number(weight)
    drawn = resample_sums(sums, np.zeros(len(names), np.int64))
    # Of a group that holds nothing, and in resamples that hold nothing of one.
    with np.errstate(invalid="ignore"):
        drawn /= drawn.sum(axis=2, keepdims=True)
        share, low, high = share_ends(sums, drawn, n_counted)
    found = []
    for k, (n, worth) in enumerate(zip(n_questions.tolist(), n_effective.tolist(), strict=True)):
        counted = n, worth, int(n_traces[k]), int(n_counted[k])
        found.append(ShareIntervals(share[k], low[k], high[k], *counted, refusal(n, worth)))
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class ControlledRun:
    """A run beside its controls.

    Attributes:
        data: the run as it is seen, with its teacher.
        data_of: every number of the run as it is seen with the model of this key in the teacher's place.
    """

    data: RunData
    data_of: Callable[[str], RunData]

    @property
    def controls(self) -> tuple[Control, ...]:
        """Those that can be looked at without another pass."""
        return controls_of(self.data.run)

    def joint(self, control: Control, rule: LabelRule) -> Doubles:
        """(n_scored_traces, n_labels, n_labels): how many sentences of each trace carry which label with the teacher,
        and which under the control; those that lack either are not counted."""

        def count() -> Doubles:
            width = len(self.data.labels) + 1
            code = self.data.codes(rule) * np.uint8(width)
            code += _passing(self.data_of(control.key)).codes(rule)
            counts = count_by_trace(self.data.gaps(rule).start, code, width * width)
            return counts.reshape(-1, width, width)[:, 1:, 1:].copy()

        counts: Doubles = self.data.keep(_LABELS, (*self.data.key, control.key, rule), count)
        return counts

    def compare(self, control: Control, rule: LabelRule, scope: Scope, by: str | None = None) -> tuple[Compared, ...]:
        """The traces in scope with the teacher and under a control; nothing where no sentence is scored both ways.

        Args:
            by: one of `GROUPS`; None takes all traces together.
        """
        if by is not None and by not in GROUPS:
            raise UsageError("unknown value", where="by", expected=" or ".join(map(repr, GROUPS)), got=repr(by))

        def answer() -> tuple[Compared, ...]:
            return _compare(self.data, self.joint(control, rule), rule, scope, by)

        key = (*self.data.key, control.key, rule, scope, by)
        compared: tuple[Compared, ...] = self.data.keep(_COMPARED, key, answer)
        return compared


def _passing(data: RunData) -> RunData:
    """The same run, but what takes memory for every sentence is not kept: controls are counted one after another."""
    if data.run.seen_as == ((Role.TEACHER, NO_TEACHER.key),):
        # The page that all start from asks for it at every threshold.
        return data

    def keep(family: Family, key: Key, make: Callable[[], Any]) -> Any:
        return make() if family.name in ("_gaps", "codes") else data.keep(family, key, make)

    return replace(data, keep=keep)


def _compare(data: RunData, joint: Doubles, rule: LabelRule, scope: Scope, by: str | None) -> tuple[Compared, ...]:
    traces, counts = data.trace_table(scope), joint[data.rows(rule, scope)]
    n_sentences = counts.sum(axis=(1, 2)).astype(np.int64)
    sides = [
        RunCounts(_TRUE, traces, counts.sum(axis=2), n_sentences),
        RunCounts(_CONTROL, traces, counts.sum(axis=1), n_sentences),
    ]
    table = cross_tabulate(sides, data.labels, "run", by)
    place = {(cell.row, cell.column): index for index, cell in enumerate(table.cells)}
    compared = []
    for (row, group), index in place.items():
        if row != _TRUE:
            continue
        true, control = table.cells[index], table.cells[place[_CONTROL, group]]
        rows = true.members[0]
        excess = difference(table, index, place[_CONTROL, group])
        shares = true.intervals, control.intervals, excess
        found = Compared(group or ALL, data.labels, *shares, true.n_sentences, counts[rows], traces.question[rows])
        compared.append(found)
    return tuple(compared)


def control_rows(compared: Sequence[tuple[Control, Compared]], by: str | None = None) -> pa.Table:
    """One row a control, group and label; without controls there are no rows, but all columns.

    `key` is what `Run.seen` takes. Shares and parts are of sentences that are scored both ways; ends of intervals are
    NULL where refused.

    Args:
        by: what traces were grouped by; names the column of groups.
    """
    rows = [row for control, one in compared for row in _rows(control, one, by)]
    texts = ["control", "key", "kind", *([by] if by is not None else []), "label"]
    numbers = [
        name
        for stem in ("share_true", "share_control", "excess", "stays", "rejected", "agreement")
        for name in (stem, f"{stem}_low", f"{stem}_high")
    ]
    counts = [("n_sentences", pa.int64()), ("n_labelled", pa.int64()), ("n_questions", pa.int64())]
    schema = [(name, pa.string()) for name in texts] + [(name, pa.float64()) for name in numbers] + counts
    last = [("n_effective", pa.float64()), ("no_interval_because", pa.string())]
    return pa.Table.from_pylist(rows, pa.schema([*schema, *last]))


def _rows(control: Control, compared: Compared, by: str | None) -> list[dict[str, object]]:
    rows = []
    fates = compared.fates
    for k, label in enumerate(compared.labels):
        row: dict[str, object] = {
            "control": control.name,
            "key": control.key,
            "kind": str(control.kind),
            "label": label,
        }
        if by is not None:
            row[by] = compared.group
        for stem, found, place in (
            ("share_true", compared.true, k),
            ("share_control", compared.control, k),
            ("stays", fates.stays[k], 0),
            ("rejected", fates.rejected[k], 0),
            ("agreement", fates.agreement, 0),
        ):
            ends = found.share[place], found.low[place], found.high[place]
            row |= dict(zip((stem, f"{stem}_low", f"{stem}_high"), map(none_if_nan, ends), strict=True))
        excess = compared.excess
        ends = excess.value[k], excess.low[k], excess.high[k]
        row |= dict(zip(("excess", "excess_low", "excess_high"), map(none_if_nan, ends), strict=True))
        row |= {
            "n_sentences": compared.n_sentences,
            "n_labelled": int(compared.counts[:, k].sum()),
            "n_questions": compared.true.n_questions,
            "n_effective": compared.true.n_effective,
            "no_interval_because": compared.true.refused,
        }
        rows.append(row)
    return rows
