"""The parts of a run that statistics start from, kept in memory as long as the file stays the same.

They are shared between sessions and never copied, so nobody may write into them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from rdpt_core.analysis.labels import LabelRule, Space, Unit, label_order
from rdpt_core.analysis.run import gap_arrays, group_shares, positions, predict, shares, trace_table
from rdpt_core.analysis.run.group_shares import Part
from rdpt_core.analysis.run.shares import GroupShares
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.parallel import side_by_side
from rdpt_core.analysis.trace.view import Faint, faint_limit
from rdpt_core.store.reader import Run
from rdpt_core.ui.data import cache
from rdpt_core.ui.data.cache import Identity, Source
from rdpt_core.ui.frame import controls

# Ten million sentences: gaps take 80 MB, tokens 40 MB, labels 10 MB.


@st.cache_resource(max_entries=2, show_spinner="Reading the sentences of this run …")
def _gaps(
    path: str, identity: Identity, run_no: int, _run: Run, unit: Unit, space: Space, without_first: bool
) -> gap_arrays.Gaps:
    with cache.opened(path, identity) as reader:
        return gap_arrays.load_gaps(reader, _run, unit, space, without_first)


@st.cache_resource(max_entries=1, show_spinner=False)
def _token_counts(path: str, identity: Identity, run_no: int, _run: Run) -> npt.NDArray[np.int32]:
    with cache.opened(path, identity) as reader:
        return gap_arrays.load_token_counts(reader, _run)


@st.cache_resource(max_entries=4, show_spinner=False)
def _codes(
    path: str, identity: Identity, run_no: int, _run: Run, rule: LabelRule, without_first: bool
) -> gap_arrays.Codes:
    def exact(trace_nos: npt.NDArray[np.int32]) -> gap_arrays.Codes:
        with cache.opened(path, identity) as reader:
            return gap_arrays.exact_codes(reader, _run, rule, trace_nos, without_first)

    return gap_arrays.label_codes(
        _gaps(path, identity, run_no, _run, rule.unit, rule.space, without_first), rule, exact
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _counts(
    path: str, identity: Identity, run_no: int, _run: Run, rule: LabelRule, by_tokens: bool, without_first: bool
) -> npt.NDArray[np.float64]:
    weight = _token_counts(path, identity, run_no, _run) if by_tokens else None
    codes = _codes(path, identity, run_no, _run, rule, without_first)
    return gap_arrays.count_codes(
        _gaps(path, identity, run_no, _run, rule.unit, rule.space, without_first), codes, weight
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _facts(path: str, identity: Identity, run_no: int, _run: Run, scope: Scope) -> trace_table.TraceFacts:
    with cache.opened(path, identity) as reader:
        return trace_table.load_facts(reader, _run, scope)


def gaps_of(found: Source, run: Run, rule: LabelRule, *, without_first: bool = False) -> gap_arrays.Gaps:
    """The gaps of a run under the rule's unit and space."""
    return _gaps(str(found.path), found.identity, run.run_no, run, rule.unit, rule.space, without_first)


def codes_of(found: Source, run: Run, rule: LabelRule) -> gap_arrays.Codes:
    """The label of every sentence of a run."""
    return _codes(str(found.path), found.identity, run.run_no, run, rule, False)


def facts_of(found: Source, run: Run, scope: Scope) -> trace_table.TraceFacts:
    """The scored traces in scope."""
    return _facts(str(found.path), found.identity, run.run_no, run, scope)


def faint_of(found: Source, run: Run, rule: LabelRule) -> Faint | None:
    """The faint sentences, if they are so many that a reader must be told; counted only then."""
    limit = faint_limit(rule, run.roles)
    if limit is None or np.float32(limit[2]) < gaps_of(found, run, rule).notable_from:
        return None
    return found.faint(run, rule)


def counts_of(
    found: Source, run: Run, rule: LabelRule, *, by_tokens: bool = False, without_first: bool = False
) -> npt.NDArray[np.float64]:
    """Labels of every trace of a run, in sentences or tokens, as `count_codes` gives them."""
    return _counts(str(found.path), found.identity, run.run_no, run, rule, by_tokens, without_first)


@st.cache_resource(max_entries=8, show_spinner=False)
def _shares(
    path: str, identity: Identity, run_no: int, rule: LabelRule, _source: Source, _run: Run
) -> tuple[GroupShares, ...]:
    labels = [str(label) for label in label_order(_run.roles)]
    return shares.shares_of_traces(facts_of(_source, _run, Scope()), counts_of(_source, _run, rule)[:, 1:], labels)


def shares_of(found: Source, run: Run, rule: LabelRule) -> tuple[GroupShares, ...]:
    """Label shares of each benchmark."""
    return _shares(str(found.path), found.identity, run.run_no, rule, found, run)


def traces_holding(found: Source, run: Run, rule: LabelRule, label: str) -> npt.NDArray[np.int32]:
    """The numbers of the traces with a sentence of this label."""
    place = [str(name) for name in label_order(run.roles)].index(label) + 1
    return gaps_of(found, run, rule).trace_no[counts_of(found, run, rule)[:, place] > 0]


