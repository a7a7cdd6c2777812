"""Candidates for tests of the selection: a stored run, or columns by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rdpt_core.analysis.selection.candidates import COLUMNS, Candidates
from rdpt_core.records import LocalScores, Message, Role, RoleResult, RunClaim, Span, TokenLogprobs, Trace
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.store.writer import claim_run, commit_batch, commit_local, finish_run
from tests.support import synthetic

from .reference import Response


def store(path: Path, asked: Sequence[Sequence[Response]], correct: Sequence[bool | None] | None = None) -> None:
    """A run before training, with every token as the reference has it; a character a token."""
    path.unlink(missing_ok=True)
    flat = [(number, response) for number, group in enumerate(asked) for response in group]
    roles = (Role.TEACHER, Role.STUDENT)
    models = tuple(synthetic.model(role) for role in roles)
    claim = RunClaim("0123456789abcdef", "r", {}, {}, models, "own", "sentence", "1", "beef", len(flat))
    traces = [
        (
            Trace(
                f"t{trace_no}",
                f"q{number}",
                "x" * sum(len(sentence.student) for sentence in response),
                (Message("user", f"{number}?"),),
                domain=("even", "odd", None)[number % 3],
                sample=trace_no,
                correct=None if correct is None else correct[trace_no],
            ),
            len(response),
        )
        for trace_no, (number, response) in enumerate(flat)
    ]
    run = claim_run(path, claim, traces)
    results: dict[Role, list[RoleResult]] = {role: [] for role in roles}
    columns, local = [], []
    for trace_no, (_, response) in enumerate(flat):
        edges = np.cumsum([0, *(len(sentence.student) for sentence in response)])
        spans = [Span(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True)]
        for role in roles:
            logprobs = [value for sentence in response for value in getattr(sentence, str(role))]
            ranks = [rank for sentence in response for rank in sentence.ranks]
            index = np.arange(len(logprobs), dtype=np.int32)
            tokens = TokenLogprobs(
                index, index, index + 1, np.array(logprobs, dtype=np.float32), np.array(ranks, dtype=np.int32)
            )
            results[role].append(RoleResult(trace_no, tokens, 0))
        columns.append(
            sentence_columns(trace_no, traces[trace_no][0].response, spans, {r: results[r][-1] for r in roles})
        )
        sums = np.array([math.fsum(sentence.local) for sentence in response])
        n_tokens = np.array([len(sentence.local) for sentence in response])
        local.append(LocalScores(trace_no, sums, float((sums / n_tokens).mean())))
    commit_batch(path, run, Role.TEACHER, results[Role.TEACHER], [])
    commit_batch(path, run, Role.STUDENT, results[Role.STUDENT], columns)
    commit_local(path, run, Role.STUDENT, 4, local)
    finish_run(path, run)


def make(
    n_tokens: Sequence[float],
    question: Sequence[int],
    *,
    correct: Sequence[float] | None = None,
    domain: Sequence[int] | None = None,
    is_scored: Sequence[bool] | None = None,
    n_teacher: Sequence[float] | None = None,
    evidence: Sequence[float] | None = None,
    response_hash: Sequence[int] | None = None,
) -> Candidates:
    n = len(n_tokens)
    columns = {name: np.full(n, np.nan) for name in COLUMNS}
    columns |= {"n_tokens": np.array(n_tokens, dtype=float), "n_sentences": np.full(n, 10.0)}
    columns["n_teacher"] = np.array(n_teacher if n_teacher is not None else n_tokens, dtype=float)
    columns["correct"] = np.array(correct if correct is not None else [np.nan] * n, dtype=float)
    columns["teacher_evidence"] = np.array(evidence if evidence is not None else [0.0] * n)
    columns["n_bytes"] = np.zeros(n)
    return Candidates(
        columns=columns,
        trace_no=np.arange(n),
        question=np.array(question),
        asked=np.array(question),
        domain=np.array(domain if domain is not None else [0] * n),
        domains=("a", "b"),
        response_hash=np.array(response_hash if response_hash is not None else [0] * n, dtype=np.uint64),
        id_hash=np.arange(n, dtype=np.uint64),
        question_hash=np.arange(max(question) + 1, dtype=np.uint64),
        is_scored=np.array(is_scored if is_scored is not None else [True] * n),
        n_questions=max(question) + 1,
    )
