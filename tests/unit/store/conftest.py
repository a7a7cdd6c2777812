"""A small run, built by hand, for tests of the database."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rdpt_core.records import (
    ROLES,
    CompanionRole,
    Message,
    Role,
    RoleResult,
    RunClaim,
    RunKey,
    ScoredModel,
    SentenceColumns,
    Span,
    TokenLogprobs,
    Trace,
)
from rdpt_core.records.companions import CompanionClaim
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.store.companions.writer import claim_companions, commit_companion, finish_companion
from rdpt_core.store.writer import claim_run, commit_batch, finish_run
from tests.support import copies

RESPONSE = "A first. A second 😀."
SPANS = (Span(0, 9), Span(9, 20))


def make_claim(run_id: str = "0123456789abcdef", n_traces: int = 2) -> RunClaim:
    models = tuple(
        ScoredModel(role, f"org/{role}", "sha256:00", "transformers", "float32", "own", 100, 1000, 64, "same")
        for role in ROLES
    )
    return RunClaim(run_id, "hand-made", {"a": 1}, {"device": "cpu"}, models, "own", "sentence", "1", "beef", n_traces)


def make_traces(n_traces: int = 2) -> list[tuple[Trace, int]]:
    return [
        (
            Trace(
                trace_id=f"t{number}",
                question_id=f"q{number // 2}",
                response=RESPONSE,
                messages=(Message("user", "What?\x00 <b>"),),
                benchmark="hand",
                correct=None if number % 2 else True,
                meta={"note": "é", "deep": {"x": [1, None]}},
            ),
            2,
        )
        for number in range(n_traces)
    ]


def make_result(trace_no: int, role: str, logprobs: tuple[float, ...] = (-0.5, -0.25, -1.0)) -> RoleResult:
    tokens = TokenLogprobs(
        np.array([5, 6, 7], dtype=np.int32),
        np.array([0, 8, 9], dtype=np.int32),
        np.array([8, 9, 20], dtype=np.int32),
        np.array(logprobs, dtype=np.float32),
    )
    return RoleResult(trace_no, tokens, 1)


def make_sentences(trace_no: int) -> SentenceColumns:
    return sentence_columns(trace_no, RESPONSE, SPANS, {role: make_result(trace_no, role) for role in ROLES})


def write_run(path: Path, claim: RunClaim) -> RunKey:
    """Both traces under all roles."""

    def write(path: Path) -> RunKey:
        run = claim_run(path, claim, make_traces())
        for role in ROLES:
            sentences = [make_sentences(number) for number in range(2)] if role is Role.DISTILLED else []
            commit_batch(path, run, role, [make_result(number, role) for number in range(2)], sentences)
        finish_run(path, run)
        return run

    return copies.built(path, claim, write)


CODE = "teacher:code"


def make_companion(key: str = CODE, revision: str = "sha256:99", **identity: object) -> CompanionClaim:
    name = CompanionRole.parse(key).name
    model = ScoredModel(
        key, f"org/{name}", revision, "transformers", "float32", "own", 100, 1000, 64, "same", name=name
    )
    return CompanionClaim(model, {"model": {"revision": revision}, **identity}, {"device": "cpu"})


def companion_sentences(trace_no: int, key: str, result: RoleResult) -> SentenceColumns:
    return sentence_columns(trace_no, RESPONSE, SPANS, {key: result})


def write_companion(path: Path, run: RunKey, key: str = CODE, logprobs: tuple[float, ...] = (-2.0, -3.0, -4.0)) -> None:
    """A companion that scored both traces of `write_run`."""
    claim_companions(path, run, [make_companion(key)])
    results = [make_result(number, key, logprobs) for number in range(2)]
    sentences = [companion_sentences(number, key, result) for number, result in enumerate(results)]
    commit_companion(path, run, key, results, sentences)
    finish_companion(path, run, key)


@pytest.fixture
def claim() -> RunClaim:
    return make_claim()
