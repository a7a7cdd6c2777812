"""The sentences at either end of the gap, the most boosted ones, and traces as strips of gaps."""

from __future__ import annotations

import enum

import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule, labels_sql, writing_role
from rdpt_core.analysis.run.gaps.gap_plane import PlaneCell, coordinates_sql
from rdpt_core.analysis.schemes import BEFORE_TRAINING, TRIPLE, WITHOUT_TEACHER, scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.records import Direction
from rdpt_core.store.reader import Reader, Run

N_RANKED = 200
"""Rows of a ranked table."""

STRIP_ROWS = 40
"""Traces that a strip shows at once."""

STRIP_COLUMNS = 150
"""Sentences of a trace that a strip shows."""

_TEXT_CHARS = 400


class Order(enum.StrEnum):
    """What a ranking begins with."""

    TEACHER = "teacher-like"
    STUDENT = "student-like"
    BOOSTED = "boosted"
    LOWERED = "lowered"
    GAINED = "gained"
    LOST = "lost"


_ORDERS = {
    TRIPLE: (Order.TEACHER, Order.STUDENT, Order.BOOSTED, Order.LOWERED),
    BEFORE_TRAINING: (Order.TEACHER, Order.STUDENT),
    WITHOUT_TEACHER: (Order.GAINED, Order.LOST),
}


def orders(run: Run) -> tuple[Order, ...]:
    """The rankings that a run can have; the first two begin at either end of the gap that β judges."""
    return _ORDERS[scheme_of(run.roles)]


# What to sort by, largest first, and which sentences take part.
_SORTED_BY = {
    **dict.fromkeys((Order.TEACHER, Order.GAINED), ("gap", "TRUE")),
    **dict.fromkeys((Order.STUDENT, Order.LOST), ("-gap", "TRUE")),
    Order.BOOSTED: ("-greatest(d_sd, d_td)", f"direction = '{Direction.UP}'"),
    Order.LOWERED: ("least(d_sd, d_td)", f"direction = '{Direction.DOWN}'"),
}


def load_ranked(
    reader: Reader, run: Run, rule: LabelRule, scope: Scope, order: Order, min_tokens: int, cell: PlaneCell | None
) -> pa.Table:
    """At most `N_RANKED` sentences, the most extreme first.

    Columns: by (what they are sorted by, in the rule's own space: probabilities, or nats), text (cut), label,
    direction, margin, p per role, n_tokens, benchmark, question_id, trace_id, sentence (from 1).

    Args:
        order: boosted sentences are sorted by how far p_distilled lies above both others, lowered ones by how far
            below.
        min_tokens: sentences with fewer tokens of the writing role are left out.
        cell: only sentences in this part of the plane.
    """
    source, parameters = scope.sentences(run.run_no, rule)
    by, condition = _SORTED_BY[order]
    if cell is not None:
        x, y = coordinates_sql(rule, cell.space, run.roles)
        inside = (
            f"{axis} >= ({low!r})::DOUBLE AND {axis} < ({high!r})::DOUBLE"
            for axis, low, high in ((x, cell.x_low, cell.x_high), (y, cell.y_low, cell.y_high))
        )
        condition = f"{condition} AND {' AND '.join(inside)}"
    n_tokens = f"n_tokens_{writing_role(run.roles)}"
    probabilities = ", ".join(f"s.p_{role}" for role in run.roles)
    # First only what decides the order: the other columns are computed for the few that are left.
    best = (
        f'SELECT trace_no, sentence_index, {by} AS "by" FROM ({labels_sql(rule, run.roles, source)}) '
        f"WHERE label IS NOT NULL AND {condition} AND {n_tokens} >= {min_tokens:d} "
        f'ORDER BY "by" DESC, trace_no, sentence_index LIMIT {N_RANKED}'
    )
    of_best = sentences_sql(run.run_no, rule, "trace_no IN (SELECT trace_no FROM best)")
    return reader.query(
        f"WITH best AS MATERIALIZED ({best}) "
        "SELECT best.by, substring(t.response, s.char_start + 1, "
        f"least(s.char_end - s.char_start, {_TEXT_CHARS})) AS text, s.label, s.direction, s.margin, {probabilities}, "
        f"s.{n_tokens} AS n_tokens, t.benchmark, t.question_id, t.trace_id, s.sentence_index + 1 AS sentence "
        f"FROM best JOIN ({labels_sql(rule, run.roles, of_best)}) AS s USING (trace_no, sentence_index) "
        "JOIN traces AS t USING (run_no, trace_no) ORDER BY best.by DESC, s.trace_no, s.sentence_index",
        parameters,
    )


def load_trace_order(reader: Reader, run: Run, rule: LabelRule, scope: Scope) -> pa.Table:
    """Traces with a scored sentence, those with the largest mean gap first.

    Columns: trace_no, trace_id, question_id, benchmark, correct, mean (gap of its scored sentences), n_sentences.
    """
    source, parameters = scope.sentences(run.run_no, rule)
    x, _ = coordinates_sql(rule, rule.space, run.roles)
    return reader.query(
        f"WITH means AS (SELECT trace_no, avg({x}) AS mean, count({x}) AS n_sentences FROM {source} "
        "GROUP BY trace_no HAVING n_sentences > 0) "
        "SELECT trace_no, trace_id, question_id, benchmark, correct, mean, means.n_sentences "
        "FROM means JOIN traces USING (trace_no) WHERE run_no = ? ORDER BY mean DESC, trace_no",
        [*parameters, run.run_no],
    )


def load_strip(reader: Reader, run: Run, rule: LabelRule, trace_nos: tuple[int, ...]) -> pa.Table:
    """The first `STRIP_COLUMNS` sentences of some traces: trace_no, sentence_index, x (the gap; NULL if unscored)."""
    numbers = ", ".join(f"{number:d}" for number in trace_nos) or "NULL"
    source = sentences_sql(run.run_no, rule, f"trace_no IN ({numbers}) AND sentence_index < {STRIP_COLUMNS}")
    labels = labels_sql(rule, run.roles, source)
    return reader.query(
        f"SELECT trace_no, sentence_index, gap::FLOAT AS x FROM ({labels}) ORDER BY trace_no, sentence_index"
    )


def trace_id_of(reader: Reader, run: Run, trace_no: int) -> str:
    """The id of a trace of this run."""
    (row,) = reader.query(
        "SELECT trace_id FROM traces WHERE run_no = ? AND trace_no = ?", [run.run_no, trace_no]
    ).to_pylist()
    trace_id: str = row["trace_id"]
    return trace_id
