"""The files that a command is about to write: none of them takes the place of what must stay."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from rdpt_core.atomic_write import is_stream
from rdpt_core.errors import UsageError
from rdpt_core.store.files import is_database

_SQLITE = b"SQLite format 3\0"


def check_outputs(outputs: Mapping[str, Path], inputs: Mapping[str, Iterable[Path]]) -> None:
    """Check every file that a command writes, before it writes one. Streams, such as a pipe, have no place to take.

    Args:
        outputs: where the files go, by the flag that names them, or that they follow from.
        inputs: the files and folders that the command reads, by flag.

    Raises:
        UsageError: an output is an input of the command under whatever name, another output, or a database.
    """
    files = {flag: path for flag, path in outputs.items() if not is_stream(path)}
    for number, (flag, path) in enumerate(files.items()):
        for other, paths in inputs.items():
            if any(_is_same(path, read) for read in paths):
                raise _refusal("an input of the command", flag, path, f"the file of {other}")
        for other, written in list(files.items())[:number]:
            if _is_same(path, written):
                raise _refusal("another output of the command", flag, path, f"the file of {other}")
        kind = _database_kind(path)
        if kind is not None:
            raise _refusal("a database", flag, path, kind)


def _refusal(what: str, flag: str, path: Path, got: str) -> UsageError:
    return UsageError(f"this would overwrite {what}", where=f"{flag} {path}", expected="another file", got=got)


def _is_same(path: Path, other: Path) -> bool:
    """Whether both name one file, through links too; of files that are not there yet, whether both would."""
    try:
        return path.samefile(other)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(other)


def _database_kind(path: Path) -> str | None:
    if is_database(path):
        return "a DuckDB file"
    try:
        with path.open("rb") as stream:
            return "an SQLite file, as notes are" if stream.read(len(_SQLITE)) == _SQLITE else None
    except OSError:
        return None
