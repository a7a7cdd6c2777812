"""Argument types and option groups that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

EXIT_PARTIAL = 3


def add_database(parser: argparse.ArgumentParser) -> None:
    """`--db FILE`, for commands that read."""
    parser.add_argument("--db", type=Path, required=True, metavar="FILE", help="the DuckDB file that `score` wrote")


def add_splitter(parser: argparse.ArgumentParser) -> None:
    """`--splitter NAME`, for commands that cut responses into sentences."""
    parser.add_argument(
        "--splitter",
        default="sentence",
        choices=["sentence", "line", "paragraph", "step"],
        help="how a response is cut: sentences, lines, paragraphs, or blank-line blocks as steps (default: sentence)",
    )


def positive_integer(text: str) -> int:
    """A whole number above 0."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got {text!r}")
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
