"""Tables: CSV with a header, and Parquet. A row is a record under its column names; an empty cell is absent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from rdpt_core.errors import InputError
from rdpt_core.traces.files.limits import MAX_RECORD_BYTES, is_bomb
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.compression import damaged, too_big
from rdpt_core.traces.files.source import Source

_BATCH_ROWS = 32
_ROWS_PER_BYTE = 8
_FREE_ROWS = 1_000_000


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


def read_parquet(source: Source) -> Iterator[Record | Bad]:
    """Rows of a Parquet file, a few at a time.

    Raises:
        InputError: the file is damaged, or announces more than its size can hold.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with source.open_raw() as raw:
            metadata = pq.read_metadata(raw)
            _weigh(metadata, source)
            raw.seek(0)
            file = pq.ParquetFile(raw, pre_buffer=False, read_dictionary=_text_columns(metadata))
            size = source.size()
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
                unpacked = sum(_unpacked_bytes(column) for column in batch.columns)
                if is_bomb(size, unpacked):
                    raise too_big(
                        source.name, "a Parquet file", f"{batch.num_rows} rows that unpack to {unpacked} bytes"
                    )
                for index in range(batch.num_rows):
                    number += 1
                    yield _row(batch, index, number)
    # pyarrow leaves some damage to Python's own errors, such as column names that are not UTF-8.
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, OverflowError) as error:
        # Rows that were read stay read; the rest of the file is lost with this one, and the error says where.
        if number == 0:
            raise damaged(source.name, f"not Parquet that can be read ({_first_line(error)})") from error
        yield Bad(number + 1, f"the file cannot be read any further: {_first_line(error)}", "")


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]


def _weigh(metadata: Any, source: Source) -> None:
    """Refuse what the footer announces, before any page is decompressed."""
    size = source.size()
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    unpacked = sum(group.total_byte_size for group in groups)
    if is_bomb(size, unpacked):
        raise too_big(source.name, "a Parquet file", f"{size} bytes that unpack to {unpacked}")
    # Looking at a damaged column's own entry in the footer ends the whole process (pyarrow 26), so rows must do.
    if metadata.num_rows > _FREE_ROWS + _ROWS_PER_BYTE * size:
        raise too_big(source.name, "a Parquet file", f"{size} bytes that hold {metadata.num_rows} rows")


def _text_columns(metadata: Any) -> list[str]:
    """Paths of the columns that hold text or bytes, which are read in their dictionary form.

    A dictionary lets a few bytes stand for any number of copies of a long text, so that the unpacked size has to be
    counted from lengths before the copies are made.
    """
    schema = metadata.schema
    columns = [schema.column(index) for index in range(metadata.num_columns)]
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


def _unpacked_bytes(array: Any) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(array.type):
        lengths = pc.binary_length(array.dictionary)
        return int(pc.sum(pc.take(lengths, array.indices)).as_py() or 0)
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type) or pa.types.is_map(array.type):
        return _unpacked_bytes(array.flatten() if not pa.types.is_map(array.type) else array.items)
    if pa.types.is_struct(array.type):
        return sum(_unpacked_bytes(part) for part in array.flatten())
    return int(array.nbytes)


def _row(batch: Any, index: int, number: int) -> Record | Bad:
    try:
        value = {name: batch.column(name)[index].as_py() for name in batch.schema.names}
    except UnicodeDecodeError as error:
        return Bad(number, f"not UTF-8: {error.reason}", "")
    return Record(number, {name: cell for name, cell in value.items() if cell is not None}, "")
