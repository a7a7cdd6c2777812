"""Companions are written beside a run, and into the rows of its sentences, without moving or losing anything."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rdpt_core.errors import ModelError, StoreError, UsageError
from rdpt_core.records import Role, RoleResult, RunClaim, RunKey, Span, TokenLogprobs, UnscoredReason
from rdpt_core.records.companions import CompanionClaim
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.store.companions.writer import claim_companions, commit_companion, finish_companion
from rdpt_core.store.reader import open_reader
from rdpt_core.store.writer import claim_run, commit_batch
from tests.unit.store.conftest import (
    CODE,
    RESPONSE,
    companion_sentences,
    make_claim,
    make_companion,
    make_result,
    make_sentences,
    make_traces,
    write_companion,
    write_run,
)


def rows(path: Path, sql: str) -> list[dict[str, Any]]:
    with open_reader(path) as reader:
        return reader.query(sql).to_pylist()


def test_a_companion_comes_back_as_it_went_in(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    key = write_run(path, claim)
    before = rows(path, "SELECT rowid, * FROM sentences ORDER BY rowid")
    write_companion(path, key)
    after = rows(path, "SELECT rowid, * FROM sentences ORDER BY rowid")
    assert [{name: row[name] for name in before[0]} for row in after] == before, "no row moves, and no number changes"
    assert after[0]["p_teacher_code"] == pytest.approx(math.exp(-2.5))
    assert after[1]["logprob_sum_teacher_code"] == -4
    assert (after[1]["n_tokens_teacher_code"], after[0]["first_logprob_teacher_code"]) == (1, -2)
    assert (after[0]["rank_sum_teacher_code"], after[0]["unscored_reason_teacher_code"]) == (None, None)
    with open_reader(path) as reader:
        (run,) = reader.runs()
        (companion,) = run.companions
        assert (companion.model, companion.role, companion.is_finished) == (make_companion().model, CODE, True)
        assert companion.state.identity == make_companion().identity
        assert companion.state.environment == ({"device": "cpu"},)
        assert run.models == claim.models
        assert run.is_finished
        assert reader.tokens(1, CODE, [1])[1][0].logprob.tolist() == [-2, -3, -4]
        assert reader.scored_trace_nos(1, CODE) == {0, 1}
        reader.check(run, with_texts=True)


def test_a_batch_that_is_written_twice_is_stored_once(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    key = write_run(path, claim)
    claim_companions(path, key, [make_companion()])
    first = make_result(1, CODE, (-0.5, math.nan, -1.0))
    first = RoleResult(1, first.tokens, 0, UnscoredReason.SERVER_FAILED)
    commit_companion(path, key, CODE, [first], [companion_sentences(1, CODE, first)])
    chosen = "SELECT p_teacher_code AS p, unscored_reason_teacher_code AS r FROM sentences ORDER BY ALL"
    assert {(row["p"] is None, row["r"]) for row in rows(path, chosen)} == {
        (True, None),
        (True, "server_failed"),
        (False, None),
    }
    second = make_result(1, CODE)
    commit_companion(path, key, CODE, [second], [companion_sentences(1, CODE, second)])
    assert rows(path, f"SELECT count(*) AS n FROM tokens WHERE role = '{CODE}'") == [{"n": 1}]
    assert rows(path, "SELECT count(p_teacher_code) AS n, count(unscored_reason_teacher_code) AS r FROM sentences") == [
        {"n": 2, "r": 0}
    ]


def test_ranks_are_summed_where_there_are_some(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    key = write_run(path, claim)
    claim_companions(path, key, [make_companion()])
    tokens = make_result(0, CODE).tokens
    ranked = TokenLogprobs(
        tokens.token_id, tokens.char_start, tokens.char_end, tokens.logprob, np.array([3, 200, 7], dtype=np.int32)
    )
    results = [RoleResult(0, ranked, 0), make_result(1, CODE)]
    commit_companion(path, key, CODE, results, [companion_sentences(r.trace_no, CODE, r) for r in reversed(results)])
    found = rows(path, "SELECT rank_sum_teacher_code AS n FROM sentences ORDER BY trace_no, sentence_index")
    assert [row["n"] for row in found] == [103, 7, None, None]
    with open_reader(path) as reader:
        assert reader.scored_trace_nos(1, CODE, ranked=True) == {0}


def test_sentences_of_another_splitter_are_refused_and_nothing_is_written(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    key = write_run(path, claim)
    claim_companions(path, key, [make_companion()])
    result = make_result(0, CODE)
    for spans in ([Span(0, 20)], [Span(0, 8), Span(8, 20)]):
        with pytest.raises(StoreError, match="not those of the run.*teacher:code.*expected 2 sentences"):
            commit_companion(path, key, CODE, [result], [sentence_columns(0, RESPONSE, spans, {CODE: result})])
    assert rows(path, f"SELECT count(*) AS n FROM tokens WHERE role = '{CODE}'") == [{"n": 0}]


def test_a_companion_is_finished_only_with_all_traces(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    key = write_run(path, claim)
    claim_companions(path, key, [make_companion()])
    with pytest.raises(StoreError, match="not complete.*expected 2 traces.*got 0 traces, 4 sentences"):
        finish_companion(path, key, CODE)
    with open_reader(path) as reader:
        (run,) = reader.runs()
        assert (run.is_finished, run.companions[0].is_finished) == (True, False)
        with pytest.raises(UsageError, match="no such companion"):
            run.seen(teacher=CODE)


def test_every_step_tells_whoever_kept_something_of_the_run(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    key = write_run(path, claim)

    def updated() -> object:
        return rows(path, "SELECT updated_at FROM runs")[0]["updated_at"]

    states = [updated()]
    claim_companions(path, key, [make_companion()])
    states.append(updated())
    claim_companions(path, key, [make_companion()])
    assert updated() == states[-1], "nothing was new"
    results = [make_result(number, CODE) for number in range(2)]
    commit_companion(path, key, CODE, results, [companion_sentences(r.trace_no, CODE, r) for r in results])
    states.append(updated())
    finish_companion(path, key, CODE)
    states.append(updated())
    assert len(set(states)) == 4


@pytest.mark.parametrize(
    "other",
    [
        make_companion(revision="sha256:other"),
        make_companion(template="raw"),
        make_companion("teacher:Code"),
    ],
)
def test_a_name_stands_for_one_model(tmp_path: Path, claim: RunClaim, other: CompanionClaim) -> None:
    path = tmp_path / "a.duckdb"
    key = write_run(path, claim)
    write_companion(path, key)
    with pytest.raises(UsageError, match="another model of this name.*Give the new one another name"):
        claim_companions(path, key, [make_companion("control:new"), other])
    with open_reader(path) as reader:
        (run,) = reader.runs()
        assert [companion.role for companion in run.companions] == [CODE], "none of them, if not all"


def test_the_teacher_of_the_triple_has_its_name_for_itself(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    models = (replace(claim.models[0], name="Math"), *claim.models[1:])
    key = write_run(path, replace(claim, models=models))
    with pytest.raises(UsageError, match="another model of this name.*expected teacher org/teacher"):
        claim_companions(path, key, [make_companion("teacher:math")])
    claim_companions(path, key, [make_companion("control:math")])
    with open_reader(path) as reader:
        (run,) = reader.runs()
        assert [model.name for model in run.models] == ["Math", None, None]


def test_what_came_before_decides_whether_a_process_goes_on(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    key = write_run(path, claim)
    seen: list[tuple[Sequence[Mapping[str, Any]], Collection[str]]] = []

    def check(earlier: Sequence[Mapping[str, Any]], scored: Collection[str]) -> dict[str, Any]:
        seen.append((earlier, scored))
        if len(seen) == 2:
            raise ModelError("another model answers")
        return {"device": "other"}

    checked = make_companion()._replace(check=check)
    claim_companions(path, key, [checked])
    assert seen == [], "there was none before"
    claim_companions(path, key, [checked])
    result = make_result(0, CODE)
    commit_companion(path, key, CODE, [result], [companion_sentences(0, CODE, result)])
    with pytest.raises(ModelError):
        claim_companions(path, key, [checked])
    assert seen == [(({"device": "cpu"},), set()), (({"device": "cpu"}, {"device": "other"}), {CODE})]
    with open_reader(path) as reader:
        (run,) = reader.runs()
        assert run.companions[0].state.environment == ({"device": "cpu"}, {"device": "other"})


def test_sentences_that_a_role_replaces_keep_what_companions_scored(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    key = write_run(path, claim)
    write_companion(path, key)
    write_companion(path, key, "control:decoy", (-5.0, -5.0, -6.0))
    chosen = "SELECT COLUMNS('.*_(teacher_code|control_decoy)') FROM sentences ORDER BY trace_no, sentence_index"
    before = rows(path, chosen)
    results = [make_result(number, Role.DISTILLED, (-9.0, -9.0, -9.0)) for number in range(2)]
    commit_batch(path, key, Role.DISTILLED, results, [make_sentences(number) for number in range(2)])
    assert rows(path, chosen) == before
    assert len(before) == 4 and before[0]["p_control_decoy"] == pytest.approx(math.exp(-5))
    assert rows(path, "SELECT count(*) AS n FROM sentences") == [{"n": 4}]


def test_another_run_of_the_file_has_none(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    key = write_run(path, claim)
    other = write_run(path, make_claim("fedcba9876543210"))
    write_companion(path, key)
    assert rows(path, "SELECT run_no, count(p_teacher_code) AS n FROM sentences GROUP BY run_no ORDER BY run_no") == [
        {"run_no": 1, "n": 4},
        {"run_no": 2, "n": 0},
    ]
    with pytest.raises(StoreError, match="the database was replaced"):
        claim_companions(path, RunKey(other.run_no, "0000"), [make_companion()])
    with open_reader(path) as reader:
        assert [len(run.companions) for run in reader.runs()] == [1, 0]


def test_companions_may_be_claimed_before_the_triple_is_scored(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    key = claim_run(path, claim, make_traces())
    claim_companions(path, key, [make_companion()])
    result = make_result(0, CODE)
    with pytest.raises(StoreError, match="not those of the run"):
        commit_companion(path, key, CODE, [result], [companion_sentences(0, CODE, result)])
    assert write_run(path, claim) == key
    write_companion(path, key)
    with open_reader(path) as reader:
        assert reader.run(None).companions[0].is_finished
