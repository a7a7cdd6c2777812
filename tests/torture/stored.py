"""What a command left on the disk: runs that are right, and nothing half-made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.torture.verdicts import Broken

RUN_TABLES = ("run_models", "traces", "sentences", "tokens")


class Unreadable(Broken):
    """A database that DuckDB itself cannot read."""


@dataclass(frozen=True)
class StoredRun:
    """A run as a database holds it: rows of every table, without what tells one file's run from another's."""

    is_finished: bool
    rows: Mapping[str, tuple[Any, ...]]


def contents(database: Path) -> dict[str, StoredRun]:
    """Every run of a database by its id, the oldest first.

    Raises:
        Unreadable: the database cannot be read.
    """
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            runs = connection.execute(
                "SELECT run_no, run_id, finished_at IS NOT NULL FROM runs ORDER BY run_no"
            ).fetchall()
            return {
                run_id: StoredRun(is_finished, {name: _rows(connection, name, run_no) for name in _tables(connection)})
                for run_no, run_id, is_finished in runs
            }
    except duckdb.Error as error:
        raise Unreadable(f"{database.name} to be a whole database afterwards", str(error)) from error


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    return [name for name in (*RUN_TABLES, "local_scores") if name in found]


def _rows(connection: duckdb.DuckDBPyConnection, table: str, run_no: int) -> tuple[Any, ...]:
    # Where a model's folder lies is no part of a run.
    columns = "* EXCLUDE (run_no, model)" if table == "run_models" else "* EXCLUDE (run_no)"
    return tuple(
        connection.execute(f"SELECT {columns} FROM {table} WHERE run_no = ? ORDER BY ALL", [run_no]).fetchall()
    )


def check_runs(found: Mapping[str, StoredRun], known: Mapping[str, StoredRun]) -> None:
    """Equal ids, equal rows: all of them in a finished run, none that is wrong in an unfinished one.

    Local scores are left out: they belong to passes of their own.

    Raises:
        Broken: a run holds other rows than the undisturbed one, or nobody made it.
    """
    for run_id, run in found.items():
        if run_id not in known:
            raise Broken("only runs of the given inputs", f"a run {run_id} of a mixture")
        for table in known[run_id].rows.keys() - {"local_scores"}:
            rows, right = run.rows[table], known[run_id].rows[table]
            wrong = [row for row in rows if row not in right]
            if wrong:
                raise Broken(
                    f"the rows of {table} that the undisturbed run {run_id} has",
                    f"{len(wrong)} of {len(rows)} others: {str(wrong[0])[:160]}",
                )
            must_be_whole = run.is_finished or table in ("run_models", "traces")
            if must_be_whole and len(rows) != len(right):
                raise Broken(f"{len(right)} rows of {table} in run {run_id}", f"{len(rows)}")


def check_clean(folder: Path, *further: Path) -> None:
    """Nothing half-made is left. DuckDB's log is part of a database: a reader leaves it to the next writer.

    Raises:
        Broken: something is.
    """
    patterns = ("*.part", "*.tmp", "*-journal")
    left = [path.name for pattern in patterns for path in folder.glob(pattern)]
    left += [str(path) for other in further if other.is_dir() for path in other.iterdir()]
    if left:
        raise Broken("no temporary file left once the command has ended", ", ".join(left))
