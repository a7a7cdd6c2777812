"""What a run holds: whether it is finished, counts for the overview, and the list of traces that filters work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.arrays import SmallInts
from rdpt_core.errors import UsageError
from rdpt_core.records import UnscoredReason
from rdpt_core.records.stated import words_of
from rdpt_core.store.reader import Companion, Reader, RoleProgress, Run

GRADES = ("correct", "incorrect", "not graded")
GRADE_SQL = f"CASE WHEN correct THEN '{GRADES[0]}' WHEN NOT correct THEN '{GRADES[1]}' ELSE '{GRADES[2]}' END"

_SHOWN_CHARS = 40
QUESTION_PART = 1000
"""How many characters of a question the list of traces holds, to show and to search."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """How far a run has come that is not finished.

    Attributes:
        hint: which command goes on with it.
    """

    n_traces_scored: int
    n_traces: int
    hint: str

    def __str__(self) -> str:
        return f"{self.n_traces_scored:,} of {self.n_traces:,} traces; the run is not finished"


def unfinished(reader: Reader, run: Run) -> Unfinished | None:
    """What is to be said of a run that is not finished; None for a finished one."""
    if run.is_finished:
        return None
    source = resplit_source(reader, run)
    hint = (
        "The same `score` command goes on with it."
        if source is None
        else f"`rdpt resplit --db FILE --run {source.run_id} --splitter {run.splitter}` goes on with it."
    )
    return Unfinished(reader.count_scored_traces(run), run.n_traces, hint)


def resplit_source(reader: Reader, run: Run) -> Run | None:
    """The newest finished run of the file from which `resplit` makes this one; None if there is none."""
    sources = [other for other in reader.runs() if other.is_finished and run.differs_in_splitter_only(other)]
    return sources[-1] if sources else None


def finished_run(reader: Reader, key: str | None) -> Run:
    """The run of that id or name, or the one that is meant where none is named, for what needs the whole of it.

    Raises:
        UsageError: there is no such run, or it is not finished.
    """
    run = reader.run(key)
    missing = unfinished(reader, run)
    if missing is not None:
        raise UsageError(
            "this run is not finished",
            where=f"run {run.run_id}",
            expected="a finished run",
            got=f"{missing.n_traces_scored:,} of {missing.n_traces:,} traces",
            hint=missing.hint,
        )
    return run


def first_tokens(of: Run | Companion) -> dict[str, str]:
    """What the prompts of each role, or of a companion, begin with: a token and its id, or that they differ. A role is
    missing that has no prompts of ours, or was scored by a version that did not store it."""
    return {role: _first_token(entry) for role, entry in _told(of, "prompts").items()}


def _told(of: Run | Companion, what: str) -> dict[str, dict[str, Any]]:
    """Role → what the last process that worked on it tells of it."""
    environment = of.environment if isinstance(of, Run) else of.state.environment
    stored = environment[-1].get(what) if environment else None
    entries = stored if isinstance(stored, dict) else {}
    roles = of.roles if isinstance(of, Run) else (of.role,)
    return {role: entries[role] for role in roles if isinstance(entries.get(role), dict)}


def _first_token(entry: dict[str, Any]) -> str:
    token, number = entry.get("first_token"), entry.get("first_id")
    if not isinstance(token, str) or not isinstance(number, int):
        return "differs by trace"
    return f"{token[:_SHOWN_CHARS]!r} ({number})"


def recorded_as(of: Run | Companion) -> dict[str, str]:
    """How the numbers of each recorded role, or of a companion, came about, as its records say, and what was undone or
    trusted. A role is missing that was asked, or was scored by a version that did not store it."""
    return {role: _recorded_as(entry) for role, entry in _told(of, "recorded").items()}


def _recorded_as(entry: dict[str, Any]) -> str:
    stated = words_of(entry.get("stated"))
    told = [f"recorded with {stated} (as its records say)" if stated else "recorded; its records do not say how"]
    temperature, n_left, trusted = entry.get("temperature"), entry.get("n_left"), entry.get("trusted")
    if isinstance(temperature, int | float):
        told.append(
            "the user says that the logprobs are the model's own"
            if temperature == 1
            else f"temperature {temperature:g} undone"
        )
    if isinstance(n_left, int) and n_left:
        told.append(f"{n_left:,} tokens left without a logprob")
    if isinstance(trusted, list) and trusted:
        told.append(f"trusted, though {'; '.join(map(str, trusted))}")
    return "; ".join(told)


@dataclass(frozen=True, slots=True)
class BenchmarkCounts:
    """Counts of one benchmark. `n_scored_traces` have sentences; `n_graded` have a known correctness; marks of format
    are no sentences."""

    benchmark: str
    n_questions: int
    n_traces: int
    n_scored_traces: int
    n_sentences: int
    n_marks: int
    n_unscored: int
    n_graded: int
    n_correct: int


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that the overview counts.

    Attributes:
        unscored: sentences without a probability, by reason.
        over_context: per role whose context was too short for some trace, the number of such traces.
        progress: per role, how many traces are scored and how many tokens straddle two sentences.
    """

    benchmarks: tuple[BenchmarkCounts, ...]
    n_questions: int
    unscored: dict[str, int]
    over_context: dict[str, int]
    progress: tuple[RoleProgress, ...]

    @property
    def n_traces(self) -> int:
        """Traces of the run, scored or not."""
        return sum(row.n_traces for row in self.benchmarks)

    @property
    def n_scored_traces(self) -> int:
        """Traces whose sentences are scored by every role."""
        return sum(row.n_scored_traces for row in self.benchmarks)

    @property
    def n_sentences(self) -> int:
        """Sentences of the scored traces."""
        return sum(row.n_sentences for row in self.benchmarks)

    @property
    def n_marks(self) -> int:
        """Marks of format between them."""
        return sum(row.n_marks for row in self.benchmarks)

    @property
    def n_unscored(self) -> int:
        """Sentences of the scored traces that have no probability under some role."""
        return sum(self.unscored.values())


