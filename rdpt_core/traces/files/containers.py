"""From bytes to records: JSON Lines, JSON, server-sent events, CSV, Parquet and Inspect's archives, known by content.

Every reader is a stream and holds one record at a time, except that a JSON document which is one object is read as
a whole. A record that cannot be read is a `Bad` and stops none of the others, as far as the container allows that.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from rdpt_core.errors import InputError
from rdpt_core.traces.files.archive import ZIP_MAGIC, read_archive
from rdpt_core.traces.files.arrow import is_arrow, read_arrow
from rdpt_core.traces.files.json_stream import parse_json, read_json
from rdpt_core.traces.files.limits import MAX_RECORD_BYTES
from rdpt_core.traces.files.parquet import read_parquet
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.source import Source
from rdpt_core.traces.files.tables import delimiter_of, read_csv

HEAD_BYTES = 1 << 16
_SSE_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":")
_FOREIGN = (
    (codecs.BOM_UTF32_LE, "UTF-32 text"),
    (codecs.BOM_UTF32_BE, "UTF-32 text"),
    (codecs.BOM_UTF16_LE, "UTF-16 text"),
    (codecs.BOM_UTF16_BE, "UTF-16 text"),
    (b"FEA1", "a Feather file of version 1, which newer programs write as version 2"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x80\x04\x95", "a Python pickle"),
)


@dataclass(frozen=True, slots=True)
class Container:
    """How a file's bytes are arranged, in words, and its records."""

    kind: str
    records: Callable[[], Iterator[Record | Bad]]


def open_container(source: Source) -> Container:
    """Recognise a file's container by its first bytes. Its name does not count.

    Raises:
        InputError: the file is empty, is no container that is known here, or is not UTF-8.
    """
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    _refuse_foreign(source, head)
    if is_arrow(head):
        return Container("Arrow", lambda: read_arrow(source))
    if head.startswith(b"PAR1"):
        return Container("Parquet", lambda: read_parquet(source))
    if head.startswith(ZIP_MAGIC):
        return Container("zip archive", lambda: read_archive(source))
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"["):
        return Container("JSON", lambda: read_json(source))
    if text.startswith(b"{"):
        if _is_json_lines(source):
            return Container("JSON Lines", lambda: read_lines(source))
        return Container("JSON", lambda: read_json(source))
    if text.startswith(_SSE_STARTS) and b"{" in text:
        return Container("server-sent events", lambda: read_lines(source, events=True))
    delimiter = delimiter_of(head)
    if delimiter is not None:
        return Container("CSV", lambda: read_csv(source, delimiter))
    raise InputError(
        "this is not a file of traces",
        where=source.name,
        expected="JSON, JSON Lines, CSV with a header, Parquet, or an Inspect log (.eval)",
        got=f"text that starts with {head[:60].decode('utf-8', 'replace')!r}",
    )


def _refuse_foreign(source: Source, head: bytes) -> None:
    if not head.strip():
        raise InputError("a file is empty", where=source.name, expected="traces")
    for magic, name in _FOREIGN:
        if head.startswith(magic):
            raise InputError(
                "this is not a file of traces",
                where=source.name,
                expected="UTF-8 text, Parquet, or an Inspect log",
                got=name,
                hint="Convert it to JSON Lines in UTF-8, or to Parquet.",
            )
    zeros = head.count(0)
    if zeros > len(head) // 10 and not head.startswith((b"PAR1", b"PK")) and not is_arrow(head):
        raise InputError(
            "this is not a file of traces",
            where=source.name,
            expected="UTF-8 text, Parquet, or an Inspect log",
            got=f"binary data or UTF-16 ({zeros} zero bytes among the first {len(head)})",
            hint="Convert it to JSON Lines in UTF-8, or to Parquet.",
        )


def _is_json_lines(source: Source) -> bool:
    """Whether the file is one JSON object a line, and not one object over many lines.

    A file with a single complete line could be either, and reads the same as both.
    """
    with source.open() as stream:
        first = _next_line(stream)
        if len(first) > MAX_RECORD_BYTES:
            return True
        if _is_object(first):
            return bool(_next_line(stream, 1 << 16))
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


def _is_object(line: bytes) -> bool:
    if not line.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{") or not line.rstrip().endswith(b"}"):
        return False
    try:
        return isinstance(parse_json(line.decode("utf-8-sig"))[0], dict)
    except UnicodeDecodeError:
        return False


def read_lines(source: Source, *, events: bool = False) -> Iterator[Record | Bad]:
    """Records of JSON Lines, or of server-sent events whose data is JSON.

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
            yield _line(number, raw)


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
    value: Any
    value, reason_or_none = parse_json(text)
    if reason_or_none is not None:
        return Bad(number, reason_or_none, text)
    return Record(number, value, text)
