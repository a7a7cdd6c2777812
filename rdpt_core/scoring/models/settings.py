"""The JSON files of a model, which may hold anything, and the libraries that stumble over what they hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rdpt_core.errors import ModelError, RdptError
from rdpt_core.traces.canonical.line_errors import described


def read_settings(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds.

    Raises:
        ModelError: it cannot be read, is no JSON, is nested too deep, or is no object.
    """
    try:
        value = json.loads(path.read_bytes())
    except RecursionError as error:
        raise _unreadable(path, "JSON that is nested too deep") from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, first_line(error)) from error
    if not isinstance(value, dict):
        raise _unreadable(path, described(value))
    return value


def _unreadable(path: Path, got: str) -> ModelError:
    return ModelError(
        f"{path.name} of this model cannot be read",
        where=str(path),
        expected="an object in JSON",
        got=got,
        hint="Download the file again.",
    )


def check_texts(folder: Path) -> None:
    """Name the file that a library stumbled over, if any of them cannot be read as text or JSON.

    Raises:
        ModelError: the first that cannot.
    """
    for path in sorted(folder.glob("*.json")):
        read_settings(path)
    for path in sorted(folder.glob("*.jinja")):
        try:
            path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ModelError(
                "the chat template of this model cannot be read",
                where=str(path),
                expected="a text in UTF-8",
                got=first_line(error),
            ) from error


@contextmanager
def foreign(
    what: str,
    where: str,
    *,
    diagnosis: Callable[[], object] | None = None,
    hint: str | None = None,
    passing: Callable[[BaseException], bool] | None = None,
) -> Iterator[None]:
    """A library at work on a model's files: whatever it raises becomes one line.

    It must be whatever: tokenizers raises plain `Exception`, and where it panics, an exception that is none of
    `Exception`. Only a lack of memory passes, and what `passing` takes for one.

    Args:
        diagnosis: is called then, to raise an error that says more: libraries seldom name the file.

    Raises:
        ModelError: the library raised.
    """
    try:
        yield
    except (RdptError, MemoryError):
        raise
    except BaseException as error:
        is_panic = type(error).__name__ == "PanicException"
        if not (isinstance(error, Exception) or is_panic) or (passing is not None and passing(error)):
            raise
        if diagnosis is not None:
            diagnosis()
        raise ModelError(what, where=where, got=f"{_kind(error)}{first_line(error)}"[:300], hint=hint) from error


def _kind(error: BaseException) -> str:
    # Of these the message is only a key or an index.
    return f"{type(error).__name__}: " if isinstance(error, LookupError | RecursionError) else ""


def first_line(error: BaseException) -> str:
    """What an error says, in one line; two, where the first only announces the second."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return " ".join(lines[:2] if lines[0].endswith(":") else lines[:1])
