"""CSV with a header. A row is a record under its column names; an empty cell is absent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from rdpt_core.errors import InputError
from rdpt_core.traces.files.limits import MAX_RECORD_BYTES
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.source import Source


def delimiter_of(head: bytes) -> str | None:
    """The delimiter of a CSV file's header line, or None if its first line is no header of several columns."""
    line = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").split(b"\n", 1)[0].decode("utf-8", "replace")
    best = max(",\t;|", key=line.count)
    if line.count(best) == 0:
        return None
    try:
        names = next(csv.reader([line], delimiter=best))
    except (csv.Error, StopIteration):
        return None
    # Column names are short; a line of prose with commas in it is not a header.
    is_header = len(names) > 1 and all(0 < len(name.strip()) <= 60 and name.count(" ") <= 3 for name in names[:8])
    return best if is_header else None


def read_csv(source: Source, delimiter: str) -> Iterator[Record | Bad]:
    """Rows of a CSV file. Line breaks inside quotes stay as they are.

    Raises:
        InputError: the header names a column twice.
    """
    # The module's limit is global and far too low for a reasoning trace (128 KiB a cell).
    csv.field_size_limit(MAX_RECORD_BYTES)
    with source.open() as raw:
        # As with JSON: what is not UTF-8 becomes a lone surrogate, and its row is refused later on.
        file = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
        rows = csv.reader(_lines(file), delimiter=delimiter, strict=True)
        header: list[str] = []
        line = 1
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield Bad(line, f"not CSV: {error}; nothing after it was read", "")
                return
            if row is None:
                return
            start, line = line, rows.line_num + 1
            if not header:
                header = _header(row, source)
            elif len(row) == len(header):
                value = {name: cell for name, cell in zip(header, row, strict=True) if cell}
                yield Record(start, value, "")
            elif row:
                reason = f"the row has {len(row)} cells; the header has {len(header)}"
                yield Bad(start, reason, _row_text(row, delimiter))


def _lines(file: io.TextIOWrapper) -> Iterator[str]:
    while line := file.readline(MAX_RECORD_BYTES + 1):
        if len(line) > MAX_RECORD_BYTES:
            raise csv.Error(f"a line is longer than {MAX_RECORD_BYTES} characters")
        yield line


def _header(row: list[str], source: Source) -> list[str]:
    if len(set(row)) < len(row):
        twice = sorted({name for name in row if row.count(name) > 1})
        raise InputError("a CSV header names a column twice", where=source.name, got=", ".join(twice)[:200])
    return row


def _row_text(row: list[str], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(row)
    return text.getvalue()
