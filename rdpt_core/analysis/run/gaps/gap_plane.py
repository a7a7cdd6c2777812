"""The plane of gaps: every sentence as a point, how far above the student the other models are.

    x = v_teacher − v_student        y = v_distilled − v_student

In ratio space these are log-ratios in nats. In the rule's own space its label regions are exact polygons here, because
every gap is a difference of the two coordinates: d_ts = x, d_sd = −y, d_td = x − y. In the other space they are not
even functions of (x, y), so none may be drawn. With two roles x is the gap between them, and y the student's own value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule, Space, labels_sql, value_sql
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Direction, Label, Role
from rdpt_core.store.reader import Reader, Run

MAX_POINTS = 100_000
"""Above this many sentences the plane shows counts of cells instead of points."""

N_CELLS = 64
"""Cells along either axis."""

# The frame leaves out this part of the sentences at either end of either axis, for the sake of all others.
_TAIL = 0.001
# At least so many sentences, drawn from all, decide where it ends: no eye needs exact quantiles of ten millions.
_FRAME_SENTENCES = 500_000


@dataclass(frozen=True, slots=True)
class PlaneRange:
    """The rectangle that the plane shows, and how much there is to show.

    Attributes:
        x: lower and upper end.
        y: lower and upper end.
        n_sentences: scored sentences in scope, inside the rectangle or not.
        n_traces, n_questions: those of the scored sentences.
        n_unscored: sentences in scope without a place in the plane.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    n_sentences: int
    n_traces: int
    n_questions: int
    n_unscored: int

    @property
    def is_dense(self) -> bool:
        """Whether there are too many sentences to draw each."""
        return self.n_sentences > MAX_POINTS


@dataclass(frozen=True, slots=True)
class PlaneCell:
    """A rectangle of the plane of one space: x and y from `low` up to, but not including, `high`."""

    space: Space
    x_low: float
    x_high: float
    y_low: float
    y_high: float

    @property
    def ends(self) -> tuple[float, float, float, float]:
        """The four ends, in the order of the fields."""
        return self.x_low, self.x_high, self.y_low, self.y_high


def near_thresholds(frame: PlaneRange, rule: LabelRule, *, is_triple: bool) -> PlaneRange:
    """The part of the frame where labels turn: six times β to either side of 0."""
    most = 6 * max(rule.alpha, rule.beta) or 0.5
    return replace(frame, x=(-most, most), y=(-most, most) if is_triple else frame.y)


def cell_at(frame: PlaneRange, space: Space, ix: int, iy: int) -> PlaneCell:
    """The cell in column `ix` and row `iy` of the frame, counted from 0."""
    edges = [
        (low + (high - low) * index / N_CELLS, low + (high - low) * (index + 1) / N_CELLS)
        for (low, high), index in ((frame.x, ix), (frame.y, iy))
    ]
    return PlaneCell(space, *edges[0], *edges[1])


def coordinates_sql(rule: LabelRule, space: Space, roles: tuple[str, ...]) -> tuple[str, str]:
    """SQL for x and y over the columns of `sentences`, in the rule's unit and the given space; nats in ratio space."""
    space_rule, scheme = replace(rule, space=space), scheme_of(roles)
    value = {role: value_sql(role, space_rule, roles) for role in roles}
    x, student = f"({value[scheme.upper]} - {value[scheme.lower]})", value[Role.STUDENT]
    return x, f"({value[Role.DISTILLED]} - {student})" if scheme.is_triple else f"({student})"


def _points_sql(run: Run, rule: LabelRule, space: Space, scope: Scope, columns: str) -> tuple[str, list[Any]]:
    """A query for `columns` and x, y of every sentence that has a place in the plane; no labels."""
    source, parameters = scope.sentences(run.run_no, rule)
    x, y = coordinates_sql(rule, space, run.roles)
    return f"SELECT {columns}, {x} AS x, {y} AS y FROM {source}", parameters


