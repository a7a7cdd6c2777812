"""The writer: what goes in comes out, and what is written twice is stored once."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.errors import (
    UsageError,
)
from rdpt_core.records import ROLES, Message, Role, RunClaim, RunKey, ToolCall
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.store.reader import open_reader
from rdpt_core.store.writer import claim_run, commit_batch

from .conftest import RESPONSE, SPANS, make_claim, make_result, make_traces, write_run


def test_a_run_comes_back_as_it_went_in(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    run_no = write_run(path, claim).run_no
    with open_reader(path) as reader:
        (run,) = reader.runs()
        assert (run.run_id, run.models, run.n_traces) == (claim.run_id, claim.models, 2)
        assert run.finished_at is not None
        assert run.one_tokenizer
        assert reader.traces(run_no, 0, 2) == [trace for trace, _ in make_traces()]
        tokens, reason = reader.tokens(run_no, Role.STUDENT, [1])[1]
        assert reason is None
        assert tokens.logprob.tolist() == [-0.5, -0.25, -1.0]
        assert [progress.n_traces for progress in reader.progress(run)] == [2, 2, 2]
        rows = reader.query("SELECT * FROM sentences ORDER BY trace_no, sentence_index").to_pylist()
    assert len(rows) == 4
    assert rows[0]["p_teacher"] == pytest.approx(math.exp(-0.375))
    assert rows[1]["n_bytes"] == len(RESPONSE[9:].encode())


def test_tool_calls_come_back_and_a_plain_conversation_is_stored_as_before(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    talk = (
        Message("user", "How warm?"),
        Message("assistant", "", (ToolCall("weather", '{"city": "\u00c5lesund"}', "c1"), ToolCall("stop", "now"))),
        Message("tool", "3", (), "c1", "weather"),
    )
    (first, n_sentences), second = make_traces()
    claim_run(path, claim, [(replace(first, messages=talk), n_sentences), second])
    with open_reader(path) as reader:
        (run,) = reader.runs()
        read, plain = reader.traces(run.run_no, 0, 2)
        (_, stored) = reader.query("SELECT messages FROM traces ORDER BY trace_no").column(0).to_pylist()
    assert (read.messages, plain) == (talk, second[0])
    assert json.loads(stored) == [{"role": "user", "content": "What?\x00 <b>"}]


def test_the_same_identity_never_makes_two_runs(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    assert write_run(path, claim) == write_run(path, claim) == RunKey(1, claim.run_id)
    assert claim_run(path, make_claim("fedcba9876543210"), make_traces()) == RunKey(2, "fedcba9876543210")
    with open_reader(path) as reader:
        assert [run.run_id for run in reader.runs()] == [claim.run_id, "fedcba9876543210"]
        assert reader.query("SELECT count(*) AS n FROM sentences").to_pylist() == [{"n": 4}]
        assert reader.run("fed").run_no == 2
        # The newest finished one: nothing of the second is scored yet.
        assert reader.run(None).run_no == 1
        with pytest.raises(UsageError, match="no run fits"):
            reader.run("abc")
        with pytest.raises(UsageError, match="more than one run fits"):
            reader.run("hand-made")


def test_missing_logprobs_are_null_in_the_file(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    run = claim_run(path, claim, make_traces())
    commit_batch(path, run, Role.TEACHER, [make_result(0, Role.TEACHER, (-0.5, math.nan, -1.0))], [])
    with open_reader(path) as reader:
        stored = reader.query("SELECT logprob FROM tokens").to_pylist()[0]["logprob"]
        assert stored == [-0.5, None, -1.0]
        assert np.isnan(reader.tokens(run.run_no, Role.TEACHER, [0])[0][0].logprob[1])
        assert reader.query("SELECT count(*) AS n FROM tokens WHERE list_contains(logprob, 'nan')").to_pylist() == [
            {"n": 0}
        ]


def test_ranks_are_stored_summed_and_null_where_missing(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    run = claim_run(path, claim, make_traces())
    results = {
        role: make_result(0, role, (-0.5, -0.25, -1.0) if role is not Role.TEACHER else (-0.5, -0.25, math.nan))
        for role in ROLES
    }
    for role, result in results.items():
        ranks = np.array([1, 250, 0 if role is Role.TEACHER else 7], dtype=np.int32)
        results[role] = replace(result, tokens=replace(result.tokens, rank=ranks))
    sentences = [sentence_columns(0, RESPONSE, SPANS, results)]
    for role in ROLES:
        commit_batch(path, run, role, [results[role]], sentences if role is Role.DISTILLED else [])
    with open_reader(path) as reader:
        rows = reader.query("SELECT * FROM sentences ORDER BY sentence_index").to_pylist()
        # The rank of 250 counts as 100; a sentence with a token that has no logprob has no sum.
        assert [row["rank_sum_student"] for row in rows] == [101, 7]
        assert [row["rank_sum_teacher"] for row in rows] == [101, None]
        stored = reader.query("SELECT rank FROM tokens WHERE role = 'teacher'").to_pylist()
        assert stored == [{"rank": [1, 250, None]}]
        back = reader.tokens(run.run_no, Role.TEACHER, [0])[0][0].rank
        assert back is not None and back.tolist() == [1, 250, 0]
        assert reader.scored_trace_nos(run.run_no, Role.STUDENT, ranked=True) == {0}
