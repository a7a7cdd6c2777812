"""What people add to a database: a SQLite file beside it, `DB.notes.sqlite`, never inside it.

The database is evidence: it is opened read-only, copied and sent around. What somebody thinks about it lives in a file
of its own, which may be copied along or left behind. SQLite, because several processes may write a line at any moment,
and each waits its turn; with its plain journal, because then the one file is everything, on every kind of disk.

    notes        one row a note on a trace or on one of its sentences
    basket       one row a question whose candidate was chosen by hand
    patterns     one row a pattern: sentences of one kind, kept by name

The file appears with the first thing that is written. Until then every question has an empty answer. It lies beside
the database itself, whatever links lead there, and is as little trusted as that: it may come from anywhere.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import UnionType
from typing import Any

from rdpt_core.errors import NO_ROOM, SidecarError, room_at
from rdpt_core.store.files import real_path

SUFFIX = ".notes.sqlite"

PATIENCE_S = 5.0

# "RDPT" in ASCII: what tells our file from any other SQLite file.
APPLICATION_ID = 0x52445054

_NOTES = (
    """
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again after a deletion
        created_at TEXT NOT NULL,              -- UTC, ISO 8601 with seconds
        updated_at TEXT NOT NULL,
        run_id TEXT NOT NULL,                  -- the run that was looked at
        trace_id TEXT NOT NULL,
        trace_hash TEXT NOT NULL,              -- of the response that was looked at: see analysis.fingerprint
        sentence_index INTEGER,                -- NULL: the note is on the whole trace
        char_start INTEGER,                    -- half-open, in code points of the response
        char_end INTEGER,
        quote TEXT NOT NULL,                   -- the sentence as it was; empty for a whole trace
        text TEXT NOT NULL,
        tags TEXT NOT NULL,                    -- JSON list of texts
        CHECK ((sentence_index IS NULL) = (char_start IS NULL)),
        CHECK ((char_start IS NULL) = (char_end IS NULL))
    )
    """,
    "CREATE INDEX notes_by_trace ON notes (trace_id)",
)

_BASKET = (
    """
    CREATE TABLE basket (
        run_id TEXT NOT NULL,
        benchmark TEXT NOT NULL,
        question_id TEXT NOT NULL,
        trace_id TEXT NOT NULL,                -- the candidate that was chosen by hand
        reason TEXT NOT NULL,
        chosen_at TEXT NOT NULL,               -- UTC, ISO 8601 with seconds
        PRIMARY KEY (run_id, benchmark, question_id)
    )
    """,
)

_PATTERNS = (
    """
    CREATE TABLE patterns (
        name TEXT PRIMARY KEY,
        how TEXT NOT NULL,                     -- text, expression, kind or tag
        family TEXT NOT NULL,                  -- of a kind; empty otherwise
        value TEXT NOT NULL,                   -- what is looked for
        match_case INTEGER NOT NULL,           -- 0 or 1
        saved_at TEXT NOT NULL                 -- UTC, ISO 8601 with seconds
    )
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_NOTES, _BASKET, _PATTERNS)
"""Entry n leads from version n to version n + 1. Never edit an entry that was released: append one, with its tables."""

VERSION = len(MIGRATIONS)


def sidecar_path(database: Path) -> Path:
    """Where the sidecar of a database is, whether or not it exists: beside the file itself. Earlier versions wrote it
    beside a link to the file; such a one is used while there is no other."""
    beside_file, beside_link = _places(database)
    return beside_link if beside_link.exists() and not beside_file.exists() else beside_file


def _places(database: Path) -> tuple[Path, Path]:
    file = real_path(database)
    return file.with_name(file.name + SUFFIX), database.with_name(database.name + SUFFIX)


def _check_single(database: Path) -> None:
    """Refuse to choose between two files: whichever were taken, notes would seem to be lost."""
    beside_file, beside_link = _places(database)
    if beside_file.exists() and beside_link.exists() and not beside_file.samefile(beside_link):
        raise SidecarError(
            "this database has two files of notes: beside itself, and beside the link to it",
            where=f"{beside_file} and {beside_link}",
            expected="one, beside the database itself",
            hint="Move one of them away; nothing of either is read or changed.",
        )


