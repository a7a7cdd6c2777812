"""The database: what goes in comes out, twice written is once stored, and no state of the file gives a traceback."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from rdpt_core.errors import (
    StoreBusyError,
    StoreEmptyError,
    StoreError,
    StoreMissingError,
    StoreVersionError,
    UsageError,
)
from rdpt_core.records import ROLES, Role, RunClaim
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.store.connect import open_for_reading, open_for_writing
from rdpt_core.store.reader import open_reader
from rdpt_core.store.schema import MIGRATIONS, SCHEMA_VERSION
from rdpt_core.store.writer import claim_run, commit_batch, finish_run

from .conftest import RESPONSE, SPANS, make_claim, make_result, make_sentences, make_traces


def write_run(path: Path, claim: RunClaim) -> int:
    run_no = claim_run(path, claim, make_traces())
    for role in ROLES:
        sentences = [make_sentences(number) for number in range(2)] if role is Role.DISTILLED else []
        commit_batch(path, run_no, role, [make_result(number, role) for number in range(2)], sentences)
    finish_run(path, run_no)
    return run_no


def test_a_run_comes_back_as_it_went_in(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    run_no = write_run(path, claim)
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


def test_the_same_identity_never_makes_two_runs(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    assert write_run(path, claim) == write_run(path, claim) == 1
    assert claim_run(path, make_claim("fedcba9876543210"), make_traces()) == 2
    with open_reader(path) as reader:
        assert [run.run_id for run in reader.runs()] == [claim.run_id, "fedcba9876543210"]
        assert reader.query("SELECT count(*) AS n FROM sentences").to_pylist() == [{"n": 4}]
        assert reader.run("fed").run_no == 2
        assert reader.run(None).run_no == 2
        with pytest.raises(UsageError, match="no run fits"):
            reader.run("abc")
        with pytest.raises(UsageError, match="more than one run fits"):
            reader.run("hand-made")


def test_missing_logprobs_are_null_in_the_file(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    run_no = claim_run(path, claim, make_traces())
    commit_batch(path, run_no, Role.TEACHER, [make_result(0, Role.TEACHER, (-0.5, math.nan, -1.0))], [])
    with open_reader(path) as reader:
        stored = reader.query("SELECT logprob FROM tokens").to_pylist()[0]["logprob"]
        assert stored == [-0.5, None, -1.0]
        assert np.isnan(reader.tokens(run_no, Role.TEACHER, [0])[0][0].logprob[1])
        assert reader.query("SELECT count(*) AS n FROM tokens WHERE list_contains(logprob, 'nan')").to_pylist() == [
            {"n": 0}
        ]


def test_an_interrupted_batch_leaves_nothing(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    run_no = write_run(path, claim)
    with pytest.raises(ZeroDivisionError), open_for_writing(path) as connection:
        connection.execute("DELETE FROM sentences WHERE run_no = ?", [run_no])
        raise ZeroDivisionError
    with open_reader(path) as reader:
        assert reader.query("SELECT count(*) AS n FROM sentences").to_pylist() == [{"n": 4}]


def test_files_that_are_not_ours(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="make demo"), open_for_reading(tmp_path / "none.duckdb"):
        pass
    text = tmp_path / "text.duckdb"
    text.write_text("this is no database, though it is long enough to look at" * 100)
    with pytest.raises(StoreVersionError, match="not a DuckDB database"), open_for_reading(text):
        pass
    empty = tmp_path / "empty.duckdb"
    duckdb.connect(str(empty)).close()
    with pytest.raises(StoreEmptyError, match="empty"), open_for_reading(empty):
        pass
    nothing = tmp_path / "zero.duckdb"
    nothing.touch()
    with pytest.raises(StoreVersionError), open_for_reading(nothing):
        pass
    damaged = tmp_path / "damaged.duckdb"
    content = bytearray(empty.read_bytes())
    content[4096:12288] = bytes(255 - byte for byte in content[4096:12288])
    damaged.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), open_for_reading(damaged):
        pass
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE invoices (a INTEGER)")
    for opener in (open_for_reading, open_for_writing):
        with pytest.raises(StoreVersionError, match="not an RDPT database"), opener(other):
            pass


def test_a_newer_file_is_refused_both_ways(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE store_info SET value = '999' WHERE key = 'schema_version'")
    for opener in (open_for_reading, open_for_writing):
        with pytest.raises(StoreVersionError, match=f"expected schema version {SCHEMA_VERSION}"), opener(path):
            pass


def test_a_file_of_version_1_keeps_its_rows_and_takes_ranks(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "one.duckdb"
    write_run(path, claim)
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE local_scores; ALTER TABLE tokens DROP COLUMN rank")
        for role in ROLES:
            connection.execute(f"ALTER TABLE sentences DROP COLUMN rank_sum_{role}")
        connection.execute("UPDATE store_info SET value = '1' WHERE key = 'schema_version'")
    with open_reader(path) as reader:
        assert reader.query("SELECT count(*) AS n, count(rank_sum_student) AS r FROM sentences").to_pylist() == [
            {"n": 4, "r": 0}
        ]
        assert reader.scored_trace_nos(1, Role.STUDENT) == {0, 1}
        assert reader.scored_trace_nos(1, Role.STUDENT, ranked=True) == set()
        assert reader.tokens(1, Role.STUDENT, [0])[0][0].rank is None
        assert [run.run_id for run in reader.runs()] == [claim.run_id]


def test_ranks_are_stored_summed_and_null_where_missing(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    run_no = claim_run(path, claim, make_traces())
    results = {
        role: make_result(0, role, (-0.5, -0.25, -1.0) if role is not Role.TEACHER else (-0.5, -0.25, math.nan))
        for role in ROLES
    }
    for role, result in results.items():
        ranks = np.array([1, 250, 0 if role is Role.TEACHER else 7], dtype=np.int32)
        results[role] = replace(result, tokens=replace(result.tokens, rank=ranks))
    sentences = [sentence_columns(0, RESPONSE, SPANS, results)]
    for role in ROLES:
        commit_batch(path, run_no, role, [results[role]], sentences if role is Role.DISTILLED else [])
    with open_reader(path) as reader:
        rows = reader.query("SELECT * FROM sentences ORDER BY sentence_index").to_pylist()
        # The rank of 250 counts as 100; a sentence with a token that has no logprob has no sum.
        assert [row["rank_sum_student"] for row in rows] == [101, 7]
        assert [row["rank_sum_teacher"] for row in rows] == [101, None]
        stored = reader.query("SELECT rank FROM tokens WHERE role = 'teacher'").to_pylist()
        assert stored == [{"rank": [1, 250, None]}]
        back = reader.tokens(run_no, Role.TEACHER, [0])[0][0].rank
        assert back is not None and back.tolist() == [1, 250, 0]
        assert reader.scored_trace_nos(run_no, Role.STUDENT, ranked=True) == {0}


def test_migrations_from_blank_and_from_the_oldest(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE store_info (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)")
        connection.execute("INSERT INTO store_info VALUES ('schema_version', '0')")
    with open_for_reading(path) as connection:
        from_oldest = connection.sql("SELECT table_name, column_name FROM duckdb_columns() ORDER BY ALL").fetchall()
    with open_for_writing(tmp_path / "new.duckdb"):
        pass
    with open_for_reading(tmp_path / "new.duckdb") as connection:
        assert (
            connection.sql("SELECT table_name, column_name FROM duckdb_columns() ORDER BY ALL").fetchall()
            == from_oldest
        )
    assert len(MIGRATIONS) == SCHEMA_VERSION


def test_a_reader_cannot_touch_other_files(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with open_reader(path) as reader:
        for attack in (f"SELECT * FROM read_csv('{secret}')", "SET enable_external_access = true"):
            with pytest.raises(duckdb.Error):
                reader.query(attack)
    with pytest.raises(StoreError, match=r"a\.duckdb"), open_reader(path) as reader:
        reader.query("SELECT * FROM nothing_of_this_name")


HOLD_LOCK = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep({})"


def test_a_reader_waits_for_a_writer_and_then_gives_up(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    for held_s, patience_s, arrives in ((0.5, 30.0, True), (30.0, 0.3, False)):
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD_LOCK.format(held_s), str(path)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert holder.stdout is not None
            holder.stdout.readline()
            if arrives:
                with open_reader(path, patience_s=patience_s) as reader:
                    assert len(reader.runs()) == 1
            else:
                started_s = time.monotonic()
                with pytest.raises(StoreBusyError, match="locked"), open_reader(path, patience_s=patience_s):
                    pass
                assert time.monotonic() - started_s < 10
        finally:
            holder.kill()
            holder.wait()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_forbidden_file_is_not_called_damaged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, claim: RunClaim, read_only: bool
) -> None:
    path = tmp_path / "runs.duckdb"
    write_run(path, claim)

    def refuse(*_: object, **__: object) -> None:
        # What DuckDB says; as root, which tests may run as, no file is forbidden.
        raise duckdb.IOException(f'IO Error: Cannot open file "{path}": Permission denied')

    monkeypatch.setattr(duckdb, "connect", refuse)
    opening = open_for_reading(path) if read_only else open_for_writing(path)
    with pytest.raises(StoreError, match="cannot be read" if read_only else "cannot be written to") as caught, opening:
        pass
    assert "damaged" not in str(caught.value) and "Copy the database" in str(caught.value)
