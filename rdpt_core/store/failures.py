"""What DuckDB says of a full disk, short memory, a forbidden or a damaged file, as errors for the user."""

from __future__ import annotations

from pathlib import Path

import duckdb

from rdpt_core.errors import (
    FORBIDDEN,
    NO_MEMORY,
    NO_ROOM,
    Refusal,
    StoreError,
    StoreForbiddenError,
    StoreVersionError,
    refusal_in,
    refusal_of,
    room_at,
)
from rdpt_core.store.files import log_path


def is_taken(error: duckdb.Error) -> bool:
    """Whether somebody else has the file open for something else: another process, or a thread of this one."""
    # DuckDB tells a lock apart from other faults, and one process's two ways of opening a file, in words only.
    return (isinstance(error, duckdb.IOException) and "Could not set lock on file" in str(error)) or (
        isinstance(error, duckdb.ConnectionException) and "with a different configuration" in str(error)
    )


def opening_failed(error: duckdb.Error, path: Path, *, read_only: bool) -> StoreError:
    """Why a file could not be opened."""
    return _machine_failed(error, path, read_only=read_only) or StoreVersionError(
        "this file is not a DuckDB database, is damaged, or a newer DuckDB wrote it",
        where=str(path),
        expected="a database written by `rdpt score`",
        got=first_line(error),
        hint=_log_hint(error, path) or "Give another --db path, or score again into a new file.",
    )


def using_failed(error: duckdb.Error, path: Path, *, read_only: bool) -> StoreError:
    """Why an open database could not be read or written."""
    return _machine_failed(error, path, read_only=read_only) or StoreError(
        "the database is damaged",
        where=str(path),
        expected="a database written by `rdpt score`",
        got=first_line(error),
        hint="Score again into a new file.",
    )


def making_failed(error: OSError, path: Path) -> StoreError:
    """Why a new database could not be made."""
    refusal = refusal_of(error)
    if refusal is None:
        return StoreError("the database cannot be made", where=str(path), got=error.strerror or str(error))
    return _refused(refusal, path, error.strerror or str(error), read_only=False)


def first_line(error: duckdb.Error) -> str:
    """What DuckDB says, without its advice to programmers."""
    return next(iter(str(error).splitlines()), "")


def _machine_failed(error: duckdb.Error, path: Path, *, read_only: bool) -> StoreError | None:
    """The error if it is the machine's and not the file's."""
    refusal = NO_MEMORY if isinstance(error, duckdb.OutOfMemoryException) else refusal_in(str(error))
    return None if refusal is None else _refused(refusal, path, first_line(error), read_only=read_only)


def _refused(refusal: Refusal, path: Path, got: str, *, read_only: bool) -> StoreError:
    if refusal is FORBIDDEN:
        return StoreForbiddenError(
            f"the database cannot be {'read' if read_only else 'written to'}",
            where=str(path),
            expected=f"a file and a folder that this program may {'read' if read_only else 'write to'}",
            got=got,
            hint="Copy the database into a folder of your own and open it there: an older one is brought to the "
            "present schema when it is first opened.",
        )
    room = f" ({room_at(path)})" if refusal is NO_ROOM else ""
    return StoreError(refusal.what, where=str(path), got=got + room, hint=refusal.hint)


def _log_hint(error: duckdb.Error, path: Path) -> str | None:
    """What to do about a log that the database cannot be opened with."""
    if "WAL" not in str(error):
        return None
    return (
        f"If another file was put in this place, move {log_path(path)} away: it holds the last commits of the file "
        "that was here before."
    )
