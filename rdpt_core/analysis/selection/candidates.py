"""The candidates of a run: one row a response, with everything that a strategy may look at.

One query sums the stored sentences up; memory grows with the candidates and not with their sentences. What is missing
is NaN. The label rule before training applies (Teacher, Student, Common), whatever roles the run has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.analysis.labels import LabelRule, labels_sql
from rdpt_core.arrays import Bools, Doubles, Ints
from rdpt_core.errors import UsageError
from rdpt_core.records import Label, Role
from rdpt_core.store.reader import Reader, Run

DAS_GAP = 0.3
"""p_T − p_S above which a sentence counts for `das`. **Ours**: the source says "much more likely" and no number."""

PAIR = (str(Role.TEACHER), str(Role.STUDENT))

COLUMNS: Mapping[str, str] = {
    "n_sentences": "sentences with a label",
    "n_teacher": "sentences labelled Teacher: p_T − p_S > β",
    "n_student": "sentences labelled Student: p_T − p_S < −β",
    "n_common": "sentences labelled Common: the rest",
    "n_tokens": "tokens of the student, which are the training tokens",
    "n_tokens_teacher": "tokens of the teacher",
    "n_tokens_apart": f"the student's tokens in sentences with p_T − p_S > {DAS_GAP:g}",
    "n_steps": "sentences in which a token of the student begins",
    "n_bytes": "length of the response in UTF-8 bytes",
    "logprob_sum_teacher": "sum of the teacher's logprobs, in nats",
    "logprob_sum_student": "sum of the student's logprobs, in nats",
    "first_logprob_sum_student": "sum over sentences of the student's logprob of their first token, in nats",
    "rank_sum_student": "sum over the student's tokens of min(rank, 100); needs `score --ranks`",
    "local_step_mean": "mean over sentences of the student's mean logprob with local context, in nats; needs `local`",
    "sample": "which of several responses to the question",
    "correct": "1 if correct, 0 if incorrect, missing if not graded",
}
"""The columns that strategies and expressions may use, each with its meaning."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Every trace of a run, in trace order.

    Attributes:
        columns: one array of doubles for each name of `COLUMNS`; NaN where missing.
        trace_no: the trace's number in its run.
        question: a number for each question, in order of first appearance; equal for candidates of one question.
        domain: a number for each domain, an index into `domains`.
        local_context: how many sentences the pass of local scores has in view; None if there is none.
        is_scored: whether teacher and student gave every one of its tokens a logprob, and some sentence has a label.
    Shapes: every array is (n_candidates,).
    """

    columns: Mapping[str, Doubles]
    trace_no: Ints
    question: Ints
    domain: Ints
    domains: tuple[str, ...]
    is_scored: Bools
    n_questions: int
    local_context: int | None = None

    def __len__(self) -> int:
        return len(self.trace_no)

    def __getitem__(self, name: str) -> Doubles:
        return self.columns[name]

    def has(self, name: str) -> bool:
        """Whether any candidate has a number in this column."""
        return bool(np.isfinite(self.columns[name]).any())


NO_DOMAIN = "(none)"
"""How a missing domain is called where quotas name domains."""


def load_candidates(reader: Reader, run: Run, rule: LabelRule, n_context: int | None = None) -> Candidates:
    """Sum up a run.

    Args:
        n_context: which pass of local scores to use; the widest that there is if None.

    Raises:
        UsageError: the run has no such pass.
    """
    local_context = _local_pass(reader, run, n_context)
    table = reader.query(_sql(run, rule, local_context))
    flat = table.combine_chunks()
    names = [name for name in COLUMNS if name in flat.column_names]
    columns = {name: flat.column(name).cast(pa.float64()).to_numpy() for name in names}
    columns = {name: _owned(values) for name, values in columns.items()}
    question = _question_numbers(flat)
    domains = pc.dictionary_encode(pc.fill_null(flat.column("domain"), NO_DOMAIN)).combine_chunks()
    return Candidates(
        columns=columns,
        trace_no=flat.column("trace_no").to_numpy().astype(np.int64),
        question=question,
        domain=domains.indices.to_numpy().astype(np.int64),
        domains=tuple(domains.dictionary.to_pylist()),
        is_scored=flat.column("is_scored").to_numpy(zero_copy_only=False).astype(bool),
        n_questions=int(question.max(initial=-1)) + 1,
        local_context=local_context,
    )


def _owned(values: Doubles) -> Doubles:
    """NaN for NULL, in memory of its own."""
    return np.array(values, dtype=np.float64)


def _question_numbers(table: pa.Table) -> Ints:
    """Questions are told apart by benchmark and id, as everywhere; numbered as they appear."""
    columns = [pc.dictionary_encode(table.column(name)).combine_chunks() for name in ("benchmark", "question_id")]
    benchmark, question = (column.indices.to_numpy().astype(np.int64) for column in columns)
    combined = benchmark * len(columns[1].dictionary) + question
    numbers: Ints = pa.array(combined).dictionary_encode().indices.to_numpy().astype(np.int64)
    return numbers


def local_contexts(reader: Reader, run: Run) -> list[int]:
    """The passes of local scores that cover the whole run, by their number of sentences in view."""
    rows = reader.query(
        "SELECT n_context FROM local_scores WHERE run_no = ? AND role = ? "
        "GROUP BY n_context HAVING count(*) = ? ORDER BY n_context",
        [run.run_no, str(Role.STUDENT), run.n_traces],
    )
    contexts: list[int] = rows.column("n_context").to_pylist()
    return contexts


def _local_pass(reader: Reader, run: Run, n_context: int | None) -> int | None:
    passes = local_contexts(reader, run)
    if n_context is not None and n_context not in passes:
        raise UsageError(
            "this run has no such local scores",
            where=f"--local-context {n_context}",
            expected=" or ".join(map(str, passes)) or "a pass of `rdpt local`",
            got="none",
        )
    return n_context if n_context is not None else max(passes, default=None)


def _sql(run: Run, rule: LabelRule, n_context: int | None) -> str:
    source = f"(SELECT * FROM sentences WHERE run_no = {run.run_no:d})"
    unscored = " OR ".join(f"(n_tokens_{role} > 0 AND logprob_sum_{role} IS NULL)" for role in PAIR)
    counts = ", ".join(
        f"count(*) FILTER (label = '{label}') AS n_{label.lower()}"
        for label in (Label.TEACHER, Label.STUDENT, Label.COMMON)
    )
    # A step of the student without a rank sum leaves the whole candidate without one.
    ranks = "CASE WHEN count(rank_sum_student) = n_steps THEN sum(rank_sum_student)::DOUBLE END"
    summed = (
        f"SELECT trace_no, count(label) AS n_sentences, {counts}, "
        "sum(n_tokens_student)::BIGINT AS n_tokens, sum(n_tokens_teacher)::BIGINT AS n_tokens_teacher, "
        f"coalesce(sum(n_tokens_student) FILTER (p_teacher - p_student > {DAS_GAP!r}::DOUBLE), 0)::BIGINT "
        "AS n_tokens_apart, "
        "count(*) FILTER (n_tokens_student > 0) AS n_steps, sum(n_bytes)::BIGINT AS n_bytes, "
        "sum(logprob_sum_teacher) AS logprob_sum_teacher, sum(logprob_sum_student) AS logprob_sum_student, "
        "sum(first_logprob_student::DOUBLE) AS first_logprob_sum_student, "
        f"{ranks} AS rank_sum_student, "
        f"count(label) > 0 AND count(*) FILTER ({unscored}) = 0 AS is_scored "
        f"FROM ({labels_sql(rule, PAIR, source)}) GROUP BY trace_no"
    )
    local = (
        "SELECT NULL::INTEGER AS trace_no, NULL::DOUBLE AS local_step_mean"
        if n_context is None
        else f"SELECT trace_no, step_mean AS local_step_mean FROM local_scores WHERE run_no = {run.run_no:d} "
        f"AND role = '{Role.STUDENT}' AND n_context = {n_context:d}"
    )
    return (
        f"WITH summed AS ({summed}), local AS ({local}) "
        "SELECT t.trace_no, t.benchmark, t.question_id, t.domain, t.sample, t.correct::INTEGER AS correct, "
        "summed.* EXCLUDE (trace_no, is_scored), coalesce(summed.is_scored, false) AS is_scored, local.local_step_mean "
        f"FROM (SELECT * FROM traces WHERE run_no = {run.run_no:d}) AS t "
        "LEFT JOIN summed USING (trace_no) LEFT JOIN local USING (trace_no) ORDER BY t.trace_no"
    )
