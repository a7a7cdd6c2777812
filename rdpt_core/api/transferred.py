"""What a run says about transfer, as tables: a part of `ScoredRun`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Literal, Unpack, get_args

import pyarrow as pa

from rdpt_core.analysis.evidence.controls import NO_TEACHER, controls_of
from rdpt_core.analysis.evidence.transfer import rows
from rdpt_core.analysis.evidence.transfer.data import TransferData, ratio_rule, student_text, transfer_of
from rdpt_core.analysis.evidence.transfer.levels import GROUPED_BY, ORIGINS, Assignment, By, Origin, from_choice
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.scope import Scope
from rdpt_core.api.choices import Choices
from rdpt_core.errors import UsageError

Part = Literal["reach", "steps", "copied", "accuracy", "spread"]
_PARTS: tuple[Part, ...] = get_args(Part)


class TransferTables:
    """The tables of the page Transfer."""

    _data: partial[RunData]

    @abstractmethod
    def _asked(self, choices: Choices) -> tuple[RunData, LabelRule, Scope]: ...

    def transfer(
        self,
        by: By = "benchmark",
        part: Part = "reach",
        *,
        levels_from: Origin | None = None,
        seen: Sequence[str] = (),
        half_seen: Sequence[str] = (),
        standardised: bool = False,
        **choices: Unpack[Choices],
    ) -> pa.Table:
        """How far the teacher reaches in groups that the training data had, half had, and had not: the tables of the
        page Transfer, with 95% intervals over questions. With the distilled model in the teacher's place as the control
        and, where the file has it, text that the student wrote.

        Args:
            by: what traces are grouped by: benchmark or domain.
            part: `reach` (a row a group, then a level), `steps` (differences of levels, and the trend), `copied` (reach
                in copied, template and new sentences), `accuracy`, or `spread` (of log-ratios and differences).
            levels_from: who says which groups were seen: the traces' `domain`, `overlap` with the training texts, or
                `chosen`, by `seen` and `half_seen`. By default the first of these that says something.
            seen, half_seen: names of groups, for `chosen`; all others are unseen.
            standardised: reach and steps from log-ratios that were brought to the same spread in every group, without
                control and student's text.

        Raises:
            UsageError: nobody says which groups were seen, or a name is of no group; or the run has no overlap.
        """
        data, rule, scope = self._asked(choices)
        for name, value, known in (("by", by, GROUPED_BY), ("part", part, _PARTS)):
            if value not in known:
                raise UsageError("unknown value", where=name, expected=" or ".join(map(repr, known)), got=repr(value))
        found = transfer_of(data)
        if part == "spread":
            return rows.spread_rows({str(space): spread for space, spread in found.spreads(rule, scope, by).items()})
        assignment = _assignment(found, rule, scope, by, levels_from, seen, half_seen)
        if part == "copied":
            copied = found.copied(rule, scope, assignment)
            if copied is None:
                raise _without_overlap(data)
            return rows.copied_rows(copied)
        if standardised and part != "accuracy":
            table = found.standardised(ratio_rule(rule), scope, assignment)
        else:
            base = self._student_text(data)
            if part == "accuracy":
                return rows.accuracy_table(found.accuracy(rule, scope, assignment, base))
            has_control = NO_TEACHER in controls_of(data.run)
            control = self._data(control=NO_TEACHER.key) if has_control else None
            table = found.table(rule, scope, assignment, control, base)
        return rows.reach_rows(table) if part == "reach" else rows.step_rows(table)

    def _student_text(self, data: RunData) -> RunData | None:
        with data.open_reader() as reader:
            run = student_text(reader.runs(), data.run)
        return None if run is None else self._data.func(run)


def _assignment(
    found: TransferData,
    rule: LabelRule,
    scope: Scope,
    by: By,
    origin: Origin | None,
    seen: Sequence[str],
    half_seen: Sequence[str],
) -> Assignment:
    if origin not in (None, *ORIGINS):
        raise UsageError(
            "unknown value", where="levels_from", expected=" or ".join(map(repr, ORIGINS)), got=repr(origin)
        )
    names = found.data.trace_table(scope).names[by]
    unknown = next((name for name in (*seen, *half_seen) if name not in names), None)
    if unknown is not None:
        raise UsageError("no such group", where="seen, half_seen", expected=", ".join(names) or "none", got=unknown)
    is_chosen = bool(seen or half_seen)
    if origin == "chosen" or (origin is None and is_chosen):
        return from_choice(names, by, seen, half_seen)
    said = found.assignments(rule, by)
    if origin is not None and origin in said:
        return said[origin]
    if origin is None and said:
        return next(iter(said.values()))
    raise UsageError(
        "nobody says which groups the training data had",
        where=f"run {found.data.run.run_id}",
        expected="traces whose domain is seen, half seen or unseen, a run with overlap, or names in seen and half_seen",
        got=origin or "none of these",
        hint="`rdpt overlap --training FILE` compares the sentences with the training texts.",
    )


def _without_overlap(data: RunData) -> UsageError:
    return UsageError(
        "the run was not compared with training texts",
        where=f"run {data.run.run_id}",
        expected="a run with overlap",
        hint="`rdpt overlap --training FILE` compares its sentences with them.",
    )
