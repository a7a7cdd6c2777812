"""The sentences that changed most between two times of a training, and those behind a number of its page."""

from __future__ import annotations

import enum
from typing import NamedTuple

import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule, writing_role
from rdpt_core.analysis.run.training.paths import codes_sql
from rdpt_core.analysis.run.training.points import Point
from rdpt_core.analysis.schemes import WITHOUT_TEACHER, Scheme
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import Reader, Run

N_CHANGED = 200
"""Rows of the table."""

_TEXT_CHARS = 400


class Change(enum.StrEnum):
    """Which changes are listed."""

    EITHER = "either way"
    UP = "likelier"
    DOWN = "less likely"


_SORTED_BY = {Change.EITHER: "abs(change)", Change.UP: "change", Change.DOWN: "-change"}


def load_changed(
    reader: Reader,
    run: Run,
    rule: LabelRule,
    scope: Scope,
    points: tuple[Point, ...],
    first: int,
    last: int,
    change: Change,
    min_tokens: int,
) -> pa.Table:
    """At most `N_CHANGED` sentences, those that changed most from one time to another.

    Columns: change (in the rule's own space: probabilities, or nats), text (cut), v_0 … (the value at every time),
    path (the labels against the student at every time, as a list of codes), n_tokens, benchmark, question_id, trace_id,
    sentence (from 1).

    Args:
        first, last: indices of the two times in `points`.
        min_tokens: sentences with fewer tokens of the writing role are left out.
    """
    source, parameters = scope.sentences(run.run_no, rule)
    n_tokens = f"n_tokens_{writing_role(run.roles)}"
    codes = ", ".join(f"c_{k}" for k in range(len(points)))
    values = ", ".join(f"s.v_{k}" for k in range(len(points)))
    labelled = codes_sql(rule, WITHOUT_TEACHER, points, source)
    best = (
        f"SELECT *, v_{last} - v_{first} AS change FROM ({labelled}) "
        f"WHERE change IS NOT NULL AND change <> 0 AND {n_tokens} >= {min_tokens:d} {_condition(change)} "
        f"ORDER BY {_SORTED_BY[change]} DESC, trace_no, sentence_index LIMIT {N_CHANGED}"
    )
    return reader.query(
        f"WITH best AS MATERIALIZED ({best}) "
        f"SELECT s.change, substring(t.response, s.char_start + 1, least(s.char_end - s.char_start, {_TEXT_CHARS})) "
        f"AS text, {values}, [{codes}] AS path, s.{n_tokens} AS n_tokens, t.benchmark, t.question_id, t.trace_id, "
        "s.sentence_index + 1 AS sentence FROM best AS s JOIN traces AS t USING (run_no, trace_no) "
        f"ORDER BY {_SORTED_BY[change]} DESC, s.trace_no, s.sentence_index",
        parameters,
    )


def _condition(change: Change) -> str:
    return "" if change is Change.EITHER else f"AND {_SORTED_BY[change]} > 0"


class Behind(NamedTuple):
    """What the sentences behind a number have in common: a label at a time, or since it and to the end.

    Attributes:
        code: of the label, counted from 1.
        point_no: index of the time.
        has_kept: whether they came to the label at that time and kept it; such a number counts only sentences that
            have a label at every time.
    """

    code: int
    point_no: int
    has_kept: bool


def load_behind(
    reader: Reader,
    run: Run,
    rule: LabelRule,
    scope: Scope,
    scheme: Scheme,
    points: tuple[Point, ...],
    behind: Behind,
    limit: int,
) -> tuple[int, int, tuple[int, ...], tuple[int, ...]]:
    """The sentences behind a number: how many there are, in how many traces, and of the first of these the numbers and
    the index of the first such sentence in each."""
    source, parameters = scope.sentences(run.run_no, rule)
    k = behind.point_no
    same = range(k, len(points)) if behind.has_kept else (k,)
    conditions = [f"c_{j} = {behind.code:d}" for j in same]
    if behind.has_kept:
        conditions += [f"c_{j} > 0" for j in range(k)] + ([f"c_{k - 1} <> {behind.code:d}"] if k else [])
    table = reader.query(
        "SELECT trace_no, min(sentence_index) AS sentence_index, count(*) AS n "
        f"FROM ({codes_sql(rule, scheme, points, source)}) WHERE {' AND '.join(conditions)} "
        "GROUP BY trace_no ORDER BY n DESC, trace_no",
        parameters,
    )
    listed = table.slice(0, limit)
    numbers, indices = (tuple(listed.column(name).to_pylist()) for name in ("trace_no", "sentence_index"))
    return sum(table.column("n").to_pylist()), table.num_rows, numbers, indices
