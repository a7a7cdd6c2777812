"""Every number of the page Transfer: sentences → parts → counts of traces → reach in groups and levels. See
`transfer_of`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rdpt_core.analysis.evidence.control_shares import _passing
from rdpt_core.analysis.evidence.corrected import known_texts
from rdpt_core.analysis.evidence.overlap.data import overlap_of
from rdpt_core.analysis.evidence.transfer import accuracy, copied, levels, reached, scale
from rdpt_core.analysis.evidence.transfer.accuracy import Accuracy
from rdpt_core.analysis.evidence.transfer.copied import CopiedTable
from rdpt_core.analysis.evidence.transfer.levels import Assignment, By
from rdpt_core.analysis.evidence.transfer.reach import Counted, Reach, ReachTable, reach_table
from rdpt_core.analysis.evidence.transfer.reached import ABOVE, N_PARTS, UP
from rdpt_core.analysis.evidence.transfer.scale import Spread
from rdpt_core.analysis.labels import LabelRule, Space, Unit
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.drilldown import LIMIT, Drilldown, drilldown_of
from rdpt_core.analysis.run.gaps.gap_arrays import count_by_trace
from rdpt_core.analysis.run.kept import Family, Keep, Key, kept
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import Codes, Doubles, Ints
from rdpt_core.records import Role
from rdpt_core.store.reader import Run


def transfer_of(data: RunData) -> TransferData:
    """How far the teacher of a run reaches where it did not teach."""
    return TransferData(data, data.keep)


def student_text(runs: Iterable[Run], run: Run) -> Run | None:
    """The newest finished run of text that the student wrote, scored as this one was; None without any.

    Args:
        runs: all of the file as they were scored, oldest first.
        run: the run, which must be seen with its own models: the student's text is scored by no other.
    """
    if run.seen_as or run.known_writer is not None or Role.STUDENT not in run.roles:
        return None
    return known_texts(runs, run).get(str(Role.STUDENT))


def ratio_rule(rule: LabelRule) -> LabelRule:
    """The rule that log-ratios are labelled by: this one in ratio space, or else its unit's default thresholds."""
    return rule if rule.space is Space.RATIO else LabelRule.make(unit=rule.unit, space=Space.RATIO, marks=rule.marks)


_JOINT = Family("reach_under_control", 16, message="Labelling without the teacher …")
_TABLES = Family("reach_tables", 32)
_ACCURACY = Family("transfer_accuracy", 16)


