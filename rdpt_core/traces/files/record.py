"""Records: the values of a file, one after another, and those that cannot be read.

A record is a line of JSON Lines, an element of a JSON array, a row of CSV or Parquet, a sample of an archive.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

SNIPPET_CHARS = 1 << 20
"""So much of a bad record goes into its reject; its place in the file is kept as well."""


@dataclass(frozen=True, slots=True)
class Record:
    """One value of a file.

    Attributes:
        line: where it starts: a line number in text files, else the record's number. Both count from 1.
        value: the value as Python sees it. Formats must not change it.
        text: the record as it stood in the file, or empty if it was no text; a reject then shows the value as JSON.
    """

    line: int
    value: Any
    text: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A record, or a part of one, that could not become a trace."""

    line: int
    reason: str
    text: str


def snippet(value: Any) -> str:
    """A value as text for a reject, cut to `SNIPPET_CHARS`."""
    if isinstance(value, str):
        return value[:SNIPPET_CHARS]
    try:
        return json.dumps(value, ensure_ascii=False, default=str)[:SNIPPET_CHARS]
    except (ValueError, RecursionError):
        return repr(type(value))
