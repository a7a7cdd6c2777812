"""Migrations lead from every older file to the present schema and lose no row."""

from __future__ import annotations

from pathlib import Path

import duckdb

from rdpt_core.records import ROLES, Role, RunClaim
from rdpt_core.store.connect import open_for_reading, open_for_writing
from rdpt_core.store.reader import open_reader
from rdpt_core.store.schema import MIGRATIONS, SCHEMA_VERSION
from tests.support import synthetic

from .conftest import write_run


def test_a_file_of_version_1_keeps_its_rows_and_takes_ranks(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "one.duckdb"
    write_run(path, claim)
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE local_scores; ALTER TABLE tokens DROP COLUMN rank")
        connection.execute("ALTER TABLE sentences DROP COLUMN is_mark")
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


def test_a_file_of_version_2_learns_which_sentences_are_marks(tmp_path: Path) -> None:
    # With the spans that version 1 of the splitter made: a channel's name stood alone.
    pieces = ("<|channel|>", "analysis", "<|message|>", "It is 2, or «è». ", "final", "<|end|>\n", "Two.")
    path = tmp_path / "two.duckdb"
    synthetic.build(path, [synthetic.Sketch("harmony", "q", tuple((piece, "Shared") for piece in pieces))])
    with duckdb.connect(str(path)) as connection:
        connection.execute("ALTER TABLE sentences DROP COLUMN is_mark")
        connection.execute("UPDATE store_info SET value = '2' WHERE key = 'schema_version'")
    with open_reader(path) as reader:
        (run,) = reader.runs()
        reader.check(run, with_texts=True)
        marks = reader.query("SELECT is_mark FROM sentences ORDER BY sentence_index").column("is_mark").to_pylist()
    assert marks == [True, True, True, False, False, True, False]


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
