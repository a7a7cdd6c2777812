"""Every error that a user may meet, in one tree.

    RdptError                 safe to show to a user as it is
    ├── UsageError            wrong arguments, or arguments that contradict each other
    ├── InputError            a file of traces, a recording or an export that cannot be used
    ├── ModelError            a model or tokenizer that cannot be loaded or does not do what scoring needs
    ├── ServerGoneError       a server that gave no good answer for as long as we waited
    ├── StoreError            a database that cannot be used
    │   ├── StoreMissingError     there is no file yet
    │   ├── StoreEmptyError       there is a file, but no run in it
    │   ├── StoreBusyError        another process holds the file for longer than we waited
    │   ├── StoreForbiddenError   this program may not read or write the file
    │   └── StoreVersionError     written by a newer version, or not one of our files at all
    ├── SidecarError          the file of notes beside the database cannot be used; the database itself can
    └── MissingPackageError   an optional package that this command needs is not installed

Each says what went wrong, where, what was expected, what was found, and what to do.

What the machine refuses (room, permission, memory …) is a `Refusal`: its words are the same wherever it is met, and
the command line tells it in one line though it is no `RdptError`. Anything else is a fault of the program and keeps its
traceback.
"""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path


class RdptError(Exception):
    """An error that is safe to show to a user.

    Args:
        what: what went wrong; it begins in lower case, unless with a name, and has no full stop.
        where: the file, line, trace or option it concerns.
        expected: what would have been right.
        got: what was found instead.
        hint: what the reader can do about it.
        exit_status: of the command, where it is not that of wrong input.
    """

    exit_status = 2

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        got: str | None = None,
        hint: str | None = None,
        exit_status: int | None = None,
    ) -> None:
        if exit_status is not None:
            self.exit_status = exit_status
        self.what = what
        self.where = where
        self.expected = expected
        self.got = got
        self.hint = hint
        super().__init__(what)

    def __str__(self) -> str:
        """One line: `what: where; expected …; got …. hint`."""
        line = self.what if self.where is None else f"{self.what}: {self.where}"
        if self.expected is not None:
            line += f"; expected {self.expected}"
        if self.got is not None:
            line += f"; got {self.got}"
        if self.hint is not None:
            line += f". {self.hint}"
        return " ".join(line.split())


class UsageError(RdptError):
    """Wrong arguments, or arguments that contradict each other."""


class InputError(RdptError):
    """A file of traces, a recording or an export that cannot be used."""


class ModelError(RdptError):
    """A model or tokenizer that cannot be loaded, or does not do what scoring needs."""


class ServerGoneError(RdptError):
    """A server that gave no good answer for as long as we waited."""


class StoreError(RdptError):
    """A database that cannot be used."""


class StoreMissingError(StoreError):
    """There is no database file yet."""


class StoreEmptyError(StoreError):
    """There is a database file, but no run in it."""


class StoreBusyError(StoreError):
    """Another process held the database for longer than we waited."""


class StoreForbiddenError(StoreError):
    """This program may not read the file, or not write to it."""


class StoreVersionError(StoreError):
    """The file was written by a newer version, or is not one of our files at all."""


class SidecarError(RdptError):
    """The file of notes beside the database cannot be used; the database itself can."""


class MissingPackageError(RdptError):
    """An optional package that this command needs is not installed."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal.

    Attributes:
        codes: the error numbers of the operating system that mean it.
        what: what went wrong, as the beginning of a message.
        hint: what the user can do about it.
    """

    codes: tuple[int, ...]
    what: str
    hint: str


NO_ROOM = Refusal(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    "there is no room on the disk",
    "Make room, then run the same command again: what was stored is kept.",
)
FORBIDDEN = Refusal(
    (errno.EACCES, errno.EPERM, errno.EROFS),
    "this program may not use the file",
    "Use a file and a folder that you may read and write.",
)
LONG_NAME = Refusal(
    (errno.ENAMETOOLONG,), "the name is too long", "Choose a shorter one: file systems allow 255 bytes."
)
MANY_FILES = Refusal(
    (errno.EMFILE, errno.ENFILE), "too many files are open", "Raise the limit, for example with `ulimit -n 4096`."
)
NO_MEMORY = Refusal(
    (errno.ENOMEM,),
    "memory is short",
    "End other programs, or take a machine with more memory, then run the same command again: what was stored is kept.",
)
_REFUSALS = (NO_ROOM, FORBIDDEN, LONG_NAME, MANY_FILES, NO_MEMORY)


def refusal_of(error: OSError) -> Refusal | None:
    """The kind of an error; None where it is another one."""
    return next((refusal for refusal in _REFUSALS if error.errno in refusal.codes), None)


def refusal_in(message: str) -> Refusal | None:
    """The kind that a library's message tells of, which quotes the system's words; None where it is another one."""
    return next((refusal for refusal in _REFUSALS if any(os.strerror(code) in message for code in refusal.codes)), None)


def reason_of(error: OSError, path: Path) -> str:
    """The system's words for an error; of a full disk also how much room it has left, where `path` is."""
    words = error.strerror or str(error)
    return f"{words} ({room_at(path)})" if refusal_of(error) is NO_ROOM else words


def room_at(path: Path) -> str:
    """How much room the disk that holds a file, or will hold it, has left: `12.3 MB free`."""
    whole = path.absolute()
    for folder in (whole, *whole.parents):
        try:
            return f"{shutil.disk_usage(folder).free / 1e6:,.1f} MB free"
        except OSError:
            # Not there yet.
            continue
    return "unknown"
