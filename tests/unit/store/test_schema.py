"""Migrations lead from every older file to the present schema and lose no row."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from rdpt_core.records import ROLES, Role, RunClaim
from rdpt_core.store.connect import open_for_reading, open_for_writing
from rdpt_core.store.reader import open_reader
from rdpt_core.store.schema import MIGRATIONS, SCHEMA_VERSION
from tests.support import synthetic

from .conftest import CODE, write_companion, write_run

UNDO = {
    1: "DROP TABLE local_scores; ALTER TABLE tokens DROP COLUMN rank;"
    + "".join(f"ALTER TABLE sentences DROP COLUMN rank_sum_{role};" for role in ROLES),
    2: "ALTER TABLE sentences DROP COLUMN is_mark;",
    3: "ALTER TABLE traces DROP COLUMN teacher_id;"
    + "".join(
        f"ALTER TABLE run_models DROP COLUMN {name};" for name in ("name", "identity", "environment", "finished_at")
    ),
    4: "DROP TABLE importance; DROP TABLE known_writers; ALTER TABLE local_scores DROP COLUMN with_prompt;",
    5: "DROP TABLE training_sets; DROP TABLE training_sentences; DROP TABLE overlap;",
}
"""Version → what the migration to the next one added, taken away."""


def make_older(path: Path, version: int) -> None:
    """Take a file back to an older schema."""
    with duckdb.connect(str(path)) as connection:
        for number in range(SCHEMA_VERSION - 1, version - 1, -1):
            connection.execute(UNDO[number])
        connection.execute("UPDATE store_info SET value = ? WHERE key = 'schema_version'", [str(version)])


def test_a_file_of_version_1_keeps_its_rows_and_takes_ranks(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "one.duckdb"
    write_run(path, claim)
    make_older(path, 1)
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
    make_older(path, 2)
    with open_reader(path) as reader:
        (run,) = reader.runs()
        reader.check(run, with_texts=True)
        marks = reader.query("SELECT is_mark FROM sentences ORDER BY sentence_index").column("is_mark").to_pylist()
    assert marks == [True, True, True, False, False, True, False]


@pytest.mark.parametrize("version", UNDO)
def test_every_older_file_takes_companions(tmp_path: Path, claim: RunClaim, version: int) -> None:
    path = tmp_path / "older.duckdb"
    run = write_run(path, claim)
    make_older(path, version)
    with open_reader(path) as reader:
        (stored,) = reader.runs()
        assert (stored.run_id, stored.models, stored.companions) == (claim.run_id, claim.models, ())
        assert [trace.teacher_id for trace in reader.traces(1, 0, 2)] == [None, None]
    write_companion(path, run)
    with open_reader(path) as reader:
        assert [companion.role for companion in reader.run(None).companions] == [CODE]


def test_migrations_from_blank_and_from_the_oldest(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE store_info (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)")
        connection.execute("INSERT INTO store_info VALUES ('schema_version', '0')")
    columns = "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() ORDER BY ALL"
    with open_for_reading(path) as connection:
        from_oldest = connection.sql(columns).fetchall()
    with open_for_writing(tmp_path / "new.duckdb"):
        pass
    with open_for_reading(tmp_path / "new.duckdb") as connection:
        assert connection.sql(columns).fetchall() == from_oldest
    assert len(MIGRATIONS) == SCHEMA_VERSION
