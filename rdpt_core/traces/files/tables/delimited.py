"""CSV with a header. A row is a record under its column names; an empty cell is absent."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rdpt_core.errors import InputError
from rdpt_core.traces.files.limits import MAX_RECORD_BYTES
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.source import Source

_DELIMITERS = ",\t;|"
_NAME_CHARS = 60
_NAMES_LOOKED_AT = 8
_DENSE_CELLS = 2_000_000
"""From this number on, the cells of a row must hold something: empty ones take twenty times their size in memory."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written.

    Attributes:
        spaced: a quote follows a delimiter and a space, so that the space belongs to neither cell.
    """

    delimiter: str
    spaced: bool = False


def dialect_of(head: bytes) -> Dialect | None:
    """How a file is written if it is CSV; None if its first line is no header of several columns."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").decode("utf-8", "replace")
    found = [(Dialect(mark, spaced), names) for mark in _DELIMITERS for spaced, names in _headers(text, mark)]
    if not found:
        return None
    dialect, names = max(found, key=lambda pair: len(pair[1]))
    given = [name.strip() for name in names[:_NAMES_LOOKED_AT] if name.strip()]
    # Column names are short; a line of prose with commas in it is not a header. Columns without a name are those that
    # spreadsheets leave at the end, and pandas' index at the start.
    is_header = len(names) > 1 and len(given) > (1 if names[0].strip() else 0)
    is_header = is_header and all(len(name) <= _NAME_CHARS and name.count(" ") <= 3 for name in given)
    return dialect if is_header else None


def _headers(text: str, mark: str) -> Iterator[tuple[bool, list[str]]]:
    """The first row under a delimiter, and whether spaces stand before its quotes."""
    first_line = text.split("\n", 1)[0]
    if mark not in first_line:
        return
    spaced = f'{mark} "' in first_line
    try:
        row = next(csv.reader(io.StringIO(text), delimiter=mark, skipinitialspace=spaced), [])
    except csv.Error:
        return
    yield spaced, row


def read_csv(source: Source, dialect: Dialect) -> Iterator[Record | Bad]:
    """Rows of a CSV file. Line breaks inside quotes stay as they are.

    Raises:
        InputError: the header names a column twice.
    """
    # The module's limit is global and far too low for a reasoning trace (128 KiB a cell).
    csv.field_size_limit(MAX_RECORD_BYTES)
    with source.open() as raw:
        # As with JSON: what is not UTF-8 becomes a lone surrogate, and its row is refused later on.
        file = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
        lines = _Lines(file, dialect.delimiter)
        rows = csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=dialect.spaced, strict=True)
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
            lines.begin_row()
            start, line = line, rows.line_num + 1
            if not header:
                header = _header(row, source)
            elif len(row) == len(header):
                value = {name: cell for name, cell in zip(header, row, strict=True) if cell}
                yield Record(start, value, "")
            elif row:
                reason = f"the row has {len(row)} cells; the header has {len(header)}"
                yield Bad(start, reason, _row_text(row, dialect.delimiter))


class _Lines:
    """The lines of a CSV file, as long as no row takes more of them than is reasonable: quotes may join any number."""

    def __init__(self, file: io.TextIOWrapper, delimiter: str) -> None:
        self._file = file
        self._delimiter = delimiter
        self._n_characters = self._n_cells = 0

    def begin_row(self) -> None:
        """What comes next is another row."""
        self._n_characters = self._n_cells = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(MAX_RECORD_BYTES + 1):
            self._n_characters += len(line)
            if self._n_characters > MAX_RECORD_BYTES:
                raise csv.Error(f"a row is longer than {MAX_RECORD_BYTES} characters")
            # Delimiters inside quotes are counted as well, so that the limit is one that text does not reach.
            self._n_cells += line.count(self._delimiter)
            if self._n_cells > _DENSE_CELLS and self._n_cells > self._n_characters // 8:
                raise csv.Error(f"a row has {self._n_cells} cells or more")
            yield line


def _header(row: list[str], source: Source) -> list[str]:
    """The columns' names. One without a name is called as pandas calls it, so that no format takes it for ours."""
    names = [name.strip() for name in row]
    given = [name for name in names if name]
    taken = set(given)
    if len(taken) < len(given):
        twice = sorted(name for name, n in Counter(given).items() if n > 1)
        raise InputError("a CSV header names a column twice", where=source.name, got=", ".join(twice)[:200])
    for place, name in enumerate(names):
        if not name:
            names[place] = unnamed(place, taken)
    return names


def unnamed(place: int, taken: Collection[str]) -> str:
    """A name for the column at a place that has none, such as an index that pandas wrote."""
    name = f"Unnamed: {place}"
    while name in taken:
        name += ".1"
    return name


def _row_text(row: list[str], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(row)
    return text.getvalue()
