"""Argument types and option groups that several commands share."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rdpt_core.errors import UsageError

if TYPE_CHECKING:
    from rdpt_core.store.reader import Run

EXIT_PARTIAL = 3


def add_database(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """`--db FILE`, for commands that read."""
    parser.add_argument(
        "--db", type=file_path, required=required, metavar="FILE", help="the DuckDB file that `score` wrote"
    )


def add_splitter(parser: argparse.ArgumentParser) -> None:
    """`--splitter NAME`, for commands that cut responses into sentences."""
    parser.add_argument(
        "--splitter",
        default="sentence",
        choices=["sentence", "line", "paragraph", "step"],
        help="how a response is cut: sentences, lines, paragraphs, or blank-line blocks as steps (default: sentence)",
    )


def file_path(text: str) -> Path:
    """A path that can name a file."""
    path = Path(text)
    if not text or path.is_dir():
        raise argparse.ArgumentTypeError(f"expected a file, got {'a folder: ' + text if text else 'nothing'}")
    if len(path.name.encode("utf-8", "surrogateescape")) > 200:
        raise argparse.ArgumentTypeError(f"expected a file name of at most 200 bytes, got {path.name[:40]}…")
    return path


def device_name(text: str) -> str:
    """`auto`, `cpu`, `cuda` or `cuda:N`."""
    if not re.fullmatch(r"auto|cpu|cuda(:[0-9]{1,3})?", text):
        raise argparse.ArgumentTypeError(f"expected auto, cpu, cuda or cuda:N, got {text!r}")
    return text


def readable(text: str) -> str:
    """A name as it can be stored: bytes that are no UTF-8 become escapes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def positive_integer(text: str) -> int:
    """A whole number above 0 that fits 32 bits."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 1 <= value < 2**31:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 2147483647, got {text!r}")
    return value


def automatic_or_positive(text: str) -> int | None:
    """A whole number above 0, or None for `auto`."""
    return None if text == "auto" else positive_integer(text)


def threshold(text: str) -> float:
    """A number ≥ 0."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of at least 0, got {text!r}")
    return value


def not_negative_integer(text: str) -> int:
    """A whole number of at least 0 that fits 32 bits."""
    return 0 if text.strip() == "0" else positive_integer(text)


def quota(text: str) -> tuple[str, int]:
    """`NAME=N`; the name may hold further equals signs."""
    name, sign, number = text.rpartition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"expected NAME=N, got {text!r}")
    return name, positive_integer(number)


def share(text: str) -> float:
    """A number above 0."""
    value = threshold(text)
    if value == 0:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value


def finished_run(database: Path, run_key: str | None) -> Run:
    """The run of that id or name, or the newest one.

    Raises:
        UsageError: the run is not complete.
        StoreError: the database cannot be read, or holds no such run.
    """
    from rdpt_core.store.reader import open_reader

    with open_reader(database) as reader:
        run = reader.run(run_key)
    if run.finished_at is None:
        raise UsageError(
            "this run is not complete",
            where=f"run {run.run_id}",
            expected="a finished run",
            hint="Run the `score` command that made it again: it goes on where it stopped.",
        )
    return run
