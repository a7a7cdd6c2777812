"""The error for what is not as it should be, and what a database holds as JSON."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from rdpt_core.errors import StoreError
from rdpt_core.records import Message
from rdpt_core.records.nesting import is_deep

T = TypeVar("T")

_MAX_DEPTH = 110
"""A trace's `meta` may be 100 levels deep. What is much deeper can be read, but not written again."""

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def damaged(place: str, expected: str, got: object) -> StoreError:
    """The error for what is not as it should be.

    Args:
        place: where in the database, in words of ours: what it holds may be made to look like them.
        got: what is there instead.
    """
    return StoreError(
        f"the database is damaged: {place}",
        expected=expected,
        got=f"{got:.200}" if isinstance(got, str) else f"{got!r:.200}",
        hint="Score again into a new file.",
    )


def parsed(text: str, kind: type[T], place: str) -> T:
    """What a column holds as JSON.

    Raises:
        StoreError: it is no JSON, of another type, too deep, or cannot be written as UTF-8 again.
    """
    expected = "a JSON object" if kind is dict else "a JSON list"
    try:
        value = json.loads(text)
        if _ESCAPED_SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise damaged(place, expected, text) from error
    if not isinstance(value, kind):
        raise damaged(place, expected, text)
    if is_deep(value, _MAX_DEPTH):
        raise damaged(place, f"{expected} of at most {_MAX_DEPTH} levels", "a deeper one")
    return value


def parsed_messages(text: str, place: str) -> tuple[Message, ...]:
    """The conversation before a response.

    Raises:
        StoreError: it is none.
    """
    messages = parsed(text, list, place)
    try:
        return tuple(map(Message.from_json, messages))
    except ValueError as error:
        raise damaged(place, "a list of {role, content}, some with tool calls", text) from error


def parsed_environment(text: str, place: str) -> tuple[dict[str, Any], ...]:
    """What each process that worked on a run says of itself.

    Raises:
        StoreError: it is no list of objects, or empty.
    """
    entries = parsed(text, list, place)
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("packages", {}), dict):
            raise damaged(place, "a list of objects, `packages` an object too", text)
        notes = entry.get("notes", [])
        if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
            raise damaged(place, "`notes` as a list of texts", text)
    if not entries:
        raise damaged(place, "one entry for each process that worked on the run", "none")
    return tuple(entries)
