"""Where lines go that could not become traces: counted, kept, and written beside the run, never dropped in silence.

A rejects file is JSON Lines with the four fields of `Reject`. `text` holds the original line; bytes that are not
UTF-8 stand in it as `\\xNN`, and a line over the reader's size limit stands there by its beginning only.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

from rdpt_core.atomic_write import atomic_write, is_stream, unwritable
from rdpt_core.errors import InputError
from rdpt_core.records import Reject

KEPT_IN_MEMORY = 10
_KEPT_IN_MEMORY_BYTES = 1 << 20
_TEXT: dict[str, Any] = {"encoding": "utf-8", "newline": "\n"}
_CHARS_COMPARED = 1 << 20
_CALLED = "the rejects file"
FIELDS = frozenset({"file", "line", "reason", "text"})


class RejectSink(Protocol):
    """Takes the rejects: a `RejectLog`, or whatever else has `add`."""

    def add(self, reject: Reject) -> None:
        """Take one reject."""


class RejectLog:
    """Counts rejects, keeps the first few for messages, and writes all of them to a file if there is at least one.

    Use it as a context manager. A rejects file that an earlier run left at `path` is removed on entry, so that a file
    that is there afterwards always belongs to this run.

    Args:
        path: where the rejects go; None keeps the count and the first few only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._n = 0
        self._first: list[Reject] = []
        self._file: IO[str] | None = None

    @property
    def n(self) -> int:
        """How many lines were rejected so far."""
        return self._n

    @property
    def first(self) -> tuple[Reject, ...]:
        """The first rejects, at most `KEPT_IN_MEMORY` of them."""
        return tuple(self._first)

    def __enter__(self) -> Self:
        """Remove the rejects file of an earlier run.

        Raises:
            InputError: if `path` holds something that is not a rejects file, or cannot be removed.
        """
        if self.path is not None:
            check_rejects_file(self.path)
            _remove(self.path)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def add(self, reject: Reject) -> None:
        """Count one reject and write it.

        Raises:
            InputError: if the rejects file cannot be written.
        """
        self._n += 1
        if len(self._first) < KEPT_IN_MEMORY:
            self._first.append(reject)
        record = {"file": reject.file, "line": reject.line, "reason": reject.reason, "text": reject.text}
        try:
            if self._file is None:
                self._file = self._open()
            if self._file is not None:
                self._file.write(json.dumps(record, ensure_ascii=False) + "\n")
        except OSError as error:
            raise unwritable(_CALLED, self.path or Path(tempfile.gettempdir()), error) from error

    def _open(self) -> IO[str] | None:
        # backslashreplace: a lone surrogate in a foreign file's text must not cost us the reject.
        return None if self.path is None else self.path.open("w", errors="backslashreplace", **_TEXT)

    def close(self) -> None:
        """Close the file, if one was begun. Safe to call twice."""
        if self._file is not None:
            file, self._file = self._file, None
            try:
                file.close()
            except OSError as error:
                raise unwritable(_CALLED, self.path or Path(tempfile.gettempdir()), error) from error


class HeldRejectLog(RejectLog):
    """Rejects of a run that has no name yet: they are held in a file without a name until `save` gives them one.

    No file of an earlier run is touched before that.
    """

    def _open(self) -> IO[str]:
        return tempfile.SpooledTemporaryFile(_KEPT_IN_MEMORY_BYTES, "w+", errors="backslashreplace", **_TEXT)

    def save(self, path: Path) -> None:
        """Put all rejects in the place of the file at `path`, before `close`; without one, there is no file.

        A file that holds the same already stays: it may lie where nothing can be written any more.

        Raises:
            InputError: if `path` holds something that is not a rejects file, or cannot be written.
        """
        check_rejects_file(path)
        if self._file is None:
            _remove(path)
            return
        if not _holds_the_same(path, self._file):
            self._file.seek(0)
            with atomic_write(path, _CALLED) as temporary, temporary.open("w", **_TEXT) as file:
                shutil.copyfileobj(self._file, file)
        self.path = path


def _holds_the_same(path: Path, held: IO[str]) -> bool:
    """Whether a file that is there holds every character of another, and no more."""
    if is_stream(path):
        return False
    held.seek(0)
    try:
        with path.open(**_TEXT) as file:
            while (part := held.read(_CHARS_COMPARED)) == file.read(_CHARS_COMPARED):
                if not part:
                    return True
    except (OSError, UnicodeDecodeError):
        return False
    return False


def check_rejects_file(path: Path) -> None:
    """Refuse to put rejects in the place of anything but rejects: a slip must not cost anybody their traces.

    Raises:
        InputError: if `path` holds something else, or cannot be read.
    """
    if is_stream(path):
        return
    try:
        with path.open("rb") as file:
            head = file.readline(1 << 20)
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(_CALLED, path, error) from error
    if head and not _is_reject_line(head):
        raise InputError(
            "the rejects file would overwrite a file that is something else",
            where=str(path),
            expected="no file, or a rejects file of an earlier run",
            hint="Name another file for the rejects, or move this one away.",
        )


def _remove(path: Path) -> None:
    # A file system that is read-only refuses to remove even what is not there.
    if is_stream(path) or not os.path.lexists(path):
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(_CALLED, path, error) from error


def _is_reject_line(head: bytes) -> bool:
    if not head.endswith(b"\n"):
        # Longer than what was read: a reject can hold a very long line, and then its own field order tells.
        return head.startswith(b'{"file": ')
    try:
        record = json.loads(head)
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and set(record) == FIELDS
