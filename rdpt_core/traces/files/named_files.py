"""The files that stand behind what the user named: a file, a folder, a pipe or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from rdpt_core.errors import InputError
from rdpt_core.traces.files.source import Source, unreadable


def named_files(given: Path | Literal["-"]) -> Iterator[tuple[Source, bool]]:
    """Files of what the user named, and whether the user named the file itself.

    Raises:
        InputError: there is nothing of that name, a folder is empty, or a pipe cannot be read.
    """
    if given == "-":
        yield Source.of_stream("standard input", sys.stdin.buffer), True
        return
    if not given.exists():
        raise InputError("there is no such file or folder", where=str(given))
    if given.is_file():
        yield Source(given.name, given), True
        return
    if not given.is_dir():  # a pipe, which can be read only once
        try:
            with given.open("rb") as stream:
                yield Source.of_stream(given.name, stream), True
        except OSError as error:
            raise unreadable(given.name, error) from error
        return
    files = sorted(path for path in given.rglob("*") if path.is_file() and not _is_hidden(path.relative_to(given)))
    if not files:
        raise InputError("a folder is empty", where=str(given), expected="files of traces")
    for path in files:
        yield Source(path.relative_to(given).as_posix(), path), False


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
