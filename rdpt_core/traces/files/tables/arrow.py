"""Arrow's own files: streams (`.arrow`, as Hugging Face's `datasets` keeps them) and files (Feather of version 2).

Both hold the same sequence of messages, and both are read as the stream: the index at the end of a file is not needed.
Each message is looked at before pyarrow sees it, because a few bytes may ask for any amount of memory. Each batch is
checked before its cells are touched, because pyarrow trusts the offsets in it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

from rdpt_core.errors import InputError
from rdpt_core.traces.files.compression import damaged, too_big
from rdpt_core.traces.files.limits import MAX_DOCUMENT_BYTES, is_bomb
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.source import Source
from rdpt_core.traces.files.tables.cells import RowMaker
from rdpt_core.traces.files.tables.parquet import first_line

ARROW_FILE = b"ARROW1"
_WHAT = "an Arrow file"
_FILE_HEAD_BYTES = 8
_CONTINUES = b"\xff\xff\xff\xff"
_MAX_METADATA = 2**26
_CHUNK = 1 << 20
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3
_UNCOMPRESSED = -1


def is_arrow(head: bytes) -> bool:
    """Whether a file's first bytes are those of an Arrow file, or of a stream, which opens with its schema."""
    if head.startswith(ARROW_FILE):
        return True
    if not head.startswith(_CONTINUES) or len(head) < 16:
        return False
    try:
        return _Flat(head[8:]).number(1, "<B") == _SCHEMA
    except struct.error:
        return False


def read_arrow(source: Source) -> Iterator[Record | Bad]:
    """Rows of an Arrow file or stream.

    Memory: one record batch, which has a limit.

    Raises:
        InputError: the file is damaged, or a batch is larger or unpacks to more than is reasonable.
    """
    import pyarrow as pa

    rows: RowMaker | None = None
    try:
        with source.open() as stream:
            head = stream.read(_FILE_HEAD_BYTES)
            messages = _Messages(stream, source, b"" if head.startswith(ARROW_FILE) else head)
            with pa.ipc.open_stream(messages, options=pa.ipc.IpcReadOptions(use_threads=False)) as reader:
                rows = RowMaker(reader.schema, source, _WHAT)
                for batch in reader:
                    yield from rows.records(_valid(batch))
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, OverflowError, struct.error) as error:
        if rows is None or rows.n_rows == 0:
            raise damaged(source.name, f"not Arrow data that can be read ({first_line(error)})") from error
        yield Bad(rows.n_rows + 1, f"the file cannot be read any further: {first_line(error)}", "")


def _valid(batch: Any) -> Any:
    """The batch, checked. A column of text that is not UTF-8 is checked as bytes: its rows are then told apart.

    Raises:
        pyarrow.ArrowInvalid: something in it points outside of it.
    """
    import pyarrow as pa

    for column in batch.columns:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            if pa.types.is_string(column.type):
                column.view(pa.binary()).validate(full=True)
            elif pa.types.is_large_string(column.type):
                column.view(pa.large_binary()).validate(full=True)
            else:
                raise
    return batch


class _Messages:
    """The file that pyarrow reads from: whole messages, each looked at first."""

    closed = False

    def __init__(self, stream: BinaryIO, source: Source, start: bytes) -> None:
        self._stream = stream
        self._source = source
        self._size = source.size()
        self._start = start
        self._held = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing: the stream under it is closed where it was opened."""

    def read(self, size: int) -> bytes:
        """As many bytes as asked for, fewer only at the end."""
        parts: list[bytes] = []
        while size > 0 and (self._held or self._next()):
            part, self._held = (self._held, b"") if len(self._held) <= size else (self._held[:size], self._held[size:])
            parts.append(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _next(self) -> bool:
        """Hold the next message, or the mark of the stream's end; False behind it."""
        if self._ended:
            return False
        prefix = self._take(4)
        if prefix == _CONTINUES:
            prefix += self._take(4)
        if len(prefix) < 4:
            self._ended = True
            return False
        length = struct.unpack("<i", prefix[-4:])[0]
        if length == 0:
            self._ended = True
            self._held = prefix
            return True
        if not 0 < length <= _MAX_METADATA:
            raise ValueError(f"a message with a header of {length} bytes")
        metadata = self._take(length)
        self._held = prefix + metadata + self._body(metadata)
        return True

    def _body(self, metadata: bytes) -> bytes:
        message = _Flat(metadata)
        length = message.number(3, "<q")
        if length > MAX_DOCUMENT_BYTES:
            raise _batch_too_large(self._source, length)
        body = self._take(length)
        batch = message.table(2) if message.number(1, "<B") in (_DICTIONARY, _BATCH) else None
        if batch is not None and message.number(1, "<B") == _DICTIONARY:
            batch = batch.table(1)
        if batch is not None and batch.table(3) is not None:
            unpacked = 0
            for offset, size in batch.pairs(2):
                claimed = struct.unpack_from("<q", body, offset)[0] if size >= 8 and offset >= 0 else 0
                unpacked += size if claimed == _UNCOMPRESSED else max(claimed, 0)
            if is_bomb(self._size, unpacked):
                raise too_big(self._source.name, _WHAT, f"{self._size} bytes with a batch that unpacks to {unpacked}")
            if unpacked > MAX_DOCUMENT_BYTES:
                raise _batch_too_large(self._source, unpacked)
        return body

    def _take(self, size: int) -> bytes:
        """Read on; memory grows with what is there, not with what is asked for."""
        part, self._start = self._start[:size], self._start[size:]
        parts = [part]
        size -= len(part)
        while size > 0 and (part := self._stream.read(min(size, _CHUNK))):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _batch_too_large(source: Source, size: int) -> InputError:
    return InputError(
        "a record batch is too large to read as a whole",
        where=source.name,
        expected=f"at most {MAX_DOCUMENT_BYTES} bytes",
        got=str(size),
        hint="Write the table as Parquet, or in batches of fewer rows.",
    )


class _Flat:
    """A table of a flatbuffer, in which Arrow writes its headers. Whatever points outside raises `struct.error`."""

    def __init__(self, data: bytes, position: int | None = None) -> None:
        self._data = data
        self._position = _at(data, 0, "<I") if position is None else position

    def number(self, field: int, form: str) -> int:
        """A number, 0 if the field is absent."""
        position = self._field(field)
        return 0 if position is None else _at(self._data, position, form)

    def table(self, field: int) -> _Flat | None:
        """A table inside, None if the field is absent."""
        position = self._field(field)
        return None if position is None else _Flat(self._data, position + _at(self._data, position, "<I"))

    def pairs(self, field: int) -> Iterator[tuple[int, int]]:
        """The structures of a vector that are two long numbers each."""
        position = self._field(field)
        if position is None:
            return
        start = position + _at(self._data, position, "<I")
        for index in range(_at(self._data, start, "<I")):
            yield _at(self._data, start + 4 + 16 * index, "<q"), _at(self._data, start + 12 + 16 * index, "<q")

    def _field(self, number: int) -> int | None:
        directory = self._position - _at(self._data, self._position, "<i")
        if 4 + 2 * number >= _at(self._data, directory, "<H"):
            return None
        offset = _at(self._data, directory + 4 + 2 * number, "<H")
        return self._position + offset if offset else None


def _at(data: bytes, position: int, form: str) -> int:
    if position < 0:
        raise struct.error("a negative position")
    value: int = struct.unpack_from(form, data, position)[0]
    return value
