"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rdpt_core.errors import InputError


@contextmanager
def atomic_write(path: Path, what: str) -> Iterator[Path]:
    """A temporary file beside `path`, which takes its place once the block ends without an error.

    Beside it, since a rename is atomic within one file system only.

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
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{what} cannot be written", where=str(path), got=str(error)) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


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
        raise InputError(f"{what} cannot be written", where=str(path), got=str(error)) from error
