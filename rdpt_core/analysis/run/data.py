"""Every number of a run, from its sentences on: gaps → labels → counts → shares, curves, prediction, threshold map.

    gaps          how far the models are apart at each sentence, for a unit and a space
    codes         the label of each sentence, for a rule
    counts        labels of each trace, in sentences or tokens
    trace_table   the traces in scope, with what they are grouped by
    group_shares, positions, prediction, threshold_map …   statistics of those

The app's pages and the Python API both stand on this one chain, so their numbers are the same. Answers are kept (see
`kept`) and may be shared by several sessions: nobody may write into them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.catalog import Catalog, load_catalog, load_trace_list
from rdpt_core.analysis.faint import Faint, faint_limit
from rdpt_core.analysis.labels import LabelRule, Space, Unit, label_order
from rdpt_core.analysis.run import group_shares, shares
from rdpt_core.analysis.run.gaps import gap_arrays
from rdpt_core.analysis.run.gaps.exact_counts import Exact
from rdpt_core.analysis.run.gaps.gap_arrays import Gaps
from rdpt_core.analysis.run.group_shares import CrossTable, RunCounts
from rdpt_core.analysis.run.kept import Family, Keep, Key, kept
from rdpt_core.analysis.run.positions import curves, tables
from rdpt_core.analysis.run.positions.curves import Panel, PositionView
from rdpt_core.analysis.run.positions.tables import PositionTable
from rdpt_core.analysis.run.predict.added import mean_logprobs
from rdpt_core.analysis.run.predict.prediction import Prediction, predict_correctness
from rdpt_core.analysis.run.sensitivity import thresholds
from rdpt_core.analysis.run.sensitivity.suggested_beta import SuggestedBeta, find_beta
from rdpt_core.analysis.run.sensitivity.thresholds import BetaCurve, ThresholdMap
from rdpt_core.analysis.run.sensitivity.unit_effects import UnitEffects, load_unit_effects
from rdpt_core.analysis.run.shares import GroupShares
from rdpt_core.analysis.run.trace_table import TraceTable, load_trace_table
from rdpt_core.analysis.run.training import curves as training_curves
from rdpt_core.analysis.run.training.curves import MeanCurve, ShareCurves
from rdpt_core.analysis.run.training.paths import Paths, load_paths
from rdpt_core.analysis.run.training.points import points_of
from rdpt_core.analysis.run.training.turns import Turns, count_turns
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import Average
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.analysis.trace.tokens import SentenceTokens, load_trace_tokens
from rdpt_core.analysis.trace.view import TraceView, load_trace_view
from rdpt_core.arrays import Codes, Doubles, Ints, SmallInts
from rdpt_core.store.reader import Reader, Run

T = TypeVar("T")

OpenReader = Callable[..., AbstractContextManager[Reader]]

_QUESTIONS = Family("ask", 128, is_small=True)
_GROUPS = Family("group_shares", 12)


@dataclass(frozen=True, slots=True, eq=False)
class RunData:
    """One run of an open file.

    Attributes:
        run: the run.
        open_reader: opens the file for a moment, for this run and the others it is given; raises `StoreError` if it
            cannot be read.
        keep: how answers are kept; it must forget them when the file changes.
    """

    run: Run
    open_reader: OpenReader
    keep: Keep

    @property
    def key(self) -> Key:
        """What tells the answers of this run, as it is seen, from those of another run of the file."""
        return (self.run.run_no, self.run.seen_as)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the run, in the order of all arrays that count them."""
        return tuple(str(label) for label in label_order(self.run.roles))

    def ask(self, question: Callable[..., T], *arguments: Any) -> T:
        """What a function of the analysis says about the run; asked once for equal arguments.

        Args:
            question: takes a reader, the run and `arguments`; a function of a module, kept under its name.
            arguments: values that can be hashed, such as a `LabelRule` or a `Scope`.
        """

        def answer() -> T:
            others = [argument for argument in arguments if isinstance(argument, Run)]
            with self.open_reader(*others) as reader:
                return question(reader, self.run, *arguments)

        name = f"{question.__module__}.{question.__qualname__}"
        result: T = self.keep(_QUESTIONS, (*self.key, name, *arguments), answer)
        return result

    @kept(8, is_small=True)
    def catalog(self) -> Catalog:
        """Counts of the run."""
        with self.open_reader() as reader:
            return load_catalog(reader, self.run)

    @kept(8, is_small=True)
    def trace_list(self) -> pa.Table:
        """One row a trace, as `load_trace_list` gives it."""
        with self.open_reader() as reader:
            return load_trace_list(reader, self.run)

    @kept(64, is_small=True)
    def trace_view(self, trace_no: int, rule: LabelRule) -> TraceView:
        """One trace with its labelled sentences."""
        with self.open_reader() as reader:
            return load_trace_view(reader, self.run, trace_no, rule)

    def trace_tokens(self, view: TraceView) -> dict[str, SentenceTokens]:
        """Role → tokens of a trace, for the roles that have scored it."""

        def answer() -> dict[str, SentenceTokens]:
            with self.open_reader() as reader:
                return load_trace_tokens(reader, self.run, view)

        tokens: dict[str, SentenceTokens] = self.keep(
            Family("trace_tokens", 4, is_small=True), (*self.key, view.trace_no), answer
        )
        return tokens

    # Ten million sentences: gaps take 80 MB, tokens 40 MB, labels 10 MB.

    def gaps(self, rule: LabelRule, *, without_first: bool = False) -> Gaps:
        """The gaps of all sentences under the rule's unit and space.

        Args:
            without_first: from means that leave out each sentence's first token.
        """
        return self._gaps(rule.unit, rule.space, without_first, rule.marks)

    @kept(2, message="Reading the sentences of this run …")
    def _gaps(self, unit: Unit, space: Space, without_first: bool, marks: bool) -> Gaps:
        with self.open_reader() as reader:
            return gap_arrays.load_gaps(reader, self.run, unit, space, without_first, marks=marks)

    @kept(1)
    def _token_counts(self, marks: bool) -> SmallInts:
        """(n_sentences,), tokens under the model that wrote the traces."""
        with self.open_reader() as reader:
            return gap_arrays.load_token_counts(reader, self.run, marks=marks)

    @kept(4)
    def codes(self, rule: LabelRule, *, without_first: bool = False) -> Codes:
        """(n_sentences,), the index of each sentence's label in `labels` counted from 1; 0 where unscored."""

        def exact(trace_nos: SmallInts) -> Codes:
            with self.open_reader() as reader:
                return gap_arrays.exact_codes(reader, self.run, rule, trace_nos, without_first)

        return gap_arrays.label_codes(self.gaps(rule, without_first=without_first), rule, exact)

    @kept(8)
    def counts(self, rule: LabelRule, *, by_tokens: bool = False, without_first: bool = False) -> Doubles:
        """(n_traces, 1 + n_labels), labels of every trace in sentences or tokens, unscored ones first."""
        weight = self._token_counts(rule.marks) if by_tokens else None
        codes = self.codes(rule, without_first=without_first)
        return gap_arrays.count_codes(self.gaps(rule, without_first=without_first), codes, weight)

    @kept(8)
    def trace_table(self, scope: Scope) -> TraceTable:
        """The scored traces in scope."""
        with self.open_reader() as reader:
            return load_trace_table(reader, self.run, scope)

    def rows(self, rule: LabelRule, scope: Scope) -> Ints:
        """(n_traces,), the indices of the traces in scope among all scored traces."""
        return np.searchsorted(self.gaps(rule).trace_no, self.trace_table(scope).trace_no)

    def faint(self, rule: LabelRule) -> Faint | None:
        """The faint sentences, if they are so many that a reader must be told; counted only then."""
        limit = faint_limit(rule, self.run.roles)
        if limit is None or np.float32(limit[2]) < self.gaps(rule).notable_from:
            return None
        return self._faint(rule)

    @kept(64, is_small=True)
    def _faint(self, rule: LabelRule) -> Faint | None:
        with self.open_reader() as reader:
            return shares.count_faint(shares.label_counts(reader, self.run, rule), rule, self.run.roles)

    @kept(8)
    def shares(self, rule: LabelRule) -> tuple[GroupShares, ...]:
        """Label shares of each benchmark, with intervals."""
        return shares.shares_of_traces(self.trace_table(Scope()), self.counts(rule)[:, 1:], self.labels)

    def traces_with(self, rule: LabelRule, label: str) -> SmallInts:
        """The numbers of the traces that have a sentence with this label."""
        return self.gaps(rule).trace_no[self.counts(rule)[:, self.labels.index(label) + 1] > 0]

    def counted_traces(self, name: str, rule: LabelRule, scope: Scope, *, by_tokens: bool = False) -> RunCounts:
        """The traces in scope with their labels counted; `name` is what the run is called beside others."""
        rows = self.rows(rule, scope)
        counts = self.counts(rule, by_tokens=by_tokens)[rows, 1:]
        n_sentences = self.counts(rule)[rows, 1:].sum(axis=1).astype(np.int64)
        return RunCounts(name, self.trace_table(scope), counts, n_sentences)

    @kept(4)
    def _position_table(self, rule: LabelRule, scope: Scope, relative: bool, last: int) -> PositionTable:
        gaps, codes, rows = self.gaps(rule), self.codes(rule), self.rows(rule, scope)
        if relative:
            return tables.relative_table(gaps, codes, rows)
        return tables.absolute_table(gaps, codes, rows, last)

    @kept(8)
    def _panels(self, rule: LabelRule, scope: Scope, view: PositionView) -> tuple[Panel, ...]:
        traces = self.trace_table(scope)
        table = self._position_table(rule, scope, view.relative, view.last)
        lines = curves.LINES[1:] if view.compare else curves.LINES[:1]
        benchmark, names = traces.codes["benchmark"], traces.names["benchmark"]
        if not view.by_benchmark:
            name = names[0] if len(names) == 1 else "all benchmarks"
            return (curves.make_panel(name, table, traces, np.arange(len(traces.trace_no)), lines),)

        def panel(code: int) -> Panel:
            return curves.make_panel(names[code], table, traces, np.flatnonzero(benchmark == code), lines)

        return tuple(in_parallel(panel, range(len(names))))

    def fit_view(self, rule: LabelRule, scope: Scope, view: PositionView) -> PositionView:
        """The view as far as the traces in scope allow: nothing is compared where not both kinds are graded, one
        benchmark needs no panels, and no position lies beyond the longest trace."""
        traces = self.trace_table(scope)
        longest = int(self.gaps(rule).length[self.rows(rule, scope)].max(initial=1))
        return PositionView(
            compare=view.compare and traces.is_graded_both_ways,
            relative=view.relative,
            by_benchmark=view.by_benchmark and len(traces.names["benchmark"]) > 1,
            last=min(view.last, longest),
        )

    def positions(self, rule: LabelRule, scope: Scope, view: PositionView) -> tuple[PositionTable, tuple[Panel, ...]]:
        """The position curves of a view, and the table of labels at positions that they are made from."""
        return self._position_table(rule, scope, view.relative, view.last), self._panels(rule, scope, view)

    @staticmethod
    def can_leave_out_first(rule: LabelRule) -> bool:
        """Whether labels can be counted without first tokens: how many bytes one has is not stored."""
        return rule.unit is not Unit.BYTE

    @kept(1)
    def _mean_logprobs(self, marks: bool) -> Doubles:
        """(n_scored_traces, n_roles), the mean logprob of every trace under each model, in nats."""
        with self.open_reader() as reader:
            return mean_logprobs(reader, self.run, marks=marks)

    @kept(8)
    def prediction(self, rule: LabelRule, scope: Scope, measure: str, *, without_first: bool = False) -> Prediction:
        """Labels against correctness: AUCs, odds ratios, and what labels add to mean logprobs.

        Args:
            measure: one of `predict.graded.MEASURES`.
            without_first: count labels without the first tokens of sentences, too.
        """
        rows = self.rows(rule, scope)
        counts = self.counts(rule)[rows, 1:]
        counts_without_first = self.counts(rule, without_first=True)[rows, 1:] if without_first else None
        traces, logprobs = self.trace_table(scope), self._mean_logprobs(rule.marks)[rows]
        return predict_correctness(traces, counts, self.labels, measure, logprobs, counts_without_first)

    def _exact_gaps(self, rule: LabelRule) -> Exact:
        def exact(trace_nos: SmallInts) -> tuple[Doubles, Doubles | None]:
            with self.open_reader() as reader:
                return gap_arrays.exact_gaps(reader, self.run, rule.unit, rule.space, trace_nos, marks=rule.marks)

        return exact

    @kept(8)
    def threshold_map(self, rule: LabelRule, scope: Scope) -> ThresholdMap:
        """Exact counts of labels for every pair of thresholds of a grid."""
        return thresholds.count_map(self.gaps(rule), self.rows(rule, scope), rule, self._exact_gaps(rule))

    @kept(8)
    def margins(self, rule: LabelRule, scope: Scope) -> pa.Table:
        """Sentences close to another label: counts by label and margin, as `count_margins` gives them."""
        return thresholds.count_margins(self.gaps(rule), self.rows(rule, scope), rule, self._exact_gaps(rule))

    @kept(8)
    def beta_curves(self, rule: LabelRule, scope: Scope) -> tuple[BetaCurve, ...]:
        """Label shares for several β, of everything in scope and of each benchmark."""
        rows = self.rows(rule, scope)
        return thresholds.beta_curves(self.gaps(rule), rows, self.trace_table(scope), rule, self._exact_gaps(rule))

    @kept(8, message="Labelling other units …")
    def unit_effects(self, rule: LabelRule, scope: Scope) -> UnitEffects:
        """Labels without first tokens, and of joined sentences."""
        with self.open_reader() as reader:
            return load_unit_effects(reader, self.run, rule, scope, self.trace_table(scope))

    @kept(4, message="Labelling every checkpoint …")
    def _paths(self, rule: LabelRule, scheme: Scheme) -> Paths:
        with self.open_reader() as reader:
            return load_paths(reader, self.run, rule, scheme, points_of(self.run))

    @kept(8)
    def training_shares(
        self, rule: LabelRule, scope: Scope, scheme: Scheme, split: str | None
    ) -> tuple[ShareCurves, ...]:
        """Label shares at each time of the training; `scheme` is one of `points.schemes_of`, `split` one of
        `curves.SPLITS`, or None."""
        return training_curves.share_curves(self._paths(rule, scheme), self.trace_table(scope), split)

    @kept(8)
    def training_turns(self, rule: LabelRule, scope: Scope, scheme: Scheme) -> Turns:
        """When sentences came to the label that they kept."""
        return count_turns(self._paths(rule, scheme), self.trace_table(scope))

    @kept(8)
    def training_means(self, rule: LabelRule, scope: Scope, scheme: Scheme) -> tuple[MeanCurve, ...]:
        """Mean values at each time of the sentences that end with each label."""
        labels = tuple(map(str, scheme.labels))
        return training_curves.mean_curves(self._value_sums(rule, scheme), self.trace_table(scope), labels)

    @kept(4)
    def _value_sums(self, rule: LabelRule, scheme: Scheme) -> training_curves.ValueSums:
        with self.open_reader() as reader:
            return training_curves.load_value_sums(reader, self.run, rule, scheme, points_of(self.run))

    def suggested_beta(self, rule: LabelRule, scope: Scope) -> SuggestedBeta | None:
        """The β that the data suggest in a unit and space; the rule's thresholds play no part."""
        return self._suggested_beta(rule.without_thresholds(), scope)

    @kept(8)
    def _suggested_beta(self, rule: LabelRule, scope: Scope) -> SuggestedBeta | None:
        rows = self.rows(rule, scope)
        return find_beta(self.gaps(rule), rows, self.trace_table(scope), self._exact_gaps(rule))


def shares_of_groups(
    runs: Mapping[str, RunData],
    rule: LabelRule,
    scope: Scope,
    row: str,
    column: str | None = None,
    *,
    by_tokens: bool = False,
    average: Average = "sentences",
) -> CrossTable:
    """The cross table of label shares of groups of traces, of one or more runs of a file with the same roles.

    Args:
        runs: each run under the name that it has as a group.
        row: one of `group_shares.DIMENSIONS`; with several runs one of the dimensions should be `run`.
        column: another one, or None.
        by_tokens: count a sentence by its tokens.
        average: what weighs the same in a share.
    """

    first, *_ = runs.values()

    def answer() -> CrossTable:
        counted = [data.counted_traces(name, rule, scope, by_tokens=by_tokens) for name, data in runs.items()]
        return group_shares.cross_tabulate(counted, first.labels, row, column, average)

    names = tuple((name, *data.key) for name, data in runs.items())
    table: CrossTable = first.keep(_GROUPS, (names, rule, scope, row, column, by_tokens, average), answer)
    return table
