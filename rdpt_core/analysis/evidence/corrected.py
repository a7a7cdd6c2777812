"""Shares of the labels Teacher and Student, corrected by text whose writer is known.

`calibrate` lets student and teacher write responses of their own to questions of a run, and scores them as the run was
scored. What of the student's own text is labelled Teacher is labelled so in error, and what of the teacher's is not is
missed. If the run's text is a mixture of sentences like the one and sentences like the other, with a part π like the
teacher's, then (see `statistics.rogan_gladen`)

    share of Teacher in the run = (1 − π) · its share in the student's text + π · its share in the teacher's text

and the same with Student, whose corrected share is then 1 − π. Two numbers for one unknown: where they contradict each
other, the run's text is no such mixture. It may be none for three reasons. Sentences of a distilled model follow what
that model wrote, and not what teacher or student would have written before them. What neither of the two would write
is like neither. And the label knows only how likely a sentence is, so that π counts sentences that are *like* the
teacher's, whoever they were learned from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.questions import number_questions
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.group_shares import RunCounts
from rdpt_core.analysis.run.kept import Family
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import none_if_nan
from rdpt_core.analysis.statistics.resampling import MIN_QUESTIONS
from rdpt_core.analysis.statistics.rogan_gladen import CorrectedShare, rogan_gladen
from rdpt_core.arrays import Bools, Doubles, Ints
from rdpt_core.records import Label, Role
from rdpt_core.store.reader import Run

ALL = "all benchmarks"
"""The name of the row of everything in scope."""

WRITERS = {str(Label.TEACHER): (Role.STUDENT, Role.TEACHER), str(Label.STUDENT): (Role.TEACHER, Role.STUDENT)}
"""By label: whose text it is wrong in, and whose text it is right in."""

WRITTEN_BY = (str(Role.STUDENT), str(Role.TEACHER))
"""The writers whose text a correction takes."""

_KEPT = Family("corrected_shares", 12)


@dataclass(frozen=True, slots=True)
class CorrectedRow:
    """One label in one group of traces; `benchmark` is `ALL` for everything in scope."""

    benchmark: str
    label: str
    shares: CorrectedShare


def known_texts(runs: Iterable[Run], run: Run) -> dict[str, Run]:
    """Writer → the newest finished run of text that it wrote, scored as a run was; one without any is missing.

    Args:
        runs: all of the file as they were scored, oldest first.
        run: the one to correct, however it is seen.
    """
    runs = tuple(runs)
    own = next(other for other in runs if other.run_no == run.run_no)
    return {
        str(other.known_writer.role): other
        for other in runs
        if other.is_finished and other.known_writer is not None and other.calibrates(own)
    }


def can_be_corrected(run: Run) -> bool:
    """Whether a run has what known text would correct: both labels, under its own models, on text of another writer."""
    is_pair = {Role.TEACHER, Role.STUDENT} <= {Role(role) for role in run.roles}
    return is_pair and not run.seen_as and run.known_writer is None


def corrected_shares(
    data: RunData, texts: Mapping[str, RunData], rule: LabelRule, scope: Scope
) -> tuple[CorrectedRow, ...]:
    """Corrected shares of the labels Teacher and Student, of all in scope and of each benchmark with enough questions.

    Of the known texts, only what fits the scope counts, too; they have no grade, and a writer of their own.

    Args:
        texts: of both writers, as `known_texts` names their runs.

    Returns:
        For all in scope and then by benchmark, a row for each label.
    """

    def answer() -> tuple[CorrectedRow, ...]:
        same = Scope(benchmark=scope.benchmark, domain=scope.domain, difficulty=scope.difficulty, half=scope.half)
        counted = {role: text.counted_traces(role, rule, same) for role, text in texts.items()}
        return tabulate(data.counted_traces("run", rule, scope), counted, data.labels)

    # The run's own answers are kept for as long as it stays as it is, whatever is scored beside it.
    known = tuple((role, text.run.run_id, text.run.updated_at) for role, text in sorted(texts.items()))
    rows: tuple[CorrectedRow, ...] = data.keep(_KEPT, (*data.key, known, rule, scope), answer)
    return rows


def tabulate(run: RunCounts, texts: Mapping[str, RunCounts], labels: Sequence[str]) -> tuple[CorrectedRow, ...]:
    """The rows from counted traces.

    Args:
        texts: by writer.
        labels: of the columns of all counts.
    """
    counted = {"run": run, **texts}
    numbers = number_questions([names for one in counted.values() for names in one.traces.question_names])
    bounds = np.cumsum([one.traces.n_questions for one in counted.values()])[:-1]
    questions = dict(zip(counted, np.split(numbers, bounds), strict=True))
    n_questions = int(numbers.max(initial=-1)) + 1
    groups = {ALL: {name: np.ones(len(one.counts), bool) for name, one in counted.items()}}
    benchmarks = run.traces.names["benchmark"]
    if len(benchmarks) > 1:
        groups |= {name: {key: _of(one, name) for key, one in counted.items()} for name in benchmarks}
    rows = []
    for name, members in groups.items():
        if name != ALL and not all(_n_questions(counted[key], members[key]) >= MIN_QUESTIONS for key in counted):
            continue
        for label, (wrong, right) in WRITERS.items():
            samples = [
                _sums(counted[key], questions[key], members[key], labels.index(label), n_questions)
                for key in ("run", wrong, right)
            ]
            labelled, scored = (np.stack([sample[k] for sample in samples], axis=1) for k in range(2))
            rows.append(CorrectedRow(name, label, rogan_gladen(labelled, scored)))
    return tuple(rows)


def _of(counts: RunCounts, benchmark: str) -> Bools:
    """(n_traces,), whether each is of the benchmark."""
    names = counts.traces.names["benchmark"]
    number = names.index(benchmark) if benchmark in names else -1
    return np.asarray(counts.traces.codes["benchmark"] == number)


def _n_questions(counts: RunCounts, members: Bools) -> int:
    return len(np.unique(counts.traces.question[members & (counts.counts.sum(axis=1) > 0)]))


def _sums(counts: RunCounts, question: Ints, members: Bools, label: int, n_questions: int) -> tuple[Doubles, Doubles]:
    """(n_questions,) each: sentences with the label, and scored sentences, of every question."""
    number = question[counts.traces.question[members]] if members.any() else np.zeros(0, np.int64)
    rows = counts.counts[members]
    labelled, scored = (np.bincount(number, weight, n_questions) for weight in (rows[:, label], rows.sum(axis=1)))
    return np.asarray(labelled, np.float64), np.asarray(scored, np.float64)


def contradiction(rows: Sequence[CorrectedRow], benchmark: str = ALL) -> tuple[float, float] | None:
    """The corrected shares of Teacher and Student of a group, where both have intervals that no mixture fits: those of
    Teacher and of 1 − Student do not meet. None where they do, or where one has no interval."""
    found = {row.label: row.shares for row in rows if row.benchmark == benchmark}
    teacher, student = found.get(str(Label.TEACHER)), found.get(str(Label.STUDENT))
    if teacher is None or student is None or teacher.refused or student.refused:
        return None
    meets = teacher.low <= 1 - student.low and 1 - student.high <= teacher.high
    return None if meets else (teacher.share, student.share)


def corrected_table(rows: Sequence[CorrectedRow]) -> pa.Table:
    """One row a group and label; the corrected share and its interval are NULL where refused."""
    samples = ("run", "wrong_text", "right_text")
    records = [
        {
            "benchmark": row.benchmark,
            "label": row.label,
            "share_of_sentences": none_if_nan(row.shares.observed),
            "share_in_wrong_text": none_if_nan(row.shares.false_rate),
            "share_in_right_text": none_if_nan(row.shares.sensitivity),
            "wrong_writer": str(WRITERS[row.label][0]),
            "right_writer": str(WRITERS[row.label][1]),
            "corrected_share": none_if_nan(row.shares.share),
            "low": none_if_nan(row.shares.low),
            "high": none_if_nan(row.shares.high),
            **dict(zip((f"n_questions_{name}" for name in samples), row.shares.n_questions, strict=True)),
            **dict(zip((f"n_effective_{name}" for name in samples), row.shares.n_effective, strict=True)),
            **dict(zip((f"n_sentences_{name}" for name in samples), row.shares.n_counted, strict=True)),
            "no_interval_because": row.shares.refused,
        }
        for row in rows
    ]
    shares = ("share_of_sentences", "share_in_wrong_text", "share_in_right_text")
    return pa.Table.from_pylist(
        records,
        pa.schema(
            [
                *((name, pa.string()) for name in ("benchmark", "label")),
                *((name, pa.float64()) for name in shares),
                *((name, pa.string()) for name in ("wrong_writer", "right_writer")),
                *((name, pa.float64()) for name in ("corrected_share", "low", "high")),
                *((f"n_questions_{name}", pa.int64()) for name in samples),
                *((f"n_effective_{name}", pa.float64()) for name in samples),
                *((f"n_sentences_{name}", pa.int64()) for name in samples),
                ("no_interval_because", pa.string()),
            ]
        ),
    )
