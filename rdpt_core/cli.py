"""The command line: one file a command in `rdpt_core/commands`, and one place that turns errors into exit statuses.

0 done · 1 unexpected failure · 2 wrong arguments or unusable input · 3 done, but some inputs were rejected or some
sentences stayed unscored · 130 interrupted, progress kept · 141 the reader of the output closed it.

Messages and progress go to standard error, results to standard output.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from rdpt_core import __version__, interrupts
from rdpt_core.commands import COMMANDS
from rdpt_core.errors import RdptError, UsageError

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


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument as one line, like every other error of ours."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, where=self.prog, hint=f"See `{self.prog} --help`.")


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = _Parser(
        prog=_program_name(),
        description="Trace where each sentence of a distilled reasoning model came from.",
        epilog="Exit status: 0 done; 1 unexpected failure; 2 wrong arguments or unusable input; 3 done, but some "
        "inputs were rejected, some sentences stayed unscored, or a run is not finished; 130 interrupted, progress "
        "kept.",
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
    logging.getLogger("rdpt_core").addHandler(_NOTES)
    try:
        arguments = make_parser().parse_args(argv)
        with interrupts.remembered():
            status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except RdptError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        # The reader of our output, such as `head`, has seen enough. What is still buffered must go nowhere, or Python
        # complains once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_CLOSED_PIPE
    except (KeyboardInterrupt, RuntimeError) as error:
        # DuckDB reports Ctrl-C during a query as an error of its own.
        if isinstance(error, RuntimeError) and str(error) != "Query interrupted":
            raise
        print("interrupted; what was committed is kept, and the same command goes on from there", file=sys.stderr)
        return EXIT_INTERRUPTED
