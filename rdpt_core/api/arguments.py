"""What every function of the API asks of its arguments, checked before anything slow starts.

Messages name an argument by its flag on the command line, so that one text serves both: `--too-long` is `too_long`.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from rdpt_core.errors import UsageError

PathArgument: TypeAlias = str | os.PathLike[str]
"""A file or folder."""

_MAX_NAME_BYTES = 180
"""Leaves room within the 255 bytes that file systems allow: a run's `.RUN_ID.unscored.jsonl` takes 32 more, and while
it is made, `.NAME.PROCESS-THREAD.part` up to 30."""

_MAX_INTEGER = 2**31 - 1


def flag_of(name: str) -> str:
    """The flag that stands for an argument: `per_question` is `--per-question`."""
    return "--" + name.replace("_", "-")


def paths_of(paths: PathArgument | Iterable[PathArgument]) -> list[Path]:
    """One path or several, as a list."""
    return [Path(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]


def beside(path: Path, ending: str) -> Path:
    """The file whose name is that of `path` and an ending: `run.duckdb` and `.rejects.jsonl`."""
    return path.with_name(path.name + ending)


def readable(text: str) -> str:
    """A name as it can be stored: bytes that are not UTF-8 become escapes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def why_unusable(text: str) -> str | None:
    """What was given instead of a path that can name a file; None for a path that can."""
    path = Path(text)
    if not text:
        return "nothing"
    if len(path.name.encode("utf-8", "surrogateescape")) > _MAX_NAME_BYTES:
        return f"a name of more than {_MAX_NAME_BYTES} bytes: {path.name[:40]}…"
    # `os.path` says no where a path cannot be looked at; what then opens the file says why.
    if os.path.isdir(path):
        return f"a folder: {text}"
    return None


def file_of(name: str, path: PathArgument) -> Path:
    """The path of an argument that names a file.

    Raises:
        UsageError: it is empty, a folder, or too long a name.
    """
    reason = why_unusable(os.fspath(path))
    if reason is not None:
        raise UsageError("this path names no file", where=flag_of(name), expected="a file", got=reason)
    return Path(path)


def is_device(text: str) -> bool:
    """Whether the text is `auto`, `cpu`, `cuda` or `cuda:N`."""
    return re.fullmatch(r"auto|cpu|cuda(:[0-9]{1,3})?", text) is not None


def check_device(device: str) -> None:
    """Check the argument `device`.

    Raises:
        UsageError: it is not `auto`, `cpu`, `cuda` or `cuda:N`.
    """
    if not is_device(device):
        raise UsageError("unknown device", where="--device", expected="auto, cpu, cuda or cuda:N", got=repr(device))


def check_choice(name: str, value: str, allowed: Iterable[str]) -> None:
    """Check an argument that takes one of a few words.

    Raises:
        UsageError: it is none of them.
    """
    choices = list(allowed)
    if value not in choices:
        raise UsageError("unknown value", where=flag_of(name), expected=" or ".join(choices), got=repr(value))


def check_integers(least: int = 1, **values: int | None) -> None:
    """Check arguments that take whole numbers; None stands for an argument that was not given.

    Raises:
        UsageError: one is below `least`, does not fit 32 bits, or is no whole number.
    """
    for name, value in values.items():
        if value is not None and not _fits(value, least):
            raise UsageError(
                "a number is out of range",
                where=flag_of(name),
                expected=f"a whole number from {least} to {_MAX_INTEGER}",
                got=repr(value),
            )


def _fits(value: object, least: int) -> bool:
    # Other kinds of whole numbers, such as numpy's, do not fit into a manifest.
    return isinstance(value, int) and least <= value <= _MAX_INTEGER


def check_number(name: str, value: float, *, above: float | None = None) -> None:
    """Check an argument that takes a finite number of at least 0, or one above a limit.

    Raises:
        UsageError: it is out of range.
    """
    if not (math.isfinite(value) and (value >= 0 if above is None else value > above)):
        expected = "a number of at least 0" if above is None else f"a number above {above:g}"
        raise UsageError("a number is out of range", where=flag_of(name), expected=expected, got=repr(value))
