"""From bytes to records: JSON Lines, JSON, server-sent events, CSV, Parquet, Arrow and Inspect's archives, by content.

Every reader is a stream and holds one record at a time, except that a JSON document which is one object is read as
a whole. A record that cannot be read is a `Bad` and stops none of the others, as far as the container allows that.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rdpt_core.errors import InputError
from rdpt_core.traces.files.archive import ZIP_MAGIC, read_archive
from rdpt_core.traces.files.json_lines import is_json_lines, read_lines
from rdpt_core.traces.files.json_stream import read_json
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.source import Source
from rdpt_core.traces.files.tables.arrow import is_arrow, read_arrow
from rdpt_core.traces.files.tables.delimited import dialect_of, read_csv
from rdpt_core.traces.files.tables.parquet import read_parquet

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
    if text.startswith((b"[", b"{")):
        if is_json_lines(source):
            return Container("JSON Lines", lambda: read_lines(source))
        return Container("JSON", lambda: read_json(source))
    if text.startswith(_SSE_STARTS) and b"{" in text:
        return Container("server-sent events", lambda: read_lines(source, events=True))
    dialect = dialect_of(head)
    if dialect is not None:
        return Container("CSV", lambda: read_csv(source, dialect))
    raise InputError(
        "this is not a file of traces",
        where=source.name,
        expected="JSON, JSON Lines, CSV with a header, Parquet, Arrow, or an Inspect log (.eval)",
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
