"""The database as a file: where it is, which state it is in, whether it is one, and how a new one appears."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from rdpt_core.atomic_write import part_of
from rdpt_core.errors import FORBIDDEN, StoreError, StoreForbiddenError, StoreVersionError, refusal_of

if sys.platform != "win32":
    import fcntl

# Every DuckDB file has these bytes behind a checksum.
_MAGIC, _MAGIC_OFFSET = b"DUCK", 8

Identity = tuple[int, ...]

_guard = threading.Lock()
_n_open: Counter[tuple[int, int]] = Counter()
"""Connections of this process, by device and inode of their files."""


def real_path(database: Path) -> Path:
    """The file itself, whatever links lead to it. DuckDB keeps what belongs to a database beside that."""
    return Path(os.path.realpath(database))


def log_path(database: Path) -> Path:
    """Where DuckDB keeps commits that are not in the database itself yet: after a killed process, or while one writes.
    It is part of the database: readers see what it holds."""
    file = real_path(database)
    return file.with_name(f"{file.name}.wal")


def file_identity(path: Path) -> Identity:
    """Time of the last write in ns, size in bytes, and inode, of the database and of its log; changes whenever one of
    them is written or replaced.

    Zeros for what is not there.
    """
    return (*_state(path), *_state(log_path(path)))


def inode_of(identity: Identity) -> int:
    """What of a database's identity changes only when it is replaced."""
    return identity[2]


def _state(path: Path) -> Identity:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def is_there(path: Path) -> bool:
    """Whether there is anything that could be a database. A file of 0 bytes is none: an interrupted program, or one
    that makes names for files, left it."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # Whoever opens it is told why it cannot be looked at.
        return True
    return not stat.S_ISREG(status.st_mode) or status.st_size > 0


def make_whole(path: Path, make: Callable[[Path], None]) -> None:
    """Let `make` write a new database, and put it where there is none so far. No half-made file is ever there.

    Args:
        make: writes a database to a path at which there is nothing.

    Raises:
        OSError: the folder cannot be written to.
    """
    file = real_path(path)
    with part_of(file, as_folder=True) as folder:
        new = folder / "new.duckdb"
        make(new)
        # Threads wait too: see `checked_file` on closing a file that is open elsewhere in the process.
        with _guard:
            if not is_there(file):
                _put(new, file)


def _put(new: Path, file: Path) -> None:
    """Move a new database to where there is none, unless another process is faster.

    An empty file is no database, so it can stand there to be locked: one process after the other looks and moves.
    """
    with file.open("ab") as empty:
        _lock(empty)
        if is_there(file):
            return
        # Left of a database that is gone: DuckDB would take it for the log of the new one.
        log_path(file).unlink(missing_ok=True)
        os.chmod(new, stat.S_IMODE(os.fstat(empty.fileno()).st_mode))
        if sys.platform == "win32":
            # What is open cannot be replaced there.
            empty.close()
        os.replace(new, file)


def _lock(stream: IO[bytes]) -> None:
    """Wait for a lock on an open file, which closing it frees. None where there are no locks."""
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.lockf(stream, fcntl.LOCK_EX)


@contextmanager
def checked_file(path: Path) -> Iterator[os.stat_result]:
    """Around a connection: refuses what is no DuckDB database before DuckDB sees it, which would open tables of other
    formats in ways of its own. Yields how the file was found.

    Raises:
        StoreVersionError: the file begins like something else.
        StoreError: it cannot be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    key = (status.st_dev, status.st_ino)
    with _guard:
        # Closing a file frees all locks that the process has on it, DuckDB's too: so a file that is open here, and was
        # looked at when it was opened, is left alone.
        if not _n_open[key]:
            _check_magic(path, is_file=stat.S_ISREG(status.st_mode))
        _n_open[key] += 1
    try:
        yield status
    finally:
        with _guard:
            _n_open[key] -= 1
            if not _n_open[key]:
                del _n_open[key]


def is_database(path: Path) -> bool:
    """Whether a file begins like a DuckDB database. One that this process has open is not opened again: it was looked
    at then, and closing it again would free its lock."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return False
        with _guard:
            return bool(_n_open[status.st_dev, status.st_ino]) or _head(path)[_MAGIC_OFFSET:] == _MAGIC
    except OSError:
        return False


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(len(_MAGIC) + _MAGIC_OFFSET)


def _check_magic(path: Path, *, is_file: bool) -> None:
    try:
        head = _head(path) if is_file else b""
    except OSError as error:
        raise _unreadable(path, error) from error
    if head[_MAGIC_OFFSET:] != _MAGIC:
        raise StoreVersionError(
            "this file is not a DuckDB database",
            where=str(path),
            expected="a database written by `rdpt score`",
            got=f"a file that begins with {head[:8]!r}" if is_file else "a device, a pipe or a folder",
            hint="Give another --db path.",
        )


def _unreadable(path: Path, error: OSError) -> StoreError:
    refusal = refusal_of(error)
    kind = StoreForbiddenError if refusal is FORBIDDEN else StoreError
    hint = None if refusal is None else refusal.hint
    return kind("the database cannot be read", where=str(path), got=error.strerror or str(error), hint=hint)
