"""How the pages of a Parquet file are packed, read from their headers, which pyarrow does not show.

Headers are in Thrift's compact protocol. Only this file reads them, and only to choose between two safe ways to read a
column: what cannot be understood here is left to pyarrow.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

_BYTE_ARRAY = 6
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
_BY_DICTIONARY = (2, 8)
_HEADER_BYTES = (1 << 12, 1 << 20)
_MAX_DEPTH = 20
_MAX_PAGES = 1_000_000
_FOOTER_END = struct.Struct("<I4s")


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column of text or bytes in one row group.

    Attributes:
        path: its name, with those of the lists and structures that it lies in.
        is_mixed: some of its pages refer to its dictionary, and others hold the values themselves.
        most_copied: bytes that the references to the dictionary stand for at the very most.
    """

    path: str
    is_mixed: bool
    most_copied: int


def text_columns(file: BinaryIO) -> list[list[TextColumn]]:
    """The columns of text or bytes of each row group, as far as their headers can be understood.

    Raises:
        ValueError: the file's own header cannot be understood.
    """
    groups = _footer(file).get(4, [])
    return [list(_columns(file, group)) for group in groups] if isinstance(groups, list) else []


def _footer(file: BinaryIO) -> Mapping[int, Any]:
    end = file.seek(0, 2) - _FOOTER_END.size
    file.seek(max(end, 0))
    raw = file.read(_FOOTER_END.size)
    if len(raw) < _FOOTER_END.size:
        raise ValueError("no footer")
    length, magic = _FOOTER_END.unpack(raw)
    if magic != b"PAR1" or length > end:
        raise ValueError("no footer that can be read")
    file.seek(end - length)
    return _Compact(file.read(length)).structure()


def _columns(file: BinaryIO, group: Any) -> Iterator[TextColumn]:
    chunks = group.get(1) if isinstance(group, dict) else None
    for chunk in chunks if isinstance(chunks, list) else []:
        column = chunk.get(3) if isinstance(chunk, dict) else None
        if not isinstance(column, dict) or column.get(1) != _BYTE_ARRAY or 1 in chunk:
            continue
        try:
            yield _column(file, column)
        except (ValueError, TypeError, LookupError, OSError, OverflowError):
            continue  # pyarrow says what is wrong with it


def _column(file: BinaryIO, column: Mapping[int, Any]) -> TextColumn:
    path = ".".join(part.decode() for part in column[3]) if 3 in column else ""
    first, dictionary = column.get(9, 0), column.get(11, 0)
    position = dictionary if 0 < dictionary < first else first
    left, dictionary_bytes, n_by_dictionary, n_themselves = column.get(5, 0), 0, 0, 0
    for _ in range(_MAX_PAGES):
        if left <= 0:
            break
        header, size = _page_header(file, position)
        if header[3] < 0:
            raise ValueError("a page of a negative size")
        position += size + header[3]
        if header.get(1) == _DICTIONARY:
            dictionary_bytes = max(dictionary_bytes, header[2])
            continue
        data = header.get(5) if header.get(1) == _DATA else header.get(8)
        if header.get(1) not in (_DATA, _DATA_V2) or not isinstance(data, dict) or data[1] < 0:
            raise ValueError("a page of an unknown kind")
        left -= data[1]
        encoding = data[2] if header[1] == _DATA else data[4]
        if encoding in _BY_DICTIONARY:
            n_by_dictionary += data[1]
        else:
            n_themselves += data[1]
    if left != 0:
        raise ValueError("the pages hold another number of values than the footer says")
    return TextColumn(path, n_by_dictionary > 0 and n_themselves > 0, n_by_dictionary * dictionary_bytes)


def _page_header(file: BinaryIO, position: int) -> tuple[Mapping[int, Any], int]:
    for size in _HEADER_BYTES:
        file.seek(position)
        compact = _Compact(file.read(size))
        try:
            header = compact.structure()
        except ValueError:
            continue
        if not {2, 3} <= header.keys() or compact.position == 0:
            break
        return header, compact.position
    raise ValueError("a page header that cannot be read")


class _Compact:
    """Values in Thrift's compact protocol: a structure is a dictionary by its fields' numbers."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def structure(self, depth: int = 0) -> dict[int, Any]:
        """The next structure.

        Raises:
            ValueError: the data end inside it, or it is nested too deeply.
        """
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._signed()
            fields[number] = self._value(head & 15, depth + 1)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._signed()
        if kind == 7:
            return self._bytes(8)
        if kind == 8:
            return self._bytes(self._unsigned())
        if kind in (9, 10):
            head = self._byte()
            count = self._unsigned() if head >> 4 == 15 else head >> 4
            inner = head & 15
            return [self._byte() if inner in (1, 2) else self._value(inner, depth + 1) for _ in range(count)]
        if kind == 12:
            return self.structure(depth)
        raise ValueError(f"a value of the unknown kind {kind}")

    def _byte(self) -> int:
        if self.position >= len(self._data):
            raise ValueError("the data end")
        self.position += 1
        return self._data[self.position - 1]

    def _bytes(self, size: int) -> bytes:
        if size > len(self._data) - self.position:
            raise ValueError("the data end")
        self.position += size
        return self._data[self.position - size : self.position]

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise ValueError("a number without an end")

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
