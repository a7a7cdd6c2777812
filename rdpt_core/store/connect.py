"""Opening the database: one writer or several readers at a time, each for a moment.

DuckDB locks the whole file: while a writer holds it no reader gets in, and the other way round. So a run opens,
commits and closes for every batch, and the app opens read-only for one page and retries while a batch is written.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from rdpt_core.errors import StoreBusyError, StoreEmptyError, StoreError, StoreMissingError
from rdpt_core.store.failures import is_taken, making_failed, opening_failed, using_failed
from rdpt_core.store.files import checked_file, is_there, make_whole, real_path
from rdpt_core.store.schema import SCHEMA_VERSION, check_version, migrate, read_version

READ_PATIENCE_S = 10.0
WRITE_PATIENCE_S = 120.0

# A database may come from anywhere: nothing that it holds may read or write another file, or load an extension.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "lock_configuration": True,
}


@contextmanager
def _connected(
    path: Path, *, read_only: bool, patience_s: float, memory: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a file that is there; what goes wrong with it is explained."""
    with checked_file(path) as found:
        connection = _connect(path, read_only=read_only, patience_s=patience_s, memory=memory)
        try:
            with _explained(path, read_only=read_only):
                if not read_only:
                    _refuse_new(connection, path, found)
                yield connection
        finally:
            connection.close()


def _refuse_new(connection: duckdb.DuckDBPyConnection, path: Path, found: os.stat_result) -> None:
    """A file that went away after it was found: DuckDB has made a new one, with nothing in it, which goes again.

    Raises:
        StoreMissingError: it did.
    """
    try:
        now = path.stat()
        # The inode alone would not tell: a new file is given that of one that was just deleted.
        if (now.st_ino, now.st_ctime_ns) == (found.st_ino, found.st_ctime_ns) or read_version(connection) is not None:
            return
        real_path(path).unlink()
    except FileNotFoundError:
        pass
    raise _missing(path)


def _connect(path: Path, *, read_only: bool, patience_s: float, memory: str | None) -> duckdb.DuckDBPyConnection:
    config = _CONFIG if memory is None else {**_CONFIG, "memory_limit": memory}
    deadline = time.monotonic() + patience_s
    while True:
        try:
            # Absolute, so that no part of the name is taken as a kind of database.
            return duckdb.connect(str(real_path(path)), read_only=read_only, config=config)
        except duckdb.Error as error:
            if not is_taken(error):
                raise opening_failed(error, path, read_only=read_only) from error
            if time.monotonic() > deadline:
                raise StoreBusyError(
                    "the database stayed locked by another process, or another part of this one",
                    where=str(path),
                    expected=f"the lock to be free within {patience_s:.0f} s",
                    hint="Another `score` may be writing to it: wait for it, or stop it.",
                ) from error
            # Jitter, so that a reader and a writer do not keep missing each other.
            time.sleep(0.01 + 0.04 * random.random())
            if not is_there(path):  # DuckDB would make a new one.
                raise _missing(path) from error


@contextmanager
def _explained(path: Path, *, read_only: bool) -> Iterator[None]:
    """Turn what DuckDB says of a damaged file or a full disk into an error for the user."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.Error as error:
        raise using_failed(error, path, read_only=read_only) from error
    except StoreError as error:
        error.where = error.where or str(path)
        raise


@contextmanager
def open_for_reading(
    path: Path, *, patience_s: float = READ_PATIENCE_S, memory: str | None = None, as_found: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection, closed at the end so that a writer is never starved.

    A file of an older schema is migrated first.

    Args:
        as_found: leave an older schema as it is.
        memory: the most that DuckDB takes for pages and work, such as `2GB`; None leaves it most of the machine.

    Raises:
        StoreMissingError: there is no such file.
        StoreBusyError: a writer held the file for longer than `patience_s` seconds.
        StoreVersionError: not one of our files, empty, or newer than this program.
    """
    if not is_there(path):
        raise _missing(path)
    with _connected(path, read_only=True, patience_s=patience_s, memory=memory) as connection:
        version = read_version(connection)
        if version is None:
            raise StoreEmptyError(
                "the database is empty",
                expected="at least one run",
                hint="Score traces into it with `rdpt score`.",
            )
        check_version(version)
        if as_found or version == SCHEMA_VERSION:
            yield connection
            return
    with open_for_writing(path, patience_s=patience_s):
        pass
    with _connected(path, read_only=True, patience_s=patience_s, memory=memory) as connection:
        yield connection


@contextmanager
def open_for_writing(
    path: Path, *, patience_s: float = WRITE_PATIENCE_S, as_found: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writable connection to an up-to-date schema, inside one transaction that commits at the end.

    An exception rolls everything back. The file is closed again either way, so that readers get their turn.

    Args:
        as_found: make no file where there is none, and leave an older schema as it is.

    Raises:
        StoreMissingError: there is no such file, and none is to be made.
        StoreBusyError: another process held the file for longer than `patience_s` seconds.
        StoreForbiddenError: this program may not write to the file.
        StoreVersionError: not one of our files, or newer than this program.
    """
    if not is_there(path):
        if as_found:
            raise _missing(path)
        _make(path)
    with _connected(path, read_only=False, patience_s=patience_s) as connection:
        if not as_found:
            migrate(connection)
        connection.execute("BEGIN")
        try:
            yield connection
        except BaseException:
            # After a failed statement there may be nothing left to roll back.
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _missing(path: Path) -> StoreMissingError:
    return StoreMissingError(
        "there is no database yet",
        where=str(path),
        expected="a file written by `rdpt score`",
        hint="Run `rdpt demo` for the bundled example, or `rdpt score --help` for your own traces.",
    )


def _make(path: Path) -> None:
    """A new database without a run."""

    def make(new: Path) -> None:
        with _explained(path, read_only=False), duckdb.connect(str(new), config=_CONFIG) as connection:
            migrate(connection)
            # Closing would do it too, but says nothing if there is no room, and leaves half of it in the log.
            connection.execute("CHECKPOINT")

    try:
        real_path(path).parent.mkdir(parents=True, exist_ok=True)
        make_whole(path, make)
    except OSError as error:
        raise making_failed(error, path) from error
