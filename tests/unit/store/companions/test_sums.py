"""Which traces lack the sums of a companion whose tokens are stored."""

from __future__ import annotations

from pathlib import Path

from rdpt_core.records import RunClaim
from rdpt_core.store.companions.writer import claim_companions, commit_companion
from rdpt_core.store.run_store import DuckDBRunStore
from rdpt_core.store.writer import commit_batch

from ..conftest import CODE, companion_sentences, make_companion, make_result, write_run

VARIANT = "variant:teacher-t1.5"


def test_sums_are_missing_until_they_come_and_ranks_if_they_are_asked_for(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    run, store = write_run(path, claim), DuckDBRunStore(path)
    claim_companions(path, run, [make_companion(VARIANT), make_companion(CODE)])
    tokens = [make_result(number, VARIANT, (-2.0, -3.0, -4.0)) for number in range(2)]
    # With tokens of its role, in whose place nothing is put.
    commit_batch(path, run, "teacher", [], [], {VARIANT: tokens})
    assert store.scored_trace_nos(run, VARIANT) == store.scored_trace_nos(run, "teacher") == {0, 1}
    assert store.trace_nos_without_sums(run, VARIANT) == {0, 1}
    commit_companion(path, run, VARIANT, [], [companion_sentences(1, VARIANT, tokens[1])])
    assert store.trace_nos_without_sums(run, VARIANT) == {0}
    assert store.trace_nos_without_sums(run, VARIANT, ranked=True) == {0, 1}
    assert store.trace_nos_without_sums(run, CODE) == {0, 1}
    assert store.scored_trace_nos(run, VARIANT) == {0, 1}
