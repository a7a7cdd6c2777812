"""Two traces side by side: how they differ at each pair of sentences, and which traces are worth comparing."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.analysis.catalog import GRADES
from rdpt_core.analysis.labels import apply_rule
from rdpt_core.analysis.schemes import Scheme, common_scheme
from rdpt_core.analysis.trace.alignment import Alignment, align
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.records import Role
from rdpt_core.store.reader import Run


@dataclass(frozen=True, slots=True)
class TraceComparison:
    """What differs between two traces.

    Attributes:
        alignment: the sentences of both, side by side.
        gaps: for each row, how far apart the two sides are: the largest change of p_T − p_S, p_S − p_D or p_T − p_D
            (of the log-ratios, in nats, in ratio space), of those that both runs have. None where a side is missing.
        differing: the rows whose two sentences carry different labels, by `scheme`.
        scheme: what both are labelled by; None if their runs have too few roles in common, so that no labels differ.
    """

    alignment: Alignment
    gaps: tuple[float | None, ...]
    differing: tuple[int, ...]
    scheme: Scheme | None

    @property
    def by_gap(self) -> tuple[int, ...]:
        """The rows whose sides differ at all, the largest gap first."""
        rows = [(row, gap) for row, gap in enumerate(self.gaps) if gap]
        return tuple(row for row, _ in sorted(rows, key=lambda pair: (-pair[1], pair[0])))


def compare(left: TraceView, right: TraceView) -> TraceComparison:
    """What differs between two traces whose sentences carry the labels of one rule."""
    alignment = align(left.texts(), right.texts())
    scheme = common_scheme(left.roles, right.roles)
    columns = [(_differences(left, a, b), _differences(right, a, b)) for a, b in _PAIRS if _have(a, b, left, right)]
    labels = [_labels(view, scheme) for view in (left, right)]
    gaps: list[float | None] = []
    differing = []
    for index, row in enumerate(alignment.rows):
        if row.left is None or row.right is None:
            gaps.append(None)
            continue
        changes = [_change(ours[row.left], theirs[row.right]) for ours, theirs in columns]
        known = [change for change in changes if change is not None]
        gaps.append(max(known) if known else None)
        left_label, right_label = labels[0][row.left], labels[1][row.right]
        if left_label is not None and right_label is not None and left_label != right_label:
            differing.append(index)
    return TraceComparison(alignment, tuple(gaps), tuple(differing), scheme)


_PAIRS = ((Role.TEACHER, Role.STUDENT), (Role.STUDENT, Role.DISTILLED), (Role.TEACHER, Role.DISTILLED))


def _have(first: Role, second: Role, *views: TraceView) -> bool:
    return all(view.is_scored and {first, second} <= set(view.roles) for view in views)


def _differences(view: TraceView, first: Role, second: Role) -> list[float | None]:
    pairs = zip(view.column(f"v_{first}"), view.column(f"v_{second}"), strict=True)
    return [None if a is None or b is None else a - b for a, b in pairs]


def _change(ours: float | None, theirs: float | None) -> float | None:
    if ours is None or theirs is None or not math.isfinite(ours - theirs):
        return None
    return abs(ours - theirs)


def _labels(view: TraceView, scheme: Scheme | None) -> list[str | None]:
    """By the roles of the scheme alone; None where a sentence has no label, and everywhere without a scheme."""
    if not view.is_scored or scheme is None:
        return [None] * len(view.texts())
    own: list[str | None] = view.column("label")
    if view.roles == scheme.roles:
        return own
    values = {str(role): np.array(view.column(f"v_{role}"), np.float64) for role in scheme.roles}
    shared = apply_rule(view.rule.alpha, view.rule.beta, values).label.tolist()
    return [None if before is None else label for before, label in zip(own, shared, strict=True)]


class Kind(enum.StrEnum):
    """Why two traces are worth comparing."""

    OPPOSITE = "opposite"
    SAMPLE = "sample"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A trace to put beside the present one: `row` is its entry in the list of traces of `run`."""

    kind: Kind
    run: Run
    row: Mapping[str, Any]


def suggestions(
    run: Run, traces: pa.Table, trace_no: int, others: Sequence[tuple[Run, pa.Table]]
) -> tuple[Suggestion, ...]:
    """What goes well with a trace: first samples that ended the other way, then other samples, then other runs of it.

    Args:
        run: the run of the trace.
        traces: of `run`, as `load_trace_list` gives it.
        trace_no: the number of the trace in `run`.
        others: the other runs of the file, each with its list of traces.
    """
    rows = traces.to_pylist()
    present = next(row for row in rows if row["trace_no"] == trace_no)
    siblings = [row for row in rows if _question(row) == _question(present) and row["trace_no"] != trace_no]
    opposite = [row for row in siblings if _is_opposite(row, present)]
    suggested = [Suggestion(Kind.OPPOSITE, run, row) for row in opposite]
    suggested += [Suggestion(Kind.SAMPLE, run, row) for row in siblings if row not in opposite]
    for other_run, table in others:
        same = table.filter(pc.equal(table.column("trace_id"), present["trace_id"])).to_pylist()
        suggested += [Suggestion(Kind.RUN, other_run, row) for row in same]
    return tuple(suggested)


def _question(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["benchmark"], row["question_id"]


def _is_opposite(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    return {left["grade"], right["grade"]} == {GRADES[0], GRADES[1]}


def mixed_questions(traces: pa.Table) -> tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...]:
    """Of every question with both, its first correct and its first incorrect trace, in trace order.

    Args:
        traces: as `load_trace_list` gives it.
    """
    return tuple(_pairs(traces.to_pylist()))


def _pairs(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    first: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        first.setdefault(_question(row), {}).setdefault(row["grade"], row)
    for grades in first.values():
        if GRADES[0] in grades and GRADES[1] in grades:
            yield grades[GRADES[0]], grades[GRADES[1]]
