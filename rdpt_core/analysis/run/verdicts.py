"""Where the verdicts of a run come from, and where a source and our grade differ.

Whether an answer is correct was either said by the source of the traces or decided by the import. If the import was
asked to check the source's verdicts, both are known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.questions import load_numbers
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import ShareIntervals, bootstrap_shares
from rdpt_core.store.reader import Reader, Run

Kind = Literal["source", "own", "none"]

Dispute = Literal["disputed", "only the source says correct", "only the source says incorrect", "no grade of ours"]
DISPUTES: tuple[Dispute, ...] = get_args(Dispute)
"""Which checked verdicts are listed."""

LIMIT = 500
"""How many traces are listed; the count says how many there are."""

_QUESTION_CHARS = 300
_ANSWER_CHARS = 300

# Our grade that stands beside a verdict of the source has a `correct` of its own, which may be null.
_KIND = (
    "CASE WHEN correct IS NULL THEN 'none' "
    "WHEN json_type(m, '$.grading') = 'OBJECT' AND json_type(m, '$.grading.correct') IS NULL THEN 'own' "
    "ELSE 'source' END"
)
_IS_CHECKED = "correct IS NOT NULL AND coalesce(json_type(m, '$.grading.correct') IN ('BOOLEAN', 'NULL'), FALSE)"
_OWN = "CASE json_extract_string(m, '$.grading.correct') WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
_METHOD = "left(json_extract_string(m, '$.grading.method'), 60)"
# What the source says in place of a verdict, without the value: `scores.match = P (part mark)`.
_WITHHELD = "split_part(left(json_extract_string(m, '$.import.verdict'), 200), ' = ', 1)"
_NAME = (
    f"CASE {_KIND} WHEN 'source' THEN left(json_extract_string(m, '$.import.verdict'), 60) "
    f"WHEN 'own' THEN {_METHOD} ELSE CASE WHEN {_WITHHELD} IS NOT NULL THEN 'the source says neither: ' || {_WITHHELD} "
    "WHEN gold IS NULL THEN 'no reference answer' "
    f"WHEN {_METHOD} IS NULL THEN 'not graded' ELSE 'no grade could be reached: ' || {_METHOD} END END"
)
_WANTED: dict[Dispute, str] = {
    "disputed": "own <> correct",
    "only the source says correct": "correct AND NOT own",
    "only the source says incorrect": "NOT correct AND own",
    "no grade of ours": "own IS NULL",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Verdicts that came about in one way.

    Attributes:
        kind: said by the source, our grade, or no verdict.
        name: the source's field, the method, or why there is none; None if the trace's line says no more.
    """

    kind: Kind
    name: str | None
    n_traces: int
    n_questions: int


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """What is known of the verdicts of the traces in scope.

    Attributes:
        origins: how they came about, frequent ones first within each kind.
        n_checked: verdicts of the source for which our grade was looked for, by source (True, False) and our grade
            (True, False, None).
        questions: the same in questions.
        agreement: shares of agreement and dispute among those with our grade, every question weighing the same.
    """

    origins: tuple[Origin, ...]
    n_checked: dict[tuple[bool, bool | None], int]
    questions: dict[tuple[bool, bool | None], int]
    agreement: ShareIntervals

    @property
    def n_disputed(self) -> int:
        """Verdicts from which our grade differs."""
        return self.n_checked.get((True, False), 0) + self.n_checked.get((False, True), 0)

    def n_of(self, kind: Kind) -> int:
        """Traces whose verdict is of a kind."""
        return sum(origin.n_traces for origin in self.origins if origin.kind == kind)


def _traces(run: Run, scope: Scope) -> tuple[str, list[object]]:
    """SQL of the traces in scope, with `m` as their `meta` where that is JSON, and its parameters."""
    condition, parameters = scope.where("t")
    return (
        "(SELECT *, CASE WHEN json_valid(meta) THEN meta::JSON END AS m FROM traces AS t "
        f"WHERE run_no = {run.run_no:d} AND {condition})",
        parameters,
    )


def load_verdicts(reader: Reader, run: Run, scope: Scope) -> Verdicts:
    """Count where the verdicts of the traces in scope come from, and how far checked ones are disputed."""
    source, parameters = _traces(run, scope)
    rows = reader.query(
        f"SELECT benchmark, question_id, {_KIND} AS kind, {_NAME} AS name, correct, {_IS_CHECKED} AS is_checked, "
        f"{_OWN} AS own, count(*)::BIGINT AS n FROM {source} GROUP BY ALL ORDER BY ALL",
        parameters,
    ).to_pylist()
    numbers = load_numbers(reader, run)
    n_traces: Counter[tuple[Kind, str | None]] = Counter()
    questions: defaultdict[tuple[Kind, str | None], set[int]] = defaultdict(set)
    n_checked: Counter[tuple[bool, bool | None]] = Counter()
    checked_questions: defaultdict[tuple[bool, bool | None], set[int]] = defaultdict(set)
    counts: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        number, origin = numbers[row["benchmark"], row["question_id"]], (row["kind"], row["name"])
        n_traces[origin] += row["n"]
        questions[origin].add(number)
        if row["is_checked"]:
            cell = (row["correct"], row["own"])
            n_checked[cell] += row["n"]
            checked_questions[cell].add(number)
            if row["own"] is not None:
                counts[number][row["own"] is not row["correct"]] += row["n"]
    order = {"source": 0, "own": 1, "none": 2}
    origins = (Origin(kind, name, n, len(questions[kind, name])) for (kind, name), n in n_traces.items())
    table = np.array(list(counts.values()), np.int64).reshape(-1, 2)
    return Verdicts(
        tuple(sorted(origins, key=lambda item: (order[item.kind], -item.n_traces, item.name or ""))),
        dict(n_checked),
        {cell: len(members) for cell, members in checked_questions.items()},
        bootstrap_shares(table, np.arange(len(table)), average="questions"),
    )


def load_disputed(reader: Reader, run: Run, scope: Scope, dispute: Dispute) -> pa.Table:
    """The first `LIMIT` traces whose checked verdict is of a kind, by benchmark and question.

    Columns: trace_id, benchmark, question (its beginning), gold, extracted, source and own (`correct`, `incorrect`, own
    NULL for none), field, method, reason.
    """
    source, parameters = _traces(run, scope)
    return reader.query(
        f"WITH checked AS (SELECT *, {_OWN} AS own FROM {source} WHERE {_IS_CHECKED}) "
        "SELECT trace_id, benchmark, left(coalesce(CASE WHEN json_valid(messages) "
        f"THEN json_extract_string(messages, '$[#-1].content') END, prompt), {_QUESTION_CHARS:d}) AS question, "
        f"left(gold, {_ANSWER_CHARS:d}) AS gold, "
        f"left(json_extract_string(m, '$.grading.extracted'), {_ANSWER_CHARS:d}) AS extracted, "
        "CASE WHEN correct THEN 'correct' ELSE 'incorrect' END AS source, "
        "CASE WHEN own THEN 'correct' WHEN NOT own THEN 'incorrect' END AS own, "
        f"left(json_extract_string(m, '$.import.verdict'), 60) AS field, {_METHOD} AS method, "
        f"left(json_extract_string(m, '$.grading.reason'), {_ANSWER_CHARS:d}) AS reason FROM checked "
        f"WHERE {_WANTED[dispute]} ORDER BY benchmark, question_id, sample, trace_no LIMIT {LIMIT:d}",
        parameters,
    )
