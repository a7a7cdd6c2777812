"""Drill-down: the traces and sentences behind a number, for someone who clicks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.group_shares import CrossCell
from rdpt_core.analysis.run.positions.curves import PositionView
from rdpt_core.analysis.run.positions.tables import sentences_at
from rdpt_core.analysis.run.predict.aucs import OVER_BENCHMARKS
from rdpt_core.analysis.run.predict.graded import LENGTH
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Codes, Ints, SmallInts
from rdpt_core.store.reader import Reader, Run

LIMIT = 100
"""How many are listed; the count says how many there are."""

# Enough to recognise a sentence by.
_TEXT = 300


@dataclass(frozen=True, slots=True)
class Drilldown:
    """Sentences behind a number: at most `LIMIT` of them, one a trace.

    Attributes:
        run: the run that they belong to.
        n: how many traces there are in all.
        trace_no: the listed traces.
        sentence_index: the sentence of each that is shown.
        numbers: more about each, by name.
    """

    run: Run
    n: int
    trace_no: tuple[int, ...]
    sentence_index: tuple[int, ...]
    numbers: Mapping[str, Sequence[float]] = field(default_factory=dict)


def traces_of_cell(runs: Sequence[RunData], rule: LabelRule, scope: Scope, cell: CrossCell, label: str) -> Drilldown:
    """Traces of a group that have a sentence with the label, those with most of them first.

    Args:
        runs: the runs that were grouped, in that order; the first of them with such a trace is listed.
        label: one of the labels of these runs.
    """
    for data, members in zip(runs, cell.members, strict=True):
        traces, k = data.trace_table(scope), data.labels.index(label)
        n = data.counts(rule)[data.rows(rule, scope)[members], k + 1].astype(np.int64)
        holding = np.flatnonzero(n)
        if len(holding):
            listed = holding[np.argsort(-n[holding], kind="stable")][:LIMIT]
            index = _first_sentences(data, rule, scope, members[listed], k)
            numbers = {f"{label} sentences": n[listed].tolist()}
            return drilldown_of(data, rule, len(holding), traces.trace_no[members[listed]], index, numbers)
    return Drilldown(runs[0].run, 0, (), ())


class CurvePoint(NamedTuple):
    """A point of a position curve.

    Attributes:
        panel_no: index of the panel in the panels of `RunData.positions`.
        label_no: index of the label in `RunData.labels`.
        line_no: index of the curve in the panel.
        point_no: index of the point in the curve.
    """

    panel_no: int
    label_no: int
    line_no: int
    point_no: int


def sentences_at_point(
    data: RunData, rule: LabelRule, scope: Scope, view: PositionView, point: CurvePoint
) -> Drilldown:
    """Sentences with the label of a point of a position curve, at that point: one of each trace that has one."""
    table, panels = data.positions(rule, scope, view)
    panel, traces, gaps = panels[point.panel_no], data.trace_table(scope), data.gaps(rule)
    grades = {"all": (-1, 0, 1), "correct": (1,), "incorrect": (0,)}[panel.curves[point.line_no].line]
    chosen = panel.rows[np.isin(traces.correct[panel.rows], grades)]
    chosen_table = replace(table, amount=table.amount[chosen], reaches=table.reaches[chosen])
    rows = data.rows(rule, scope)[chosen]
    n, listed, index = sentences_at(gaps, data.codes(rule), rows, chosen_table, point.point_no, point.label_no, LIMIT)
    return drilldown_of(data, rule, n, traces.trace_no[chosen[listed]], index, {})


def graded_traces(data: RunData, rule: LabelRule, scope: Scope, measure: str, predictor: str, group: str) -> Drilldown:
    """Graded traces of a group, those with most of a predictor first, each at its first sentence with the label.

    Args:
        measure: one of `predict.graded.MEASURES`.
        predictor: a label, or `predict.graded.LENGTH`.
        group: a benchmark, or one of `predict.aucs.OVER_BENCHMARKS`.
    """
    traces = data.trace_table(scope)
    counts = data.counts(rule)[data.rows(rule, scope), 1:]
    total = counts.sum(axis=1)
    chosen = (traces.correct >= 0) & (total > 0)
    if group not in OVER_BENCHMARKS:
        chosen &= traces.codes["benchmark"] == traces.names["benchmark"].index(group)
    members = np.flatnonzero(chosen)
    is_length = predictor == LENGTH
    amount = total[members] if is_length else counts[members, data.labels.index(predictor)]
    value = amount if is_length or measure == "count" else amount / total[members]
    order = np.argsort(-value, kind="stable")[:LIMIT]
    listed = members[order]
    index = np.zeros(len(listed), np.int64)
    if not is_length:
        index = np.maximum(_first_sentences(data, rule, scope, listed, data.labels.index(predictor)), 0)
    name = "number of sentences" if is_length else f"{measure} of {predictor} sentences"
    return drilldown_of(
        data, rule, len(members), traces.trace_no[listed], index, {name: np.round(value[order], 3).tolist()}
    )


def drilldown_of(
    data: RunData,
    rule: LabelRule,
    n: int,
    trace_no: SmallInts,
    place: Ints,
    numbers: Mapping[str, Sequence[float]],
) -> Drilldown:
    """A sentence each of some traces.

    Args:
        n: how many traces there are in all.
        trace_no: (n_listed,), those that are listed.
        place: (n_listed,), the sentence of each, counted among those that the rule counts.
        numbers: more about each, by name.
    """
    traces, index = tuple(trace_no.tolist()), tuple(place.tolist())
    if not rule.marks:
        index = data.ask(_indices, rule, traces, index)
    return Drilldown(data.run, n, traces, index, numbers)


def _indices(
    reader: Reader, run: Run, rule: LabelRule, trace_nos: tuple[int, ...], places: tuple[int, ...]
) -> tuple[int, ...]:
    """The `sentence_index` of each sentence that is given by its trace and its place among those that count."""
    source = sentences_sql(run.run_no, rule, "trace_no IN (SELECT unnest($1::INTEGER[]))")
    rows = reader.query(
        f"SELECT trace_no, list(sentence_index ORDER BY sentence_index) AS indices FROM {source} GROUP BY trace_no",
        [list(trace_nos)],
    ).to_pylist()
    indices = {row["trace_no"]: row["indices"] for row in rows}
    return tuple(indices[trace_no][place] for trace_no, place in zip(trace_nos, places, strict=True))


def _first_sentences(data: RunData, rule: LabelRule, scope: Scope, traces: Ints, k: int) -> Ints:
    """(n,), the first sentence with a label in each of these traces of the scope."""
    gaps, rows = data.gaps(rule), data.rows(rule, scope)[traces]
    return first_index_with_label(data.codes(rule), gaps.start[rows], gaps.length[rows], k + 1)


def first_index_with_label(codes: Codes, start: Ints, length: Ints, code: int) -> Ints:
    """(n_traces,), the index of the first sentence of each trace with this code; -1 if it has none."""
    index = np.full(len(start), -1, np.int64)
    for row, (first, n) in enumerate(zip(start, length, strict=True)):
        labelled = np.flatnonzero(codes[first : first + n] == code)
        if len(labelled):
            index[row] = labelled[0]
    return index


def load_sentences(reader: Reader, run: Run, trace_nos: Sequence[int], indices: Sequence[int]) -> pa.Table:
    """Sentences by trace and index, in the order asked for.

    Columns: trace_id, question_id, benchmark, correct, sentence (from 1), text (its beginning).
    """
    return reader.query(
        "SELECT trace_id, question_id, benchmark, correct, sentence_index + 1 AS sentence, "
        f"substr(response, char_start + 1, least(char_end - char_start, {_TEXT:d})) AS text "
        "FROM (SELECT unnest($1::INTEGER[]) AS trace_no, unnest($2::INTEGER[]) AS sentence_index, "
        "unnest(range(len($1::INTEGER[]))) AS number) AS wanted "
        f"JOIN (SELECT * FROM sentences WHERE run_no = {run.run_no:d} AND trace_no IN (SELECT unnest($1::INTEGER[]))) "
        "USING (trace_no, sentence_index) "
        f"JOIN (SELECT * FROM traces WHERE run_no = {run.run_no:d} AND trace_no IN (SELECT unnest($1::INTEGER[]))) "
        "USING (trace_no) ORDER BY number",
        [list(map(int, trace_nos)), list(map(int, indices))],
    )
