"""The database of a run that is under way, which must still be the one in which the run was claimed.

A run opens and closes the file for hours, and by its name only. A backup that is restored meanwhile, or another
database that is moved there, holds other runs under the same small numbers. So whatever is read or written of a claimed
run is read or written in a transaction that has first found its id.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from rdpt_core.errors import StoreEmptyError, StoreError, StoreMissingError
from rdpt_core.records import RunKey
from rdpt_core.store.connect import WRITE_PATIENCE_S, open_for_reading, open_for_writing
from rdpt_core.store.files import file_identity, real_path
from rdpt_core.store.reader import Reader
from rdpt_core.store.schema import SCHEMA_VERSION, read_version


@contextmanager
def read_claimed(path: Path, run: RunKey) -> Iterator[Reader]:
    """A reader of the database that holds this run; waits as long as a writer would.

    Raises:
        StoreError: the database is gone, or another one.
    """
    try:
        with open_for_reading(path, patience_s=WRITE_PATIENCE_S, as_found=True) as connection:
            check_claimed(connection, run)
            yield Reader(connection, (real_path(path), file_identity(path)))
    except StoreMissingError as error:
        raise _replaced(run, "no file there", path) from error
    except StoreEmptyError as error:
        raise _replaced(run, "no run in it", path) from error


@contextmanager
def write_claimed(path: Path, run: RunKey) -> Iterator[duckdb.DuckDBPyConnection]:
    """One transaction on the database that holds this run.

    Raises:
        StoreError: the database is gone, or another one; nothing is written.
    """
    try:
        with open_for_writing(path, as_found=True) as connection:
            check_claimed(connection, run)
            yield connection
    except StoreMissingError as error:
        raise _replaced(run, "no file there", path) from error


def check_claimed(connection: duckdb.DuckDBPyConnection, run: RunKey) -> None:
    """Find the run where it was claimed, which brought the schema up to date.

    Raises:
        StoreError: another run, or none, has its number, or the schema is another one.
    """
    version = read_version(connection)
    if version != SCHEMA_VERSION:
        raise _replaced(run, "no run in it" if version is None else f"a database of schema version {version}")
    rows = connection.execute("SELECT run_id FROM runs WHERE run_no = ?", [run.run_no]).fetchall()
    if rows != [(run.run_id,)]:
        raise _replaced(run, f"run {rows[0][0]} in its place" if rows else "no such run in it")


def _replaced(run: RunKey, got: str, path: Path | None = None) -> StoreError:
    return StoreError(
        "the database was replaced while a command was at work on it",
        where=None if path is None else str(path),
        expected=f"run {run.run_id}, number {run.run_no}",
        got=got,
        hint="Nothing was written to what is there now. What the run had stored is in the file that was moved away, if "
        "there still is one: with that as --db, the same command goes on.",
    )
