"""Each sentence's label at every time of a training, in one pass over the sentences.

At a time k the rule is applied with the model of that time in the place of D, as if it were the distilled one:

    against the student   v_k − v_S      Gained, Kept, Lost
    against the teacher   v_T, v_S, v_k  Teacher, Shared, Student, Boosted

By the second, whether a sentence is Teacher or Student follows from T and S alone, which training does not move; a time
decides only whether it is Shared, and so what is left for the others.

Labels are decided by the database, in double precision. The labels of a sentence at all times are one number, a path,
with three bits a time, and a trace has few different ones: so counting paths is enough for everything that follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rdpt_core.analysis.labels import LabelRule, cases_sql, value_of_columns_sql
from rdpt_core.analysis.run.training.points import Point
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Bools, Codes, Ints, SmallInts
from rdpt_core.records import Label, Role
from rdpt_core.store.companions import column
from rdpt_core.store.reader import Reader, Run

_BITS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """How often each path occurs in each trace.

    Shapes: n_rows, one for each trace and path.

    Attributes:
        points: the times.
        labels: in the order of the codes.
        trace_no: (n_rows,), ascending.
        codes: (n_rows, n_points), the label at each time, counted from 1; 0 where the sentence has none.
        n: (n_rows,), sentences.
    """

    points: tuple[Point, ...]
    labels: tuple[str, ...]
    trace_no: SmallInts
    codes: Codes
    n: Ints

    @property
    def is_whole(self) -> Bools:
        """(n_rows,), whether there is a label at every time."""
        return np.asarray((self.codes > 0).all(axis=1), dtype=np.bool_)


def load_paths(reader: Reader, run: Run, rule: LabelRule, scheme: Scheme, points: tuple[Point, ...]) -> Paths:
    """Count the paths of all scored traces of a run."""
    path = " + ".join(f"c_{k}::BIGINT * {1 << _BITS * k}::BIGINT" for k in range(len(points)))
    table = reader.query(
        f"SELECT trace_no, path, count(*)::BIGINT AS n FROM (SELECT trace_no, {path} AS path "
        f"FROM ({codes_sql(rule, scheme, points, sentences_sql(run.run_no, rule))})) GROUP BY ALL ORDER BY ALL"
    )
    packed = table.column("path").to_numpy()
    shifts = np.arange(len(points), dtype=np.int64) * _BITS
    codes = ((packed[:, None] >> shifts) & ((1 << _BITS) - 1)).astype(np.uint8)
    labels = tuple(map(str, scheme.labels))
    return Paths(points, labels, table.column("trace_no").to_numpy(), codes, table.column("n").to_numpy())


def codes_sql(rule: LabelRule, scheme: Scheme, points: Sequence[Point], source: str) -> str:
    """A query over `source` (rows like `sentences`) that adds, for each time k, `v_k`, the value of its model, and
    `c_k`, the code of its label."""
    values, codes = [], []
    for k, point in enumerate(points):
        names = {Role.TEACHER: f"t_{k}", Role.STUDENT: f"s_{k}", Role.DISTILLED: f"v_{k}"}
        for role, name in names.items():
            if role in scheme.roles:
                of = point.role if role is Role.DISTILLED else role
                values.append(f"{_value(rule, of, point)} AS {name}")
        codes.append(f"{_code(rule, scheme, names)} AS c_{k}")
    return f"SELECT *, {', '.join(codes)} FROM (SELECT *, {', '.join(values)} FROM {source})"


def _value(rule: LabelRule, role: str, point: Point) -> str:
    """SQL for a model's value at a time; the common tokens are those of the model of that time."""
    columns = (column(stem, role) for stem in ("p", "logprob_sum", "n_tokens"))
    return value_of_columns_sql(rule, *columns, common=column("n_tokens", point.role))


def _code(rule: LabelRule, scheme: Scheme, names: dict[Role, str]) -> str:
    gap = f"({names[scheme.upper]} - {names[scheme.lower]})"
    max_gap, missing = "NULL::DOUBLE", f"{gap} IS NULL"
    if scheme.is_triple:
        student, teacher = (f"({names[role]} - {names[Role.DISTILLED]})" for role in (Role.STUDENT, Role.TEACHER))
        max_gap = f"greatest(abs({gap}), abs({student}), abs({teacher}))"
        missing = f"{student} + {teacher} IS NULL"

    def number(label: Label) -> str:
        return str(scheme.labels.index(label) + 1)

    cases = cases_sql(rule, scheme, number, gap=gap, max_gap=max_gap)
    return f"(CASE WHEN {missing} THEN 0 {cases} END)::UTINYINT"


def counts_of(paths: Paths, rows: npt.NDArray[np.integer], k: int, n_traces: int) -> Ints:
    """(n_traces, n_labels), sentences of each label at time k.

    Args:
        rows: (n_rows,), which trace each row of the paths belongs to; -1 leaves it out.
    """
    width = len(paths.labels)
    kept = (rows >= 0) & (paths.codes[:, k] > 0)
    cell = rows[kept].astype(np.int64) * width + paths.codes[kept, k].astype(np.int64) - 1
    counts = np.bincount(cell, paths.n[kept], n_traces * width)
    return counts.reshape(n_traces, width).astype(np.int64)


def rows_in(paths: Paths, trace_no: SmallInts) -> Ints:
    """(n_rows,), the place of each row's trace among these, ascending ones; -1 if it is not among them."""
    if not len(trace_no):
        return np.full(len(paths.trace_no), -1, np.int64)
    place = np.minimum(np.searchsorted(trace_no, paths.trace_no), len(trace_no) - 1)
    found: Ints = np.where(trace_no[place] == paths.trace_no, place, -1).astype(np.int64)
    return found