@dataclass(frozen=True, slots=True, eq=False)
class TransferData:
    """One run of an open file.

    Attributes:
        data: the run as it is seen.
        keep: how answers are kept.
    """

    data: RunData
    keep: Keep

    @property
    def key(self) -> Key:
        """What tells these answers from others about the run."""
        return (*self.data.key, "transfer")

    @kept(2)
    def parts(self, rule: LabelRule) -> Codes:
        """(n_sentences,), the codes of `reached`."""
        return reached.parts_of(self.data, rule)

    @kept(8)
    def _counts(self, rule: LabelRule) -> Doubles:
        """(n_scored_traces, 4), sentences of each trace by part."""
        return count_by_trace(self.data.gaps(rule).start, self.parts(rule), N_PARTS)

    def _joint(self, control: RunData, rule: LabelRule) -> Doubles:
        """(n_scored_traces, 4, 4), sentences of each trace by part with the teacher and under a control."""

        def count() -> Doubles:
            code = self.parts(rule) * np.uint8(N_PARTS) + reached.parts_of(_passing(control), rule)
            return count_by_trace(self.data.gaps(rule).start, code, N_PARTS**2).reshape(-1, N_PARTS, N_PARTS)

        counts: Doubles = self.keep(_JOINT, (*self.key, *control.key, rule), count)
        return counts

    def counted(self, rule: LabelRule, scope: Scope, control: RunData | None = None) -> Counted:
        """The traces in scope with their sentences counted."""
        rows, traces = self.data.rows(rule, scope), self.data.trace_table(scope)
        true = self._counts(rule)[rows, 1:]
        if control is None:
            return Counted(traces, true)
        joint = self._joint(control, rule)[rows][:, 1:, 1:]
        return Counted(traces, true, joint.sum(axis=2), joint.sum(axis=1))

    @kept(4)
    def _classes(self, rule: LabelRule) -> Doubles | None:
        overlap = overlap_of(self.data)
        if overlap is None:
            return None
        return copied.count_classes(self.data.gaps(rule).start, self.parts(rule), overlap.codes(rule.marks))

    def assignments(self, rule: LabelRule, by: By) -> dict[str, Assignment]:
        """Levels of groups by every origin that says something: the domains of the traces, and the training texts.

        All traces of the run decide, so that no filter changes a level.
        """
        traces = self.data.trace_table(Scope())
        found: dict[str, Assignment] = {}
        spoken = levels.from_domains(traces, by)
        if spoken is not None:
            found["domain"] = spoken
        classes = self._classes(rule)
        if classes is not None:
            known = copied.known_parts(traces, classes[self.data.rows(rule, Scope())], by)
            found["overlap"] = levels.from_parts(known, by)
        return found

    def table(
        self,
        rule: LabelRule,
        scope: Scope,
        assignment: Assignment,
        control: RunData | None = None,
        base: RunData | None = None,
    ) -> ReachTable:
        """Reach in groups and levels.

        Args:
            control: the same run, as it is seen with a control in the teacher's place.
            base: the student's own text; see `student_text`.
        """

        def answer() -> ReachTable:
            beside = None if base is None else transfer_of(base).counted(rule, _same(scope))
            return reach_table(self.counted(rule, scope, control), beside, assignment)

        return self._kept_table((rule, scope, assignment), control, base, answer)

    def _kept_table(
        self, asked: Key, control: RunData | None, base: RunData | None, answer: Callable[[], ReachTable]
    ) -> ReachTable:
        table: ReachTable = self.keep(_TABLES, (*self.key, *asked, *_named(control), *_named(base)), answer)
        return table

    def copied(self, rule: LabelRule, scope: Scope, assignment: Assignment) -> CopiedTable | None:
        """Reach in copied, template and new sentences; None for a run that was not compared with training texts."""
        classes = self._classes(rule)
        if classes is None:
            return None

        def answer() -> CopiedTable:
            counts = classes[self.data.rows(rule, scope)]
            return copied.copied_table(self.data.trace_table(scope), counts, assignment)

        table: CopiedTable = self.keep(Family("copied_reach", 8), (*self.key, rule, scope, assignment), answer)
        return table

    def accuracy(
        self, rule: LabelRule, scope: Scope, assignment: Assignment, base: RunData | None = None
    ) -> tuple[Accuracy, ...]:
        """Correct answers by group and level; see `accuracy_rows`."""

        def answer() -> tuple[Accuracy, ...]:
            beside = None if base is None else transfer_of(base).counted(rule, _same(scope))
            return accuracy.accuracy_rows(self.counted(rule, scope), beside, assignment)

        key = (*self.key, rule, scope, assignment, *_named(base))
        rows: tuple[Accuracy, ...] = self.keep(_ACCURACY, key, answer)
        return rows

    @kept(8)
    def spreads(self, rule: LabelRule, scope: Scope, by: By) -> dict[Space, tuple[Spread, ...]]:
        """The spread of log-ratios and of differences in every group; of log-ratios alone where the unit has no
        differences."""
        return {space: self._spread(_in_space(rule, space), scope, by) for space in _spaces(rule)}

    def _spread(self, rule: LabelRule, scope: Scope, by: By) -> tuple[Spread, ...]:
        traces = self.data.trace_table(scope)
        rows, names = self.data.rows(rule, scope), traces.names[by]
        return scale.spreads(self.data.gaps(rule), rows, traces.codes[by], traces.question, names)

    def standardised(self, rule: LabelRule, scope: Scope, assignment: Assignment) -> ReachTable:
        """Reach in groups and levels after every group's log-ratios were brought to the same spread.

        Args:
            rule: in ratio space; see `ratio_rule`.
        """

        def answer() -> ReachTable:
            gaps, rows = self.data.gaps(rule), self.data.rows(rule, scope)
            traces, by = self.data.trace_table(scope), assignment.by
            factor = np.ones(len(gaps.trace_no))
            factor[rows] = scale.factors(self._spread(rule, scope, by), traces.names[by], traces.codes[by])
            parts = scale.standardised_parts(gaps, rule, factor, reached.raised(self.data, rule))
            counts = count_by_trace(gaps.start, parts, N_PARTS)
            return reach_table(Counted(traces, counts[rows, 1:]), None, assignment)

        return self._kept_table((rule, scope, assignment, "standardised"), None, None, answer)

    def behind(self, rule: LabelRule, scope: Scope, row: Reach) -> Drilldown:
        """The traces of a group or level with a reached sentence, those with most of them first, each at its first."""
        traces, rows = self.data.trace_table(scope), self.data.rows(rule, scope)[row.members]
        n = self._counts(rule)[rows][:, [ABOVE, UP]].sum(axis=1).astype(np.int64)
        holding = np.flatnonzero(n)
        listed = holding[np.argsort(-n[holding], kind="stable")][:LIMIT]
        place = self._first_reached(rule, rows[listed])
        numbers = {"reached sentences": n[listed].tolist()}
        return drilldown_of(self.data, rule, len(holding), traces.trace_no[row.members[listed]], place, numbers)

    def _first_reached(self, rule: LabelRule, rows: Ints) -> Ints:
        gaps, parts = self.data.gaps(rule), self.parts(rule)
        return np.array(
            [np.flatnonzero(np.isin(parts[gaps.start[row] : gaps.start[row + 1]], (ABOVE, UP)))[0] for row in rows],
            np.int64,
        )


def _same(scope: Scope) -> Scope:
    """What of a scope holds for text of another writer: it has a grade and a model of its own."""
    return replace(scope, grade=None, model=None)


def _named(data: RunData | None) -> tuple[Any, ...]:
    return (None,) if data is None else (data.run.run_id, data.run.updated_at, data.run.seen_as)


def _spaces(rule: LabelRule) -> tuple[Space, ...]:
    return (Space.RATIO,) if rule.unit is Unit.BYTE else (Space.RATIO, Space.DIFFERENCE)


def _in_space(rule: LabelRule, space: Space) -> LabelRule:
    return LabelRule.make(unit=rule.unit, space=space, marks=rule.marks)
