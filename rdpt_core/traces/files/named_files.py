"""The files that stand behind what the user named: a file, a folder, a pipe or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

from rdpt_core.errors import InputError
from rdpt_core.traces.files.source import Source, unreadable

_BESIDE_ARROW = ("dataset_info.json", "state.json")


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
    files = sorted(
        path for path in given.rglob("*") if path.is_file() and not is_hidden(path.relative_to(given).as_posix())
    )
    if not files:
        raise InputError("a folder is empty", where=str(given), expected="files of traces")
    names = {path: path.relative_to(given).as_posix() for path in files}
    aside = beside_datasets(names.values())
    for path, name in names.items():
        yield Source(name, path, aside=aside.get(name)), False


def is_hidden(name: str) -> bool:
    """Whether a file of a folder, or a folder above it, has a name with a dot in front."""
    return any(part.startswith(".") and part not in (".", "..") for part in name.split("/"))


def beside_datasets(names: Iterable[str]) -> dict[str, str]:
    """Files that Hugging Face's `datasets` writes beside its Arrow files, with what they are.

    Args:
        names: all files of a folder or an archive, with forward slashes.
    """
    paths = [PurePosixPath(name) for name in names]
    folders = {path.parent for path in paths if path.suffix == ".arrow"}
    above = {folder.parent for folder in folders}
    found: dict[str, str] = {}
    for path in paths:
        if path.name in _BESIDE_ARROW and path.parent in folders:
            found[str(path)] = "the description of the data set beside it"
        elif path.name == "dataset_dict.json" and path.parent in above:
            found[str(path)] = "the list of the data set's splits"
    return found
