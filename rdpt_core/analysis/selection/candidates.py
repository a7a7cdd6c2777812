"""The candidates of a run: one row a response, with everything that a strategy may look at.

One query sums the stored sentences up; memory grows with the candidates and not with their sentences. What is missing
is NaN. The label rule before training applies (Teacher, Student, Common), whatever roles the run has; without a teacher
there are no labels, and every column that needs them is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.analysis.labels import LabelRule, labels_sql
from rdpt_core.analysis.questions import load_numbers
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Bools, Doubles, Hashes, Ints
from rdpt_core.errors import UsageError
from rdpt_core.records import Label, Role
from rdpt_core.store.reader import Reader, Run

DAS_GAP = 0.3
"""p_T − p_S above which a sentence counts for `das`. **Ours**: the source says "much more likely" and no number."""

PAIR = (str(Role.TEACHER), str(Role.STUDENT))

COLUMNS: Mapping[str, str] = {
    "n_sentences": "sentences with a label; without a teacher, those with a logprob of the student",
    "n_teacher": "sentences labelled Teacher: p_T − p_S > β",
    "n_student": "sentences labelled Student: p_T − p_S < −β",
    "n_common": "sentences labelled Common: the rest",
    "n_tokens": "tokens of the student, which are the training tokens",
    "n_tokens_teacher": "tokens of the teacher",
    "n_tokens_apart": f"the student's tokens in sentences with p_T − p_S > {DAS_GAP:g}",
    "n_steps": "sentences in which a token of the student begins",
    "teacher_evidence": "sum over sentences of max(0, p_T − p_S − β), or of log-ratios in ratio space",
    "apart_evidence": f"sum over sentences of the student's tokens times max(0, p_T − p_S − {DAS_GAP:g})",
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

TEACHER_COLUMNS = (
    *("n_teacher", "n_student", "n_common", "n_tokens_teacher", "n_tokens_apart"),
    *("teacher_evidence", "apart_evidence", "logprob_sum_teacher"),
)
"""The columns that a run without a teacher lacks."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Every trace of a run, in trace order.

    Attributes:
        columns: one array of doubles for each name of `COLUMNS`; NaN where missing.
        trace_no: the trace's number in its run.
        question: a number for each question, in order of first appearance; equal for candidates of one question.
        asked: a number for each text of a question: equal, too, for questions that stand under several ids.
        domain: a number for each domain, an index into `domains`.
        local_context: how many sentences the pass of local scores has in view; None if there is none.
        response_hash: a number that follows from the response's text; 0 where no candidate of the question could tie
            with it on evidence or length.
        id_hash: a number that follows from the trace's id.
        question_hash: (n_questions,), one that follows from the question's benchmark and id.
        is_scored: whether teacher (if there is one) and student gave every one of its tokens a logprob, and some
            sentence has a label.
    Shapes: every array but `question_hash` is (n_candidates,).
    """

    columns: Mapping[str, Doubles]
    trace_no: Ints
    question: Ints
    asked: Ints
    domain: Ints
    domains: tuple[str, ...]
    response_hash: Hashes
    id_hash: Hashes
    question_hash: Hashes
    is_scored: Bools
    n_questions: int
    has_teacher: bool = True
    local_context: int | None = None

    def __len__(self) -> int:
        return len(self.trace_no)

    def __getitem__(self, name: str) -> Doubles:
        return self.columns[name]

    @property
    def n_alike(self) -> int:
        """Questions that stand under more than one id or benchmark."""
        first = np.unique(self.question, return_index=True)[1]
        return int((np.bincount(self.asked[first]) > 1).sum())

    def has(self, name: str) -> bool:
        """Whether any candidate has a number in this column."""
        return bool(np.isfinite(self.columns[name]).any())


TIE_COLUMNS = ("teacher_evidence", "apart_evidence", "n_bytes")
"""The columns by which strategies break ties."""

# Passes with the prompt in view of every sentence are no LALP, and serve other questions.
_STEPS_ALONE = "NOT coalesce(with_prompt, FALSE)"

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
    has_teacher = Role.TEACHER in run.roles
    if not has_teacher:
        columns |= {name: np.full(flat.num_rows, np.nan) for name in TEACHER_COLUMNS}
    question = _question_numbers(flat)
    trace_no = flat.column("trace_no").to_numpy().astype(np.int64)
    _, first = np.unique(question, return_index=True)
    numbers = load_numbers(reader, run)
    keys = zip(*(flat.column(name).to_pylist() for name in ("benchmark", "question_id")), strict=True)
    domains = pc.dictionary_encode(pc.fill_null(flat.column("domain"), NO_DOMAIN)).combine_chunks()
    return Candidates(
        columns=columns,
        trace_no=trace_no,
        question=question,
        asked=np.array([numbers[key] for key in keys], dtype=np.int64),
        domain=domains.indices.to_numpy().astype(np.int64),
        domains=tuple(domains.dictionary.to_pylist()),
        response_hash=_response_hashes(reader, run, trace_no, columns, question),
        id_hash=flat.column("id_hash").to_numpy(),
        question_hash=flat.column("question_hash").to_numpy()[first],
        is_scored=flat.column("is_scored").to_numpy(zero_copy_only=False).astype(bool),
        n_questions=int(question.max(initial=-1)) + 1,
        has_teacher=has_teacher,
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


def _response_hashes(
    reader: Reader, run: Run, trace_no: Ints, columns: Mapping[str, Doubles], question: Ints
) -> Hashes:
    """Hashes of the responses that have a twin: a candidate of their question with the same evidence or length.

    Others never need one, and their texts, nearly all of what a file of candidates holds, are not read. Where evidence
    is missing it tells nothing apart.
    """
    has_twin = np.zeros(len(trace_no), bool)
    for name in TIE_COLUMNS:
        values = np.nan_to_num(columns[name])
        order = np.lexsort((values, question))
        is_same = (np.diff(question[order]) == 0) & (np.diff(values[order]) == 0)
        has_twin[order[1:][is_same]] = has_twin[order[:-1][is_same]] = True
    rows = reader.query(
        "SELECT trace_no, md5_number_upper(response) AS hash FROM traces "
        "WHERE run_no = ? AND trace_no IN (SELECT unnest(?::INTEGER[])) ORDER BY trace_no",
        [run.run_no, trace_no[has_twin].tolist()],
    )
    hashes = np.zeros(len(trace_no), np.uint64)
    hashes[np.searchsorted(trace_no, rows.column("trace_no").to_numpy())] = rows.column("hash").to_numpy()
    return hashes


def local_contexts(reader: Reader, run: Run) -> list[int]:
    """The passes of local scores that cover the whole run, by their number of sentences in view."""
    rows = reader.query(
        f"SELECT n_context FROM local_scores WHERE run_no = ? AND role = ? AND {_STEPS_ALONE} "
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
    source = sentences_sql(run.run_no, rule)
    unscored = " OR ".join(f"(n_tokens_{role} > 0 AND logprob_sum_{role} IS NULL)" for role in PAIR)
    counted = f"count({'label' if Role.TEACHER in run.roles else 'logprob_sum_student'})"
    counts = ", ".join(
        f"count(*) FILTER (label = '{label}') AS n_{label.lower()}"
        for label in (Label.TEACHER, Label.STUDENT, Label.COMMON)
    )
    # A step of the student without a rank sum leaves the whole candidate without one.
    ranks = "CASE WHEN count(rank_sum_student) = n_steps THEN sum(rank_sum_student)::DOUBLE END"
    summed = (
        f"SELECT trace_no, {counted} AS n_sentences, {counts}, "
        "sum(n_tokens_student)::BIGINT AS n_tokens, sum(n_tokens_teacher)::BIGINT AS n_tokens_teacher, "
        f"coalesce(sum(n_tokens_student) FILTER (p_teacher - p_student > {DAS_GAP!r}::DOUBLE), 0)::BIGINT "
        "AS n_tokens_apart, "
        f"{_exact_sum(f'gap - {rule.beta!r}::DOUBLE', 'label IS NOT NULL')} AS teacher_evidence, "
        f"{_exact_sum(f'n_tokens_student * (p_teacher - p_student - {DAS_GAP!r}::DOUBLE)', 'TRUE')} AS apart_evidence, "
        "count(*) FILTER (n_tokens_student > 0) AS n_steps, sum(n_bytes)::BIGINT AS n_bytes, "
        "sum(logprob_sum_teacher) AS logprob_sum_teacher, sum(logprob_sum_student) AS logprob_sum_student, "
        "sum(first_logprob_student::DOUBLE) AS first_logprob_sum_student, "
        f"{ranks} AS rank_sum_student, "
        f"{counted} > 0 AND count(*) FILTER ({unscored}) = 0 AS is_scored "
        f"FROM ({labels_sql(rule, PAIR, source)}) GROUP BY trace_no"
    )
    local = (
        "SELECT NULL::INTEGER AS trace_no, NULL::DOUBLE AS local_step_mean"
        if n_context is None
        else f"SELECT trace_no, step_mean AS local_step_mean FROM local_scores WHERE run_no = {run.run_no:d} "
        f"AND role = '{Role.STUDENT}' AND n_context = {n_context:d} AND {_STEPS_ALONE}"
    )
    return (
        f"WITH summed AS ({summed}), local AS ({local}) "
        "SELECT t.trace_no, t.benchmark, t.question_id, t.domain, t.sample, t.correct::INTEGER AS correct, "
        "md5_number_upper(t.trace_id) AS id_hash, "
        "md5_number_upper(t.benchmark || chr(31) || t.question_id) AS question_hash, "
        "summed.* EXCLUDE (trace_no, is_scored), coalesce(summed.is_scored, false) AS is_scored, local.local_step_mean "
        f"FROM (SELECT * FROM traces WHERE run_no = {run.run_no:d}) AS t "
        "LEFT JOIN summed USING (trace_no) LEFT JOIN local USING (trace_no) ORDER BY t.trace_no"
    )


def _exact_sum(sql: str, condition: str) -> str:
    """SQL for a sum of what is above 0. In decimals, so that equal responses have equal sums wherever they are stored:
    the last digits of a sum of doubles depend on how the database splits its work."""
    return f"coalesce(sum(greatest({sql}, 0)::DECIMAL(18, 9)) FILTER ({condition}), 0)::DOUBLE"