def load_catalog(reader: Reader, run: Run) -> Catalog:
    """Count a run."""
    rows = reader.query(
        "WITH counted AS (SELECT trace_no, count(*) FILTER (NOT is_mark) AS n, count(*) FILTER (is_mark) AS n_marks, "
        "count(unscored_reason) FILTER (NOT is_mark) AS n_unscored "
        "FROM sentences WHERE run_no = $1 GROUP BY trace_no) "
        "SELECT benchmark, count(DISTINCT question_id) AS n_questions, count(*) AS n_traces, "
        "count(counted.trace_no) AS n_scored_traces, coalesce(sum(n), 0)::BIGINT AS n_sentences, "
        "coalesce(sum(n_marks), 0)::BIGINT AS n_marks, "
        "coalesce(sum(n_unscored), 0)::BIGINT AS n_unscored, count(correct) AS n_graded, "
        "count(*) FILTER (correct) AS n_correct "
        "FROM traces LEFT JOIN counted USING (trace_no) WHERE traces.run_no = $1 GROUP BY benchmark ORDER BY benchmark",
        [run.run_no],
    ).to_pylist()
    unscored = reader.query(
        "SELECT unscored_reason AS reason, count(*) AS n FROM sentences "
        "WHERE run_no = ? AND unscored_reason IS NOT NULL AND NOT is_mark GROUP BY ALL ORDER BY n DESC, reason",
        [run.run_no],
    ).to_pylist()
    over = reader.query(
        "SELECT role, count(*) AS n FROM tokens WHERE run_no = ? AND unscored_reason = ? GROUP BY role",
        [run.run_no, str(UnscoredReason.CONTEXT_LENGTH)],
    ).to_pylist()
    n_over = {row["role"]: row["n"] for row in over}
    return Catalog(
        benchmarks=tuple(BenchmarkCounts(**row) for row in rows),
        n_questions=sum(row["n_questions"] for row in rows),
        unscored={row["reason"]: row["n"] for row in unscored},
        over_context={role: n_over[role] for role in run.roles if role in n_over},
        progress=reader.progress(run),
    )


def companion_progress(reader: Reader, run: Run) -> dict[str, int]:
    """Key → traces that a companion has scored so far; all of a finished one."""
    rows = reader.query(
        f"SELECT role, count(*) AS n FROM {reader.stored('tokens')} WHERE run_no = ? GROUP BY role", [run.run_no]
    ).to_pylist()
    scored = {row["role"]: int(row["n"]) for row in rows}
    return {
        companion.role: run.n_traces if companion.is_finished else scored.get(companion.role, 0)
        for companion in run.companions
    }


def load_trace_list(reader: Reader, run: Run) -> pa.Table:
    """One row a trace, in trace order.

    Columns: trace_no, trace_id, question_id, benchmark, domain, model, sample, correct, grade, n_sentences (without
    marks of format), question (the beginning of the last message, or of the prompt; NULL if there is neither).
    """
    return reader.query(
        "WITH marks AS (SELECT trace_no, count(*) AS n_marks "
        "FROM sentences WHERE run_no = $1 AND is_mark GROUP BY trace_no) "
        "SELECT trace_no, trace_id, question_id, benchmark, domain, model, sample, correct, "
        f"{GRADE_SQL} AS grade, "
        "(n_sentences - coalesce(n_marks, 0))::INTEGER AS n_sentences, left(coalesce(CASE WHEN json_valid(messages) "
        f"THEN json_extract_string(messages, '$[#-1].content') END, prompt), {QUESTION_PART:d}) AS question "
        "FROM traces LEFT JOIN marks USING (trace_no) WHERE run_no = $1 ORDER BY trace_no",
        [run.run_no],
    )


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which traces to list. None or an empty text lets everything through."""

    benchmark: str | None = None
    domain: str | None = None
    grade: str | None = None
    text: str = ""
    label: str | None = None
    training_class: str | None = None


def filter_traces(traces: pa.Table, chosen: TraceFilter, holding: SmallInts | None = None) -> pa.Table:
    """The rows of `traces` that fit.

    Args:
        traces: as `load_trace_list` gives it.
        chosen: `text` is looked for in ids and beginnings of questions, without regard to case.
        holding: numbers of the traces that hold a sentence labelled `chosen.label` and of the class
            `chosen.training_class`; needed if one of them is set.
    """
    for column, value in (("benchmark", chosen.benchmark), ("domain", chosen.domain), ("grade", chosen.grade)):
        if value is not None:
            traces = traces.filter(pc.equal(traces.column(column), pa.scalar(value, pa.string())))
    if chosen.text.strip():
        matches = [
            pc.fill_null(pc.match_substring(traces.column(name), chosen.text.strip(), ignore_case=True), False)
            for name in ("question_id", "question")
        ]
        traces = traces.filter(pc.or_(*matches))
    if (chosen.label, chosen.training_class) != (None, None) and holding is not None:
        traces = traces.filter(pc.is_in(traces.column("trace_no"), value_set=pa.array(holding)))
    return traces


def distinct(table: pa.Table, column: str) -> Sequence[str]:
    """The values of a column that are not missing, sorted."""
    return sorted(value for value in pc.unique(table.column(column)).to_pylist() if value is not None)