def _labelled_sql(run: Run, rule: LabelRule, space: Space, scope: Scope) -> tuple[str, list[Any]]:
    """All columns of `labels_sql` with x, y and `kind`: the label, or `Boosted-down`; scored sentences only."""
    source, parameters = scope.sentences(run.run_no, rule)
    x, y = coordinates_sql(rule, space, run.roles)
    kind = f"CASE WHEN direction = '{Direction.DOWN}' THEN '{Label.BOOSTED}-down' ELSE label END"
    labels = labels_sql(rule, run.roles, source)
    return f"SELECT *, {x} AS x, {y} AS y, {kind} AS kind FROM ({labels}) WHERE label IS NOT NULL", parameters


def load_range(reader: Reader, run: Run, rule: LabelRule, space: Space, scope: Scope) -> PlaneRange | None:
    """The frame of what is in scope; None if nothing there is scored. Thresholds play no part."""
    points, parameters = _points_sql(run, rule, space, scope, "trace_no, sentence_index")
    query = f"SELECT *, x IS NOT NULL AND y IS NOT NULL AS is_scored FROM ({points})"
    (counts,) = reader.query(
        "WITH counted AS (SELECT trace_no, count(*) FILTER (is_scored) AS n, count(*) AS n_all "
        f"FROM ({query}) GROUP BY trace_no) "
        "SELECT coalesce(sum(n), 0)::BIGINT AS n_sentences, coalesce(sum(n_all - n), 0)::BIGINT AS n_unscored, "
        "count(*) FILTER (n > 0) AS n_traces, count(DISTINCT (benchmark, question_id)) FILTER (n > 0) AS n_questions "
        "FROM counted JOIN traces USING (trace_no) WHERE run_no = ?",
        [*parameters, run.run_no],
    ).to_pylist()
    if not counts["n_sentences"]:
        return None
    n_per_drawn = max(1, counts["n_sentences"] // _FRAME_SENTENCES)
    ends = ", ".join(f"quantile_cont({axis}, [{_TAIL}, {1 - _TAIL}]) AS {axis}" for axis in ("x", "y"))
    (quantiles,) = reader.query(
        f"SELECT {ends} FROM ({query}) WHERE is_scored AND hash(trace_no, sentence_index) % {n_per_drawn} = 0",
        parameters,
    ).to_pylist()
    y_is_gap = scheme_of(run.roles).is_triple
    x, y = _padded(quantiles["x"], with_zero=True), _padded(quantiles["y"], with_zero=y_is_gap)
    return PlaneRange(x, y, **counts)


def _padded(ends: Sequence[float], *, with_zero: bool) -> tuple[float, float]:
    low, high = (min(ends[0], 0.0), max(ends[1], 0.0)) if with_zero else (ends[0], ends[1])
    room = 0.04 * (high - low) or 0.5
    return low - room, high + room


def load_points(reader: Reader, run: Run, rule: LabelRule, space: Space, scope: Scope) -> pa.Table:
    """Every scored sentence in scope: trace_no, sentence_index, x, y (single precision, for the eye), kind."""
    query, parameters = _labelled_sql(run, rule, space, scope)
    return reader.query(
        f"SELECT trace_no, sentence_index, x::FLOAT AS x, y::FLOAT AS y, kind FROM ({query}) "
        "ORDER BY trace_no, sentence_index",
        parameters,
    )


def load_cells(reader: Reader, run: Run, rule: LabelRule, space: Space, scope: Scope, frame: PlaneRange) -> pa.Table:
    """Counts of every cell and kind (label, or `Boosted-down`) that occur: ix, iy, kind, n.

    Columns and rows count from 0; -1 and `N_CELLS` stand for what lies outside the frame.
    """
    query, parameters = _labelled_sql(run, rule, space, scope)
    indices = ", ".join(
        f"greatest(-1, least({N_CELLS}, floor({_position_sql(axis, ends)} * {N_CELLS})))::INTEGER AS i{axis}"
        for axis, ends in (("x", frame.x), ("y", frame.y))
    )
    return reader.query(
        f"SELECT ix, iy, kind, count(*) AS n FROM (SELECT {indices}, kind FROM ({query})) GROUP BY ALL ORDER BY ALL",
        parameters,
    )


def _position_sql(axis: str, ends: tuple[float, float]) -> str:
    """SQL for how far along an axis of the frame a sentence lies: 0 at the lower end, 1 at the upper."""
    low, high = ends
    return f"(({axis} - ({low!r})::DOUBLE) / ({high - low!r})::DOUBLE)"
