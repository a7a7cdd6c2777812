"""JSON Lines and server-sent events, line by line; also the lines of arrays that were made by hand, one element a line.

Such an array, `[` and `]` on lines of their own and commas at the ends of the others, is no JSON as soon as one line is
broken or one comma too many. Read as lines, it loses that line only.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from rdpt_core.traces.files.json_stream import parse_json
from rdpt_core.traces.files.limits import MAX_RECORD_BYTES
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.source import Source

_BRACKETS = (b"[", b"]", b"],")


def is_json_lines(source: Source) -> bool:
    """Whether a file that begins with an object or an array is to be read line by line.

    A file with a single complete line could be one object, too, and reads the same as both. So do lines with commas
    between them in brackets, as long as nothing in them is broken.
    """
    with source.open() as stream:
        first = _next_line(stream)
        if len(first) > MAX_RECORD_BYTES:
            return not first.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")
        if _is_bracket(first):
            second = _next_line(stream)
            return _is_object(second) and second.rstrip().endswith(b",") and _has_lines_of_objects(stream)
        if _is_object(first):
            return first.rstrip().endswith(b",") or bool(_next_line(stream, 1 << 16))
        if first.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
            return False
        # The first line may be a broken one. A line of its own that is a whole object at column 0 is never part of
        # a pretty-printed document, because there the closing brace stands on another line.
        for _ in range(20):
            line = _next_line(stream)
            if line.startswith(b"{") and _is_object(line):
                return True
            if not line:
                break
    return False


def _next_line(stream: BinaryIO, limit: int = MAX_RECORD_BYTES + 1) -> bytes:
    """The next line that is not blank; empty at the end."""
    while line := stream.readline(limit):
        if line.strip():
            return line
    return b""


def _has_lines_of_objects(stream: BinaryIO) -> bool:
    """Whether no line shows that an object goes on over several lines."""
    while line := stream.readline(MAX_RECORD_BYTES + 1):
        if line[:200].lstrip().startswith((b'"', b"}")):
            return False
    return True


def _is_bracket(line: bytes) -> bool:
    return line.removeprefix(codecs.BOM_UTF8).strip() == b"["


def _is_object(line: bytes) -> bool:
    """Whether a line is one whole object, with or without a comma behind it."""
    text = line.removeprefix(codecs.BOM_UTF8).strip().removesuffix(b",").rstrip()
    if not text.startswith(b"{") or not text.endswith(b"}"):
        return False
    try:
        return isinstance(parse_json(text.decode("utf-8"))[0], dict)
    except UnicodeDecodeError:
        return False


def read_lines(source: Source, *, events: bool = False) -> Iterator[Record | Bad]:
    """Records of JSON Lines, or of server-sent events whose data is JSON.

    A comma behind a line's object is no part of it, and a bracket on a line of its own no record.

    Memory: one line. A line beyond the limit is passed over without being kept.
    """
    number = 0
    with source.open() as stream:
        while raw := stream.readline(MAX_RECORD_BYTES + 1):
            number += 1
            if len(raw) > MAX_RECORD_BYTES:
                size = len(raw) + _skip_line(stream)
                text = raw[:2_000].decode("utf-8", "backslashreplace")
                yield Bad(number, f"the line has {size} bytes; at most {MAX_RECORD_BYTES} are read", text)
                continue
            if number == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            if raw.isspace():
                continue
            if events:
                if not raw.startswith(b"data:") or raw[5:].strip() == b"[DONE]":
                    continue
                raw = raw[5:]
            made = _line(number, raw)
            if isinstance(made, Bad) and not events and raw.strip() in _BRACKETS:
                continue
            yield made


def _skip_line(stream: BinaryIO) -> int:
    size = 0
    while block := stream.readline(1 << 20):
        size += len(block)
        if block.endswith(b"\n"):
            break
    return size


def _line(number: int, raw: bytes) -> Record | Bad:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = f"not UTF-8: byte 0x{raw[error.start]:02x} at position {error.start} of the line"
        return Bad(number, reason, raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace"))
    text = text.rstrip("\r\n")
    value, wrong = parse_json(text)
    if wrong is not None and text.rstrip().endswith("},"):
        value, wrong = parse_json(text.rstrip().removesuffix(","))
    return Record(number, value, text) if wrong is None else Bad(number, wrong, text)