def rows_in(gaps_found: gap_arrays.Gaps, facts: trace_table.TraceFacts) -> npt.NDArray[np.int64]:
    """Where the traces in scope stand among all scored traces."""
    return np.searchsorted(gaps_found.trace_no, facts.trace_no)


def part_of(found: Source, run: Run, name: str, rule: LabelRule, scope: Scope, *, by_tokens: bool = False) -> Part:
    """The counted traces of a run that are in scope."""
    facts = facts_of(found, run, scope)
    rows = rows_in(gaps_of(found, run, rule), facts)
    counts = counts_of(found, run, rule, by_tokens=by_tokens)[rows, 1:]
    sentences = counts_of(found, run, rule)[rows, 1:].sum(axis=1).astype(np.int64)
    return Part(name, facts, counts, sentences)


@st.cache_resource(max_entries=12, show_spinner=False)
def _cells(
    path: str,
    identity: Identity,
    run_nos: tuple[int, ...],
    rule: LabelRule,
    scope: Scope,
    row: str,
    column: str | None,
    by_tokens: bool,
    _source: Source,
    _runs: tuple[Run, ...],
) -> group_shares.Cells:
    names = controls.run_names(_runs)
    parts = [part_of(_source, run, names[run.run_id], rule, scope, by_tokens=by_tokens) for run in _runs]
    return group_shares.make_cells(parts, [str(label) for label in label_order(_runs[0].roles)], row, column)


def cells_of(
    found: Source,
    runs: tuple[Run, ...],
    rule: LabelRule,
    scope: Scope,
    row: str,
    column: str | None,
    *,
    by_tokens: bool,
) -> group_shares.Cells:
    """Label shares of groups of traces of one or more runs with the same roles."""
    numbers = tuple(run.run_no for run in runs)
    return _cells(str(found.path), found.identity, numbers, rule, scope, row, column, by_tokens, found, runs)


@dataclass(frozen=True, slots=True)
class PositionView:
    """What the positions page shows.

    Attributes:
        compare: correct against incorrect traces, instead of all.
        relative: by part of the trace, instead of by sentence number.
        by_benchmark: a panel a benchmark, instead of one for all.
        last: the last sentence number shown.
    """

    scope: Scope
    compare: bool
    relative: bool
    by_benchmark: bool
    last: int


@st.cache_resource(max_entries=4, show_spinner=False)
def _position_table(
    path: str, identity: Identity, run_no: int, _run: Run, rule: LabelRule, scope: Scope, relative: bool, last: int
) -> positions.PositionTable:
    found = _gaps(path, identity, run_no, _run, rule.unit, rule.space, False)
    codes = _codes(path, identity, run_no, _run, rule, False)
    rows = rows_in(found, _facts(path, identity, run_no, _run, scope))
    if relative:
        return positions.relative_table(found, codes, rows)
    return positions.absolute_table(found, codes, rows, last)


@st.cache_resource(max_entries=8, show_spinner=False)
def _panels(
    path: str, identity: Identity, run_no: int, _run: Run, rule: LabelRule, view: PositionView
) -> tuple[positions.Panel, ...]:
    facts = _facts(path, identity, run_no, _run, view.scope)
    table = _position_table(path, identity, run_no, _run, rule, view.scope, view.relative, view.last)
    lines = positions.LINES[1:] if view.compare else positions.LINES[:1]
    if not view.by_benchmark:
        names = facts.names["benchmark"]
        name = names[0] if len(names) == 1 else "all benchmarks"
        return (positions.make_panel(name, table, facts, np.arange(len(facts.trace_no)), lines),)
    code, names = facts.codes["benchmark"], facts.names["benchmark"]

    def panel(place: int) -> positions.Panel:
        return positions.make_panel(names[place], table, facts, np.flatnonzero(code == place), lines)

    return tuple(side_by_side(panel, range(len(names))))


def panels_of(
    found: Source, run: Run, rule: LabelRule, view: PositionView
) -> tuple[positions.PositionTable, tuple[positions.Panel, ...]]:
    """Position curves of a run."""
    key = (str(found.path), found.identity, run.run_no, run, rule)
    return _position_table(*key, view.scope, view.relative, view.last), _panels(*key, view)


@st.cache_resource(max_entries=8, show_spinner=False)
def _prediction(
    path: str,
    identity: Identity,
    run_no: int,
    rule: LabelRule,
    scope: Scope,
    measure: str,
    without_first: bool,
    _source: Source,
    _run: Run,
) -> predict.Prediction:
    facts = facts_of(_source, _run, scope)
    rows = rows_in(gaps_of(_source, _run, rule), facts)
    counts = counts_of(_source, _run, rule)[rows, 1:]
    other = counts_of(_source, _run, rule, without_first=True)[rows, 1:] if without_first else None
    return predict.predict_correctness(facts, counts, [str(label) for label in label_order(_run.roles)], measure, other)


def prediction_of(
    found: Source, run: Run, rule: LabelRule, scope: Scope, measure: str, *, without_first: bool
) -> predict.Prediction:
    """Labels against correctness; `without_first` counts them without the first tokens of sentences, too."""
    key = (str(found.path), found.identity, run.run_no, rule, scope, measure)
    return _prediction(*key, without_first, found, run)
