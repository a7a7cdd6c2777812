"""Opening the database: one writer or several readers at a time, each for a moment.

DuckDB locks the whole file: while a writer holds it no reader gets in, and the other way round. So a run opens,
commits and closes for every batch, and the app opens read-only for one page and retries while a batch is written.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from rdpt_core.errors import StoreBusyError, StoreEmptyError, StoreError, StoreMissingError, StoreVersionError
from rdpt_core.store.schema import SCHEMA_VERSION, check_version, migrate, read_version

# Every DuckDB file has these bytes behind a checksum.
_MAGIC, _MAGIC_OFFSET = b"DUCK", 8

READ_PATIENCE_S = 10.0
WRITE_PATIENCE_S = 120.0

# A database may come from anywhere: nothing that it holds may read or write another file, or load an extension.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "lock_configuration": True,
}


Identity = tuple[int, int, int]


def file_identity(path: Path) -> Identity:
    """(time of the last write in ns, size in bytes, inode); changes whenever the file is written or replaced.

    Zeros if there is none.
    """
    try:
        stat = path.stat()
    except OSError:
        return (0, 0, 0)
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _open(path: Path, *, read_only: bool, patience_s: float, memory: str | None = None) -> duckdb.DuckDBPyConnection:
    _check_magic(path)
    config = _CONFIG if memory is None else {**_CONFIG, "memory_limit": memory}
    deadline = time.monotonic() + patience_s
    while True:
        try:
            # Absolute, so that no part of the name is taken as a kind of database.
            return duckdb.connect(str(path.absolute()), read_only=read_only, config=config)
        except duckdb.Error as error:
            if isinstance(error, duckdb.IOException) and _is_forbidden(str(error)):
                raise StoreError(
                    f"the database cannot be {'read' if read_only else 'written to'}",
                    where=str(path),
                    expected=f"a file and a folder that this program may {'read' if read_only else 'write to'}",
                    got=str(error).splitlines()[0],
                    hint="Copy the database into a folder of your own and open it there: an older one is brought to "
                    "the present schema when it is first opened.",
                ) from error
            if not _is_taken(error):
                raise StoreVersionError(
                    "this file is not a DuckDB database, is damaged, or a newer DuckDB wrote it",
                    where=str(path),
                    expected="a database written by `rdpt score`",
                    got=str(error).splitlines()[0],
                    hint="Give another --db path, or score again into a new file.",
                ) from error
            if time.monotonic() > deadline:
                raise StoreBusyError(
                    "the database stayed locked by another process, or another part of this one",
                    where=str(path),
                    expected=f"the lock to be free within {patience_s:.0f} s",
                    hint="Another `score` may be writing to it: wait for it, or stop it.",
                ) from error
            # Jitter, so that a reader and a writer do not keep missing each other.
            time.sleep(0.01 + 0.04 * random.random())


def _is_taken(error: duckdb.Error) -> bool:
    """Whether somebody else has the file open for something else: another process, or a thread of this one."""
    # DuckDB tells a lock apart from other faults, and one process's two ways of opening a file, in words only.
    return (isinstance(error, duckdb.IOException) and "Could not set lock on file" in str(error)) or (
        isinstance(error, duckdb.ConnectionException) and "with a different configuration" in str(error)
    )


def _is_forbidden(message: str) -> bool:
    # DuckDB has one class for all of these, and tells them apart in words only.
    return any(words in message for words in ("Permission denied", "Read-only file system", "Operation not permitted"))


def _check_magic(path: Path) -> None:
    """Refuse a file that exists and is no DuckDB database: DuckDB opens some other kinds in ways of its own.

    Raises:
        StoreVersionError: the file begins like something else.
    """
    if not path.exists():
        return
    try:
        with path.open("rb") as stream:
            head = stream.read(len(_MAGIC) + _MAGIC_OFFSET)
    except OSError as error:
        raise StoreError("the database cannot be read", where=str(path), got=str(error)) from error
    if head[_MAGIC_OFFSET:] != _MAGIC:
        raise StoreVersionError(
            "this file is not a DuckDB database",
            where=str(path),
            expected="a database written by `rdpt score`",
            got="an empty file" if not head else f"a file that begins with {head[:8]!r}",
            hint="Give another --db path.",
        )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what DuckDB says of a damaged file or a full disk into an error for the user."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.Error as error:
        raise StoreError(
            "the database is damaged, or there is no room to write",
            where=str(path),
            expected="a database written by `rdpt score`",
            got=str(error).splitlines()[0],
            hint="Score again into a new file.",
        ) from error
    except StoreError as error:
        error.where = error.where or str(path)
        raise


@contextmanager
def open_for_reading(
    path: Path, *, patience_s: float = READ_PATIENCE_S, memory: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection, closed at the end so that a writer is never starved.

    A file of an older schema is migrated first.

    Args:
        memory: the most that DuckDB takes for pages and work, such as `2GB`; None leaves it most of the machine.

    Raises:
        StoreMissingError: there is no such file.
        StoreBusyError: a writer held the file for longer than `patience_s` seconds.
        StoreVersionError: not one of our files, empty, or newer than this program.
    """
    if not path.is_file():
        raise StoreMissingError(
            "there is no database yet",
            where=str(path),
            expected="a file written by `rdpt score`",
            hint="Run `rdpt demo` for the bundled example, or `rdpt score --help` for your own traces.",
        )
    connection = _open(path, read_only=True, patience_s=patience_s, memory=memory)
    try:
        with _explained(path):
            version = read_version(connection)
            if version is None:
                raise StoreEmptyError(
                    "the database is empty",
                    expected="at least one run",
                    hint="Score traces into it with `rdpt score`.",
                )
            check_version(version)
            if version < SCHEMA_VERSION:
                connection.close()
                with open_for_writing(path, patience_s=patience_s):
                    pass
                connection = _open(path, read_only=True, patience_s=patience_s, memory=memory)
            yield connection
    finally:
        connection.close()


@contextmanager
def open_for_writing(path: Path, *, patience_s: float = WRITE_PATIENCE_S) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writable connection to an up-to-date schema, inside one transaction that commits at the end.

    An exception rolls everything back. The file is closed again either way, so that readers get their turn.

    Raises:
        StoreBusyError: another process held the file for longer than `patience_s` seconds.
        StoreVersionError: not one of our files, or newer than this program.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("the folder of the database cannot be made", where=str(path), got=str(error)) from error
    connection = _open(path, read_only=False, patience_s=patience_s)
    try:
        with _explained(path):
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
    finally:
        connection.close()