@contextmanager
def open_sidecar(database: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection to the sidecar of a database, at the present schema version, closed at the end.

    Rows come as `sqlite3.Row`. For reading, a sidecar that does not exist is empty and is not made.

    Args:
        write: make the file if there is none, and hold one transaction that commits at the end; an exception rolls it
            back. Others who write meanwhile wait up to `PATIENCE_S` seconds.

    Raises:
        SidecarError: the file is not ours, newer than this program, locked for too long, or cannot be read or written.
    """
    _check_single(database)
    path = sidecar_path(database)
    with _explained(path, write=write):
        connection = _connect(path, write=write)
        try:
            if _checked_version(connection, path) < VERSION:
                connection = connection if write else _copied_to_memory(connection)
                _migrate(connection, path)
            connection.row_factory = sqlite3.Row
            if write:
                connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
        finally:
            connection.close()


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    # Transactions begin where the code says so (`isolation_level=None`), never behind its back.
    if not path.exists() and not write:
        return sqlite3.connect(":memory:", isolation_level=None)
    return sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)


def _copied_to_memory(connection: sqlite3.Connection) -> sqlite3.Connection:
    """A copy to migrate where reading must not write: an older file in a folder that belongs to somebody else."""
    with closing(connection):
        copy = sqlite3.connect(":memory:", isolation_level=None)
        connection.backup(copy)
    return copy


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema to the present version. Of several processes that try at once, one does it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(_checked_version(connection, path), VERSION):
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
        connection.execute(f"PRAGMA user_version = {VERSION:d}")
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _checked_version(connection: sqlite3.Connection, path: Path) -> int:
    # One statement, so that all three are read of the same moment.
    application, version, n_tables = connection.execute(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master) "
        "FROM pragma_application_id, pragma_user_version"
    ).fetchone()
    if application != APPLICATION_ID and (n_tables or version):
        raise SidecarError(
            "the file beside the database is not a file of its notes",
            where=str(path),
            expected="a file that RDPT Explorer wrote",
            got="another SQLite file",
            hint="Move it away: nothing of it is read or changed.",
        )
    if version > VERSION:
        raise SidecarError(
            "the notes were written by a newer version of RDPT Explorer",
            where=str(path),
            expected=f"version {VERSION} or older",
            got=f"version {version}",
            hint="Update RDPT Explorer; nothing of the file is changed.",
        )
    return int(version)


@contextmanager
def _explained(path: Path, *, write: bool) -> Iterator[None]:
    """Turn what SQLite says of a folder, a lock or a damaged file into an error for the user."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        primary = None if code is None else code & 0xFF
        if primary == sqlite3.SQLITE_BUSY:
            raise SidecarError(
                "the notes stayed locked by another process",
                where=str(path),
                expected=f"the lock to be free within {PATIENCE_S:g} s",
                hint="Try again; nothing was written.",
            ) from error
        if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            raise SidecarError(
                "the notes cannot be " + ("written" if write else "read"),
                where=str(path),
                expected=f"a folder and a file that this program may {'write to' if write else 'read'}",
                got=str(error),
                hint="Copy the database into a folder of your own and open it there.",
            ) from error
        if primary == sqlite3.SQLITE_FULL:
            raise SidecarError(
                "the notes cannot be written: there is no room on the disk",
                where=str(path),
                got=f"{error} ({room_at(path)})",
                hint=NO_ROOM.hint,
            ) from error
        raise _unusable(path, str(error)) from error
    except UnicodeDecodeError as error:
        # SQLite's words for damage quote the damage.
        raise _unusable(path, "text that is not UTF-8") from error


def checked_rows(
    database: Path, rows: list[sqlite3.Row], kinds: Mapping[str, type | UnionType]
) -> Iterator[dict[str, Any]]:
    """Rows of the sidecar of a database as dictionaries, each value of the kind that its column holds: SQLite itself
    keeps any kind in any column.

    Raises:
        SidecarError: a value is of another kind.
    """
    for row in rows:
        for name, kind in kinds.items():
            if not isinstance(row[name], kind):
                raise _unusable(sidecar_path(database), f"`{name}` = {row[name]!r:.60}")
        yield {name: row[name] for name in kinds}


def _unusable(path: Path, got: str) -> SidecarError:
    return SidecarError(
        "the notes cannot be used",
        where=str(path),
        expected="a file that RDPT Explorer wrote",
        got=got,
        hint="Move the file away to begin new notes; nothing of it is changed.",
    )
