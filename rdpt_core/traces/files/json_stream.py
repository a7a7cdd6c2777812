"""JSON as a stream: the elements of a top-level array one by one, or a document as a whole.

Python's own decoder is used throughout. Faster ones replace lone surrogates, refuse NaN, or turn long integers into
floats, and each of those would alter what the file says.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

from rdpt_core.errors import InputError
from rdpt_core.traces.files.limits import MAX_DOCUMENT_BYTES, MAX_RECORD_BYTES, is_too_dense
from rdpt_core.traces.files.record import SNIPPET_CHARS, Bad, Record
from rdpt_core.traces.files.source import Source

_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"
_BLOCK = 1 << 18
_TOO_DEEP = "the JSON is nested too deeply"
_TOO_DENSE = "the JSON is made of so many small values that it would need more than ten times its size in memory"


def parse_json(text: str) -> tuple[Any, str | None]:
    """A JSON value and None, or None and the reason why there is none."""
    if is_too_dense(text):
        return None, _TOO_DENSE
    try:
        return json.loads(text), None
    except RecursionError:
        return None, _TOO_DEEP
    except json.JSONDecodeError as error:
        return None, f"not JSON: {error.msg} at character {error.pos}"
    except ValueError as error:  # an integer with thousands of digits
        return None, f"not JSON that can be read: {error}"


def read_json(source: Source) -> Iterator[Record | Bad]:
    """The elements of an array, or the object or objects that a JSON file holds.

    Memory: one element of an array; otherwise the document.

    Raises:
        InputError: the document is larger than `MAX_DOCUMENT_BYTES`.
    """
    with source.open() as raw:
        # A byte that is not UTF-8 becomes a lone surrogate, which the import refuses in the record that holds it.
        file = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
        window = _Window(file)
        if window.next_char() == "[":
            window.position += 1
            yield from _elements(window)
        else:
            yield from _documents(window, source)


class _Window:
    """A growing piece of a text file, from `position` on."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self.text = ""
        self.position = 0
        self.ended = False
        self._is_too_dense = False

    def grow(self) -> bool:
        """Read on, about as much as is held, so that retries cost twice the text at most. False at the end."""
        kept = self.text[self.position :]
        block = self._file.read(max(_BLOCK, len(kept)))
        self.text, self.position, self.ended = kept + block, 0, not block
        # Once for what is held, and not for each value in it: there may be many thousands.
        self._is_too_dense = is_too_dense(self.text)
        return not self.ended

    def next_char(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            while self.position < len(self.text) and self.text[self.position] in _SPACE:
                self.position += 1
            if self.position < len(self.text):
                return self.text[self.position]
            if not self.grow():
                return ""

    def value(self) -> tuple[Any, str, str | None]:
        """The next value, its text, and None; or the reason why there is none."""
        while True:
            if self._is_too_dense:
                return None, self.rest(), _TOO_DENSE
            try:
                value, end = _DECODER.raw_decode(self.text, self.position)
            except RecursionError:
                return None, self.rest(), _TOO_DEEP
            except json.JSONDecodeError as error:
                if _may_be_cut(error, len(self.text)) and not self._is_long() and self.grow():
                    continue
                reason = f"not JSON: {error.msg} at character {error.pos - self.position} of the element"
                return None, self.rest(), reason
            except ValueError as error:
                return None, self.rest(), f"not JSON that can be read: {error}"
            # A number at the very end of the window may go on behind it.
            if end == len(self.text) and not self.ended and self.grow():
                continue
            text, self.position = self.text[self.position : end], end
            return value, text, None

    def _is_long(self) -> bool:
        return len(self.text) - self.position > MAX_RECORD_BYTES

    def rest(self) -> str:
        """What comes next, cut to what a reject keeps of it."""
        return self.text[self.position : self.position + 2_000]


def _may_be_cut(error: json.JSONDecodeError, end: int) -> bool:
    return error.msg.startswith(("Unterminated string", "Invalid \\", "Invalid control")) or error.pos > end - 16


def _elements(window: _Window) -> Iterator[Record | Bad]:
    number = 0
    if window.next_char() == "]":
        return
    while True:
        number += 1
        if window.next_char() == "":
            yield Bad(number, "the file ends inside its array", "")
            return
        value, text, reason = window.value()
        if reason is not None:
            yield Bad(number, f"{reason}; nothing after it was read", text)
            return
        yield Record(number, value, text)
        mark = window.next_char()
        if mark == "]":
            window.position += 1
            if window.next_char():
                yield Bad(number + 1, "there is more after the array's end", window.rest())
            return
        if mark != ",":
            got = f"{mark!r}" if mark else "the end of the file"
            reason = f"expected ',' or ']' after element {number}; got {got}; nothing after it was read"
            yield Bad(number + 1, reason, window.rest())
            return
        window.position += 1


def _documents(window: _Window, source: Source) -> Iterator[Record | Bad]:
    while window.grow():
        if len(window.text) > MAX_DOCUMENT_BYTES:
            raise InputError(
                "a JSON document is too large to read as a whole",
                where=source.name,
                expected=f"at most {MAX_DOCUMENT_BYTES} characters",
                hint="Write it as JSON Lines: one object a line.",
            )
    number = 0
    while window.next_char():
        number += 1
        value, text, reason = window.value()
        if reason is not None:
            yield Bad(number, reason, text)
            return
        yield Record(number, value, text[:SNIPPET_CHARS])
