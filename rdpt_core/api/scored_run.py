"""One run of a database as tables: the numbers of the app's pages, and the rows of `export`.

Tables are Arrow: `.to_pandas()`, `polars.from_arrow(table)`, `duckdb.sql("SELECT … FROM table")`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Literal, Unpack

import pyarrow as pa

from rdpt_core.analysis.attribution.data import attribution_of
from rdpt_core.analysis.attribution.rows import attribution_rows
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.tables import table_rows
from rdpt_core.analysis.behaviours.discovery.data import behaviours_of
from rdpt_core.analysis.behaviours.discovery.rows import behaviour_rows
from rdpt_core.analysis.catalog import unfinished
from rdpt_core.analysis.evidence.control_shares import ControlledRun, control_rows
from rdpt_core.analysis.evidence.corrected import (
    WRITTEN_BY,
    can_be_corrected,
    corrected_shares,
    corrected_table,
    known_texts,
)
from rdpt_core.analysis.evidence.importance.contrasts import contrast_rows
from rdpt_core.analysis.evidence.importance.data import importance_of
from rdpt_core.analysis.evidence.importance.sample import By
from rdpt_core.analysis.evidence.importance.summaries import summary_rows
from rdpt_core.analysis.evidence.overlap.class_shares import dimensions_of, grouped_shares
from rdpt_core.analysis.evidence.p_values.data import EvidenceData, evidence_of
from rdpt_core.analysis.evidence.p_values.references import FEWEST, references_of
from rdpt_core.analysis.evidence.p_values.rows import evidence_rows
from rdpt_core.analysis.evidence.p_values.tables import found_table
from rdpt_core.analysis.export.rows import export_query
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.group_shares import cross_table_rows
from rdpt_core.analysis.run.positions.curves import PositionView, positions_table
from rdpt_core.analysis.run.predict.graded import MEASURES
from rdpt_core.analysis.run.predict.tables import prediction_table
from rdpt_core.analysis.run.sensitivity.suggested_beta import SuggestedBeta
from rdpt_core.analysis.run.sensitivity.thresholds import curves_table
from rdpt_core.analysis.run.sensitivity.unit_effects import unit_table
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import AVERAGES, Average
from rdpt_core.api.choices import Choices, check_known, rule_of, scope_of
from rdpt_core.api.run_patterns import WithPatterns
from rdpt_core.api.scored_trace import ScoredTrace
from rdpt_core.api.transferred import TransferTables
from rdpt_core.errors import UsageError
from rdpt_core.records import Role
from rdpt_core.store.reader import Reader
from rdpt_core.store.reader import Run as RunRecord

Count = Literal["sentences", "tokens"]
Measure = Literal["share", "count"]


class ScoredRun(WithPatterns, TransferTables):
    """A set of traces scored by one triple (or pair) of models.

    Every method raises `StoreError` if the file cannot be read, and `UsageError` for a rule or a filter that does not
    fit; `choices` are the keyword arguments of `rdpt_core.api.choices.Choices`. The first table of a run that is not
    finished comes with a `UserWarning` that says how far it has come.

    Attributes:
        info: what is stored of the run: models, companions, versions, times, everything that its numbers depend on.
    """

    def __init__(self, info: RunRecord, data: Callable[..., RunData]) -> None:
        self.info = info
        self._data = partial(data, info)
        self._has_warned = False

    @property
    def id(self) -> str:
        """Hexadecimal digits that follow from everything that changes a number."""
        return self.info.run_id

    @property
    def name(self) -> str:
        """What whoever scored the run called it."""
        return self.info.name

    @property
    def roles(self) -> tuple[str, ...]:
        """`teacher`, `student` and `distilled`, or those two of them that were scored."""
        return self.info.roles

    @property
    def is_finished(self) -> bool:
        """False while sentences are still to come."""
        return self.info.is_finished

    @property
    def n_traces_scored(self) -> int:
        """Traces that every model has scored by now, of the `info.n_traces` of the run."""
        return self._data().ask(_n_traces_scored)

    def __repr__(self) -> str:
        state = "" if self.is_finished else ", unfinished"
        return f"<ScoredRun {self.name!r} {self.id}: {self.info.n_traces:,} traces, {', '.join(self.roles)}{state}>"

    def sentences(self, **choices: Unpack[Choices]) -> pa.Table:
        """One row a sentence, with the columns of `export --what sentences`."""
        return _rows("sentences", *self._asked(choices))

    def traces(self, **choices: Unpack[Choices]) -> pa.Table:
        """One row a trace with its label counts, with the columns of `export --what traces`."""
        return _rows("traces", *self._asked(choices))

    def tokens(self, **choices: Unpack[Choices]) -> pa.Table:
        """One row a token and role, with the columns of `export --what tokens`."""
        return _rows("tokens", *self._asked(choices))

    def shares(
        self,
        by: str = "benchmark",
        across: str | None = None,
        *,
        count: Count = "sentences",
        average: Average = "sentences",
        **choices: Unpack[Choices],
    ) -> pa.Table:
        """Label shares of groups of traces with 95% intervals over questions: the table of the page Benchmarks.

        Args:
            by: what groups traces: benchmark, domain, model, difficulty or correctness; `training` groups sentences by
                their class after `rdpt overlap`.
            across: what splits each group, one of the same.
            count: what a share is of.
            average: what weighs the same: every sentence (or token), every trace, or every question.
        """
        data, rule, scope = self._asked(choices)
        known = [name for name in dimensions_of(data) if name != "run"]
        check_known("by", by, known)
        check_known("across", across, [None, *(name for name in known if name != by)])
        check_known("count", count, ["sentences", "tokens"])
        check_known("average", average, AVERAGES)
        by_tokens = count == "tokens"
        cells = grouped_shares({self.name: data}, rule, scope, by, across, by_tokens=by_tokens, average=average)
        return cross_table_rows(cells, count)

    def positions(
        self,
        *,
        relative: bool = False,
        last: int = 60,
        compare: bool = False,
        by_benchmark: bool = True,
        **choices: Unpack[Choices],
    ) -> pa.Table:
        """Label shares along the traces with bands for whole curves: the table of the page Positions.

        Args:
            relative: by part of the trace, instead of by sentence number.
            last: the last sentence number; no later than the longest trace has one.
            compare: correct against incorrect traces; only where some are graded as each.
            by_benchmark: curves for each benchmark, instead of for all together.
        """
        if last < 1:
            raise UsageError(
                "a position is out of range", where="last", expected="a whole number from 1", got=str(last)
            )
        data, rule, scope = self._asked(choices)
        view = data.fit_view(rule, scope, PositionView(compare, relative, by_benchmark, last))
        if compare and not view.compare:
            raise UsageError(
                "correct and incorrect traces cannot be compared",
                where="compare",
                expected="traces that are graded as correct, and others as incorrect",
                got="traces of one kind, or none graded",
            )
        table, panels = data.positions(rule, scope, view)
        return positions_table(panels, table, data.labels)

    def prediction(
        self, measure: Measure = "share", *, without_first_tokens: bool | None = None, **choices: Unpack[Choices]
    ) -> pa.Table:
        """Labels against correctness, and against length: the table of the page Predict.

        Args:
            measure: a label's share of the trace's sentences, or how many carry it.
            without_first_tokens: count labels also from means that leave out each sentence's first token; by default
                wherever the unit allows it, which bytes do not.
        """
        data, rule, scope = self._asked(choices)
        check_known("measure", measure, list(MEASURES))
        possible = data.can_leave_out_first(rule)
        if without_first_tokens and not possible:
            raise UsageError(
                "bytes of first tokens are not stored", where="unit", expected="a unit of tokens", got="byte"
            )
        without_first = possible if without_first_tokens is None else without_first_tokens
        return prediction_table(data.prediction(rule, scope, measure, without_first=without_first))

    def thresholds(self, **choices: Unpack[Choices]) -> pa.Table:
        """Label shares for several β at the rule's α: the table of the page Thresholds."""
        data, rule, scope = self._asked(choices)
        return curves_table(data.beta_curves(rule, scope), rule.alpha)

    def unit_effects(self, **choices: Unpack[Choices]) -> pa.Table:
        """Label shares under the same rule for other units of text: sentences without their first token, two or five
        sentences joined, and whole traces. One row a unit and label, with a 95% interval over questions."""
        data, rule, scope = self._asked(choices)
        return unit_table(data.unit_effects(rule, scope))

    def suggested_beta(self, **choices: Unpack[Choices]) -> SuggestedBeta | None:
        """The β at which fewest labels would turn, or None where nothing can be said; thresholds play no part."""
        data, rule, scope = self._asked(choices)
        return data.suggested_beta(rule, scope)

    def attribution(self, rule: AttributionRule | None = None, **choices: Unpack[Choices]) -> pa.Table:
        """One row a sentence: which of the run's teachers, its student, several, or none of these it comes from.

        Args:
            rule: thresholds of attribution, as `AttributionRule.make` gives them; the documented ones by default.

        Raises:
            UsageError: the run has no teacher.
        """
        data, label_rule, scope = self._asked(choices)
        chosen = rule or AttributionRule.make()
        temperatures = attribution_of(data).temperatures(label_rule.marks) if chosen.calibrated else None
        with data.open_reader() as reader:
            return pa.concat_tables(
                list(attribution_rows(reader, data.run, label_rule, chosen, scope, temperatures)),
                promote_options="permissive",
            )

    def attribution_shares(
        self, by: str = "routed", rule: AttributionRule | None = None, **choices: Unpack[Choices]
    ) -> pa.Table:
        """Shares of the answers of `attribution` in groups of traces, with 95% intervals over questions, and in all.

        Args:
            by: what groups traces: routed (their `teacher_id`), benchmark, domain, correctness, difficulty or model.
            rule: see `attribution`.
        """
        data, label_rule, scope = self._asked(choices)
        return table_rows(attribution_of(data).table(label_rule, rule or AttributionRule.make(), scope, by))

    def controls(self, by: str | None = None, **choices: Unpack[Choices]) -> pa.Table:
        """What labels say with a control in the teacher's place: the table of the page Controls.

        One row a control and label: its share with the teacher and under the control, their difference, which part of
        its sentences stay, and which part of those under the control the teacher rejects, each with a 95% interval over
        questions. A run without a teacher has no control, and no row.

        Args:
            by: what groups traces: benchmark, domain, model, difficulty or correctness; None takes all together.
        """
        data, rule, scope = self._asked(choices)
        controlled = ControlledRun(data, lambda key: self._data(control=key))
        groups = [
            (control, group)
            for control in controlled.controls
            for group in controlled.compare(control, rule, scope, by)
        ]
        return control_rows(groups, by)

    def evidence(self, **choices: Unpack[Choices]) -> pa.Table:
        """One row a sentence: how surely it is likelier under the teacher than under the run's controls.

        `p_value` and `q_value` (among all sentences in scope) are NULL with fewer than four controls.

        Raises:
            UsageError: the run has no teacher, or no control.
        """
        own, rule, scope = self._tested(choices)
        return pa.concat_tables(list(evidence_rows(own, rule, scope)))

    def evidence_shares(self, **choices: Unpack[Choices]) -> pa.Table:
        """How many sentences of each label are found at 5% false discoveries, with 95% intervals over questions.

        Raises:
            UsageError: the run has no teacher, or fewer than four controls.
        """
        own, rule, scope = self._tested(choices, FEWEST)
        return found_table(own.found(rule, scope))

    def _tested(self, choices: Choices, fewest: int = 1) -> tuple[EvidenceData, LabelRule, Scope]:
        data, rule, scope = self._asked(choices)
        n = len(references_of(data.run)) if Role.TEACHER in data.run.roles else 0
        if n < fewest:
            raise UsageError(
                "sentences cannot be tested",
                where=f"run {data.run.run_id}",
                expected=f"a teacher, and {fewest} or more controls",
                got="no teacher" if Role.TEACHER not in data.run.roles else f"{n}",
                hint="`rdpt score --add --control NAME=MODEL` adds a control to a finished run.",
            )
        return evidence_of(data), rule, scope

    def corrected_shares(self, **choices: Unpack[Choices]) -> pa.Table:
        """Shares of Teacher and Student corrected by text that the student and the teacher wrote, as `calibrate` draws
        it: of all in scope, and of each benchmark with enough questions, with 95% intervals over questions.

        Raises:
            UsageError: there is no such text beside the run, or the run, as it is seen, is none to be corrected.
        """
        data, rule, scope = self._asked(choices)
        if not can_be_corrected(data.run):
            raise UsageError(
                "the shares of this run cannot be corrected",
                where=f"run {self.id}",
                expected="a run of a distilled model's text, under its own teacher and student",
                got=", ".join(data.run.roles),
            )
        with data.open_reader() as reader:
            found = known_texts(reader.runs(), data.run)
        if len(found) < len(WRITTEN_BY):
            raise UsageError(
                "there is no text whose writer is known, to correct the shares of this run",
                where=f"run {self.id}",
                expected=f"finished runs of text by {' and '.join(WRITTEN_BY)}, scored as this run was",
                got=", ".join(found) or "none",
                hint="`rdpt calibrate` draws and scores it.",
            )
        texts = {role: self._data.func(run) for role, run in found.items()}
        return corrected_table(corrected_shares(data, texts, rule, scope))

    def importance(self, by: By = "all", *, method: str | None = None, **choices: Unpack[Choices]) -> pa.Table:
        """How much the answer depends on the sentences of each label, with 95% intervals over questions: median, share
        above 1 nat and mean of what ln p(answer) loses without a sentence. The numbers of the page Importance.

        Args:
            by: what divides labels further: correctness, kind (of sentence), position, benchmark, training, or all.
            method: deletion or replacement; the first that the run has by default.

        Raises:
            UsageError: the run has no importance by this method.
        """
        data, rule, scope = self._asked(choices)
        found = importance_of(data)
        check_known("by", by, found.splits)
        chosen = found.chosen(method).method
        return summary_rows(found.summaries(rule, scope, chosen, by), by, chosen)

    def importance_differences(self, *, method: str | None = None, **choices: Unpack[Choices]) -> pa.Table:
        """The importance of the first label (Teacher, or Gained) minus that of each other one: as they are, at equal
        kind of sentence, and at equal kind and position.

        Args:
            method: see `importance`.

        Raises:
            UsageError: the run has no importance by this method.
        """
        data, rule, scope = self._asked(choices)
        found = importance_of(data)
        chosen = found.chosen(method).method
        return contrast_rows(found.contrasts(rule, scope, chosen), chosen)

    def behaviours(
        self, label: str | None = None, *, seed: int = 0, split: bool = True, **choices: Unpack[Choices]
    ) -> pa.Table:
        """Kinds of sentences tested for a label (by default the run's first), the surest first: the page Behaviours.
        They are found on one half of the questions, which `seed` decides, and reported on the other, if `split`."""
        data, rule, scope = self._asked(choices)
        return behaviour_rows(behaviours_of(data).table(rule, scope, label or data.labels[0], seed, split))

    def trace(self, trace_id: str, **choices: Unpack[Choices]) -> ScoredTrace:
        """One trace with its labelled sentences; in a notebook it shows itself.

        Raises:
            UsageError: the run holds no such trace.
        """
        data, rule, _ = self._asked(choices)
        asked = partial(self._data, choices.get("teacher"))
        return ScoredTrace(asked, rule, data.ask(_trace_no, trace_id))

    def _asked(self, choices: Choices) -> tuple[RunData, LabelRule, Scope]:
        rule = rule_of(choices)
        data = self._data(choices.get("teacher"))
        missing = None if self._has_warned or data.run.is_finished else data.ask(unfinished)
        if missing is not None:
            self._has_warned = True
            # At the line that called the method which asks.
            warnings.warn(f"{missing}. {missing.hint}", stacklevel=3)
        return data, rule, scope_of(data, choices)


def _rows(what: str, data: RunData, rule: LabelRule, scope: Scope) -> pa.Table:
    with data.open_reader() as reader:
        chunks = list(export_query(reader, data.run, what, rule, scope, evidence_of(data)))
    return pa.concat_tables([chunk.cast(chunks[0].schema) for chunk in chunks])


def _n_traces_scored(reader: Reader, run: RunRecord) -> int:
    return reader.count_scored_traces(run)


def _trace_no(reader: Reader, run: RunRecord, trace_id: str) -> int:
    return reader.trace_no(run, trace_id)
