"""Files that appear whole or not at all.

A part is the temporary file, or folder, that they are made in. It lies beside the file, since a rename is atomic within
one file system only, and is locked by its process: the system frees the lock of a process however it ends, so a part
that can be locked belongs to nobody and is removed by whoever writes the same file next.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rdpt_core.errors import InputError, reason_of, refusal_of

if sys.platform != "win32":
    import fcntl

_ENDING = ".part"


@contextmanager
def atomic_write(path: Path, what: str) -> Iterator[Path]:
    """A temporary file beside `path`, which takes its place once the block ends without an error.

    Args:
        path: the file to be.
        what: how a message calls it, such as "the export".

    Yields:
        The path to write to.

    Raises:
        InputError: the folder does not exist or cannot be written to.
    """
    if is_stream(path):
        yield from _written_to(path, what)
        return
    try:
        with part_of(path) as temporary:
            yield temporary
            os.replace(temporary, path)
    except OSError as error:
        raise unwritable(what, path, error) from error


def unwritable(what: str, path: Path, error: OSError) -> InputError:
    """The error for a file that the system refuses to write; `what` is how a message calls it."""
    refusal = refusal_of(error)
    return InputError(
        f"{what} cannot be written",
        where=str(path),
        got=reason_of(error, path),
        hint=None if refusal is None else refusal.hint,
    )


@contextmanager
def part_of(path: Path, *, as_folder: bool = False) -> Iterator[Path]:
    """A part of the file `path`: an empty file or folder that is gone at the end, unless it was moved away.

    Parts that killed processes left of the same file are removed first.

    Raises:
        OSError: the folder does not exist or cannot be written to.
    """
    _remove_dead_parts(path)
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}{_ENDING}")
    lock = _made_and_locked(part, as_folder=as_folder)
    try:
        yield part
    finally:
        if lock is not None:
            os.close(lock)
        _remove(part)


def _made_and_locked(part: Path, *, as_folder: bool) -> int | None:
    """Make a part; returns the open file that holds its lock, or None where there are no locks."""
    while True:
        if as_folder:
            part.mkdir()
        else:
            part.touch()
        if sys.platform == "win32":
            return None
        lock = os.open(part, os.O_RDONLY)
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        # Between the two, somebody may have taken it for a dead one.
        with suppress(OSError):
            if os.path.samestat(os.fstat(lock), os.stat(part)):
                return lock
        os.close(lock)


def _remove_dead_parts(path: Path) -> None:
    if sys.platform == "win32":
        return
    prefix = f".{path.name}."
    with suppress(OSError):
        for name in os.listdir(path.parent):
            if name.startswith(prefix) and name.endswith(_ENDING) and _is_part(name[len(prefix) : -len(_ENDING)]):
                _remove_if_dead(path.with_name(name))


def _is_part(middle: str) -> bool:
    """Whether this stands between the name of a file and the ending of its parts."""
    process, sign, thread = middle.partition("-")
    return bool(sign) and process.isdecimal() and thread.isdecimal()


def _remove_if_dead(part: Path) -> None:
    """Remove a part that nobody has locked. Where a file system knows no locks, it stays."""
    with suppress(OSError):
        # Neither through a link nor waiting for a pipe's writer: anybody may have made a file of this name.
        lock = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(part)
        finally:
            os.close(lock)


def _remove(part: Path) -> None:
    if part.is_dir() and not part.is_symlink():
        shutil.rmtree(part, ignore_errors=True)
        return
    with suppress(OSError):
        part.unlink()


def is_stream(path: Path) -> bool:
    """Whether the path leads to a device, a pipe or an open file of a process: written to, never replaced."""
    try:
        if not (path.exists() and path.is_file()):
            return path.exists() and not path.is_dir()
        # `/dev/stdout` may lead to a file, but replacing it would take it away from every other program.
        while path.is_symlink() and not _is_descriptor(path):
            path = path.parent / path.readlink()
        return _is_descriptor(path)
    except OSError:
        return False


def _is_descriptor(path: Path) -> bool:
    return path.parent.name == "fd" and os.path.realpath(path.parent).startswith("/proc/")


def _written_to(path: Path, what: str) -> Iterator[Path]:
    try:
        yield path
    except OSError as error:
        raise unwritable(what, path, error) from error
