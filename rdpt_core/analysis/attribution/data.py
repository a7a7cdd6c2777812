"""Every number about attribution in a run: evidence → answers → tables, weights, verdict. See `attribution_of`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.attribution import scales, tables, verdict, weights
from rdpt_core.analysis.attribution.answers import Answers, answer_all, answer_in_place
from rdpt_core.analysis.attribution.evidence import Evidence, load_evidence
from rdpt_core.analysis.attribution.relatives import find_relatives
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.sources import NONE_OF_THESE, Sources, can_attribute, own_run, sources_of
from rdpt_core.analysis.attribution.tables import AttributionTable, Columns, SetTable
from rdpt_core.analysis.attribution.trace import TraceAttribution, load_trace_attribution
from rdpt_core.analysis.attribution.verdict import Verdict
from rdpt_core.analysis.attribution.weights import Sets, Weights
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Family, Keep, Key, kept
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import bootstrap_shares, none_if_nan
from rdpt_core.arrays import Doubles, Ints
from rdpt_core.store.reader import Reader, Run


def attribution_of(data: RunData) -> AttributionData:
    """Whose sentences a run has, among several teachers, its student and none of these."""

    def keep(family: Family, key: Key, make: Callable[[], Any]) -> Any:
        # How labels are told changes nothing here, so nothing is asked anew when a threshold moves.
        parts = (LabelRule.make(marks=part.marks) if isinstance(part, LabelRule) else part for part in key)
        return data.keep(family, tuple(parts), make)

    return AttributionData(data.run, data.open_reader, keep, data.trace_table)


@dataclass(frozen=True, slots=True, eq=False)
class AttributionData:
    """Whose sentences a run has. Of a `LabelRule` only matters here whether marks of format count.

    Attributes:
        run: the run, whatever it is seen with: answers are always about its own teacher and distilled model.
        open_reader: opens the file for a moment.
        keep: how answers are kept.
        traces: the traces in a scope.
    """

    run: Run
    open_reader: Callable[..., AbstractContextManager[Reader]]
    keep: Keep
    traces: Callable[[Scope], TraceTable]

    @property
    def key(self) -> Key:
        """The answers of a run are the same whatever it is seen with."""
        return (self.run.run_no, "attribution")

    @property
    def is_possible(self) -> bool:
        """Whether there is something to tell apart."""
        return can_attribute(self.run)

    def sources(self) -> Sources:
        """The sources of the run; raises `UsageError` if it has no teacher."""
        return sources_of(self.run)

    # Ten million sentences and six models: evidence takes 160 MB, answers 20 MB.

    @kept(1, message="Reading the likelihoods of this run …")
    def _evidence(self, calibrated: bool, marks: bool) -> Evidence:
        temperatures = self.temperatures(marks) if calibrated else None
        with self.open_reader() as reader:
            run = own_run(reader, self.run)
            return load_evidence(reader, run, sources_of(run), temperatures, marks=marks)

    @kept(4, is_small=True)
    def temperatures(self, marks: bool) -> dict[str, float]:
        """Role → temperature of its model, fitted on one half of the questions."""
        with self.open_reader() as reader:
            run = own_run(reader, self.run)
            return scales.fit_temperatures(reader, run, sources_of(run), marks=marks)

    @kept(2)
    def _answers(self, marks: bool, attribution: AttributionRule) -> Answers:
        return answer_all(self._evidence(attribution.calibrated, marks), attribution)

    def answers(self, rule: LabelRule, attribution: AttributionRule) -> Answers:
        """The answer about every sentence of the run."""
        return self._answers(rule.marks, attribution)

    @kept(4)
    def _counts(self, marks: bool, attribution: AttributionRule) -> Doubles:
        return self._answers(marks, attribution).counts()

    def counts(self, rule: LabelRule, attribution: AttributionRule) -> Doubles:
        """(n_traces, 1 + n_answers), sentences of every scored trace by their code; unscored ones first."""
        return self._counts(rule.marks, attribution)

    @kept(2)
    def _sets(self, marks: bool, attribution: AttributionRule) -> tuple[Ints, Doubles]:
        return self._answers(marks, attribution).sets()

    def rows(self, rule: LabelRule, attribution: AttributionRule, scope: Scope) -> Ints:
        """(n,), the traces in scope as indices among all scored traces."""
        return np.searchsorted(self.answers(rule, attribution).trace_no, self.traces(scope).trace_no)

    @kept(16)
    def table(
        self, rule: LabelRule, attribution: AttributionRule, scope: Scope, rows: str = tables.ROUTED
    ) -> AttributionTable:
        """Answers by group of traces, one of `tables.ROWS`; raises `UsageError` for anything else."""
        tables.check_rows(rows)
        columns, counts = self.columns(rule, attribution, scope), self.set_counts(rule, attribution, scope)
        return tables.tabulate(columns, counts, self.traces(scope), rows)

    @kept(8)
    def columns(self, rule: LabelRule, attribution: AttributionRule, scope: Scope) -> Columns:
        """Which sets of sources each answer of the tables counts; relatives are those that the verdict finds."""
        sets, sources = self.sets(rule, attribution, scope), self.sources()
        relatives = find_relatives(sets.member, sets.counts.sum(axis=0), len(sources.teachers))
        return tables.make_columns(sources, self._sets(rule.marks, attribution)[0], relatives)

    def set_counts(self, rule: LabelRule, attribution: AttributionRule, scope: Scope) -> Doubles:
        """(n_traces, n_sets), sentences of each trace in scope that name each set of `columns`."""
        return self._sets(rule.marks, attribution)[1][self.rows(rule, attribution, scope)]

    @kept(8)
    def set_table(self, rule: LabelRule, attribution: AttributionRule, scope: Scope) -> SetTable:
        """The sets of two and more sources that sentences in scope name."""
        columns, counts = self.columns(rule, attribution, scope), self.set_counts(rule, attribution, scope)
        return tables.tabulate_sets(self.sources(), columns, counts, self.traces(scope).question)

    @kept(8)
    def sets(self, rule: LabelRule, attribution: AttributionRule, scope: Scope) -> Sets:
        """How often each question names each set of sources."""
        members, counts = self._sets(rule.marks, attribution)
        names = (*(source.name for source in self.sources().named), NONE_OF_THESE)
        chosen = self.rows(rule, attribution, scope)
        return weights.make_sets(names, members, counts[chosen], self.traces(scope).question)

    @kept(8)
    def weights(self, rule: LabelRule, attribution: AttributionRule, scope: Scope) -> Weights:
        """How much of the traces in scope each source accounts for."""
        return weights.estimate_weights(self.sets(rule, attribution, scope))

    @kept(8)
    def verdict(self, rule: LabelRule, attribution: AttributionRule, scope: Scope) -> Verdict:
        """Which teachers the traces in scope show."""
        credited = self.control_credit(rule, attribution, scope).column("high").to_pylist()
        floor = max((high for high in credited if high is not None), default=None)
        return verdict.make_verdict(
            self.sets(rule, attribution, scope),
            self.weights(rule, attribution, scope),
            floor,
            n_controls=len(self.sources().controls),
        )

    @kept(4, is_small=True)
    def control_credit(self, rule: LabelRule, attribution: AttributionRule, scope: Scope) -> pa.Table:
        """How much each control is credited with if it stands in the place of all teachers, always wrongly.

        Columns: control, share (of scored sentences), low, high (NULL where refused).
        """
        rows = []
        traces = self.traces(scope)
        chosen = self.rows(rule, attribution, scope)
        for control in self.sources().controls:
            answers = answer_in_place(self._evidence(attribution.calibrated, rule.marks), control, attribution)
            ends = bootstrap_shares(answers.counts()[chosen, 1:], traces.question)
            rows.append(
                {
                    "control": control.name,
                    "share": none_if_nan(ends.share[0]),
                    "low": none_if_nan(ends.low[0]),
                    "high": none_if_nan(ends.high[0]),
                }
            )
        numbers = [(name, pa.float64()) for name in ("share", "low", "high")]
        return pa.Table.from_pylist(rows, schema=pa.schema([("control", pa.string()), *numbers]))

    @kept(4, is_small=True)
    def scales(self, rule: LabelRule, attribution: AttributionRule, scope: Scope) -> pa.Table:
        """How sharp each model is by domain, as `scales.load_scales` gives it."""
        temperatures = self.temperatures(rule.marks) if attribution.calibrated else None
        with self.open_reader() as reader:
            run = own_run(reader, self.run)
            return scales.load_scales(reader, run, sources_of(run), scope, temperatures, marks=rule.marks)

    @kept(64, is_small=True)
    def trace(self, trace_no: int, rule: LabelRule, attribution: AttributionRule) -> TraceAttribution:
        """The answers about one trace with their posteriors."""
        temperatures: Mapping[str, float] | None = self.temperatures(rule.marks) if attribution.calibrated else None
        with self.open_reader() as reader:
            return load_trace_attribution(reader, self.run, trace_no, rule, attribution, temperatures)
