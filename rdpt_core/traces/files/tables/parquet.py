"""Parquet: a row is a record under its column names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from rdpt_core.traces.files.compression import damaged, too_big
from rdpt_core.traces.files.limits import is_bomb
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.source import Source
from rdpt_core.traces.files.tables.cells import BATCH_ROWS, RowMaker, check_rows
from rdpt_core.traces.files.tables.pages import text_columns

_WHAT = "a Parquet file"
_BUFFER_BYTES = 1 << 20


def read_parquet(source: Source) -> Iterator[Record | Bad]:
    """Rows of a Parquet file, a few at a time.

    Memory: a page of each column and its dictionary, however large the row groups are; see `_by_dictionary`.

    Raises:
        InputError: the file is damaged, or announces more than its size can hold.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows: RowMaker | None = None
    try:
        with source.open_raw() as raw:
            metadata = pq.read_metadata(raw)
            _weigh(metadata, source)
            by_dictionary = _by_dictionary(raw, metadata, source)
            for group, columns in enumerate(by_dictionary):
                raw.seek(0)
                # A buffer, or else a column of a row group is read in one piece, which may be gigabytes.
                file = pq.ParquetFile(
                    raw, metadata=metadata, pre_buffer=False, buffer_size=_BUFFER_BYTES, read_dictionary=columns
                )
                rows = rows or RowMaker(file.schema_arrow, source, _WHAT)
                # One group after the other: a batch over two of them would have two dictionaries, which pyarrow
                # cannot put into one list.
                for batch in file.iter_batches(batch_size=BATCH_ROWS, row_groups=[group], use_threads=False):
                    yield from rows.records(batch)
    # pyarrow leaves some damage to Python's own errors, such as column names that are not UTF-8.
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, OverflowError) as error:
        # Rows that were read stay read; the rest of the file is lost with this one, and the error says where.
        if rows is None or rows.n_rows == 0:
            raise damaged(source.name, f"not Parquet that can be read ({first_line(error)})") from error
        yield Bad(rows.n_rows + 1, f"the file cannot be read any further: {first_line(error)}", "")


def first_line(error: BaseException) -> str:
    """An error of pyarrow, which may go on for pages, in one line."""
    return (str(error) or type(error).__name__).splitlines()[0][:200]


def _weigh(metadata: Any, source: Source) -> None:
    """Refuse what the footer announces, before any page is decompressed."""
    size = source.size()
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    unpacked = sum(group.total_byte_size for group in groups)
    if is_bomb(size, unpacked):
        raise too_big(source.name, _WHAT, f"{size} bytes that unpack to {unpacked}")
    # Looking at a damaged column's own entry in the footer ends the whole process (pyarrow 26), so rows must do.
    check_rows(metadata.num_rows, source, _WHAT)


def _by_dictionary(raw: BinaryIO, metadata: Any, source: Source) -> list[list[str]]:
    """Paths of the columns that are read in their dictionary form, by row group: those that hold text or bytes.

    A dictionary lets a few bytes stand for any number of copies of a long text, so that the unpacked size has to be
    counted from lengths before the copies are made. But pyarrow keeps every value of such a column until the end of its
    row group, if the writer gave the dictionary up half-way, as it does for long texts. Those are read as they are,
    unless the part before could be a bomb.
    """
    schema = metadata.schema
    columns = [schema.column(index) for index in range(metadata.num_columns)]
    paths = [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]
    try:
        groups = text_columns(raw)
    except ValueError:
        groups = []
    size = source.size()
    plain: list[set[str]] = []
    for group in groups:
        names = [column.path for column in group]
        safe = (column.path for column in group if column.is_mixed and not is_bomb(size, column.most_copied))
        plain.append({path for path in safe if names.count(path) == 1})
    plain += [set()] * (metadata.num_row_groups - len(plain))
    return [[path for path in paths if path not in plain[group]] for group in range(metadata.num_row_groups)]
