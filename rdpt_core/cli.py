"""The command line: one file a command in `rdpt_core/commands`, and one place that turns errors into exit statuses.

0 done · 1 a fault of the program, with its traceback · 2 wrong arguments, unusable input, or something that the machine
refused (a full disk, short memory …), in one line · 3 not everything was done: inputs were rejected, sentences stayed
unscored, a run is not finished, or a served model stopped answering · 130 interrupted, progress kept · 141 the reader
of the output closed it.

Messages and progress go to standard error, results to standard output.
"""

from __future__ import annotations

import argparse
import errno
import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from rdpt_core import __version__, interrupts
from rdpt_core.commands import COMMANDS
from rdpt_core.commands.parts.documents import printable
from rdpt_core.errors import NO_MEMORY, NO_ROOM, RdptError, UsageError, refusal_of, room_at

EXIT_DONE = 0
EXIT_INTERRUPTED = 130
EXIT_CLOSED_PIPE = 141


class _NoteHandler(logging.Handler):
    """Shows what the library logs as notes on standard error, whichever stream that is by then."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, `note: …`."""
        print(f"note: {self.format(record)}", file=sys.stderr)


# One for the process: adding it again, at the next call of `main`, changes nothing.
_NOTES = _NoteHandler()


class _Once(argparse.Action):
    """Stores the value of a flag, and refuses another one after it, of which argparse would forget the first."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        """Raises `UsageError` that names both values."""
        before = getattr(namespace, self.dest, self.default)
        if before not in (self.default, values):
            raise UsageError(
                "a flag is given twice",
                where=option,
                expected="one value" if self.nargs is None else "all values after one flag",
                got=" and ".join(map(_shown, (before, values))),
            )
        setattr(namespace, self.dest, values)


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument as one line, like every other error of ours."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.register("action", None, _Once)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, where=self.prog, hint=f"See `{self.prog} --help`.")


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = _Parser(
        prog=_program_name(),
        description="Trace where each sentence of a distilled reasoning model came from.",
        epilog="Exit status: 0 done; 1 a fault of the program; 2 wrong arguments, unusable input, or something that "
        "the machine refused; 3 not everything was done: inputs were rejected, sentences stayed unscored, a run is not "
        "finished, or a served model stopped answering; 130 interrupted, progress kept; 141 the reader of the output "
        "closed it.",
    )
    parser.add_argument("--version", action="version", version=f"RDPT Explorer {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def _program_name() -> str:
    """How this program was started, for its help to say the same."""
    return "python -m rdpt_core" if Path(sys.argv[0]).name == "__main__.py" else "rdpt"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    _open_streams()
    logging.getLogger("rdpt_core").addHandler(_NOTES)
    try:
        try:
            status = _run(argv)
        except SystemExit:
            # `--help` and `--version` end the program.
            sys.stdout.flush()
            raise
        sys.stdout.flush()
        return status
    except RdptError as error:
        return _fail(error)
    except BrokenPipeError:
        # The reader of our output, such as `head`, has seen enough.
        _drop_output()
        return EXIT_CLOSED_PIPE
    except OSError as error:
        return _fail(_explained(error))
    except MemoryError as error:
        return _fail(RdptError(NO_MEMORY.what, where=_place(error), hint=NO_MEMORY.hint))
    except RecursionError as error:
        return _fail(RdptError("something is nested too deeply", where=_place(error), expected="flatter input"))
    except (KeyboardInterrupt, RuntimeError, ImportError) as error:
        if _is_short_memory(error):
            return _fail(RdptError(NO_MEMORY.what, where=_place(error), got=str(error), hint=NO_MEMORY.hint))
        # DuckDB reports Ctrl-C during a query as an error of its own.
        if not isinstance(error, KeyboardInterrupt) and str(error) != "Query interrupted":
            raise
        _say("interrupted; what was committed is kept, and the same command goes on from there")
        return EXIT_INTERRUPTED


def _run(argv: Sequence[str] | None) -> int:
    arguments = make_parser().parse_args(argv)
    with interrupts.remembered():
        status: int = arguments.run(arguments)
    return status


def _fail(error: RdptError) -> int:
    _say(f"error: {error}")
    return error.exit_status


def _say(line: str) -> None:
    # Nobody hears that nobody hears.
    with suppress(OSError):
        print(*map(printable, line.split("\n")), sep="\n", file=sys.stderr)


class _ClosedOutput(io.TextIOBase):
    """Standard output of a program that was started without one."""

    def write(self, text: str) -> int:
        """Refuse it: a result that goes nowhere is no result."""
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def _open_streams() -> None:
    """Give a program that was started without a standard stream one that leads nowhere, and let the others write
    characters that they lack as escapes.

    Else the first file that it opens, such as the database, would be taken for that stream by every library that
    prints.
    """
    if sys.stdout is None:
        sys.stdout = _ClosedOutput()
    # They live as long as the process.
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is this one.
            os.open(os.devnull, os.O_RDWR)


def _drop_output() -> None:
    """Let what is still buffered go nowhere, or Python complains once more at its end."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explained(error: OSError) -> RdptError:
    """An error of the system that no part of the program expected, as one line."""
    refusal = refusal_of(error)
    got = f"{type(error).__name__}: {error.strerror or error}"
    hint = None if refusal is None else refusal.hint
    if error.filename is None and _is_output_broken():
        _drop_output()
        return RdptError("the result cannot be written to standard output", got=got, hint=hint)
    where = _place(error) if error.filename is None else f"{os.fsdecode(error.filename)} ({_place(error)})"
    if refusal is NO_ROOM and isinstance(error.filename, str | bytes):
        got += f", {room_at(Path(os.fsdecode(error.filename)))}"
    what = "the system refused an operation" if refusal is None else refusal.what
    return RdptError(what, where=where, got=got, hint=hint)


def _is_output_broken() -> bool:
    """Whether what is buffered still cannot be written."""
    try:
        sys.stdout.write("")
        sys.stdout.flush()
    except OSError:
        return True
    return False


# PyTorch has one class for all of its errors on CPUs, Python one for all of its threads', and the system one for all
# libraries that cannot be loaded.
_SHORT_MEMORY = ("can't allocate memory", "out of memory", "can't start new thread", "failed to map segment")


def _is_short_memory(error: BaseException) -> bool:
    return any(words in str(error) for words in _SHORT_MEMORY)


def _place(error: BaseException) -> str:
    """Where in this package an error came up, for whoever has to find its cause."""
    package = Path(__file__).parent
    steps = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    file, line = [(file, line) for file, line in steps if file.is_relative_to(package)][-1]
    return f"{file.relative_to(package.parent)}, line {line}"
