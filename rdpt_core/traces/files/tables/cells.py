"""Rows of Arrow's record batches, with cells as JSON has them, so that no format loses one that JSON has no kind for.

Dates, times and timestamps are texts in ISO 8601, decimals the text of their number, durations a number with its unit,
maps objects. An empty cell is absent, and so is NaN, which is how pandas writes an empty cell among numbers. Bytes are
no text: they stay bytes, and their cell is called "NAME (bytes)", so that `meta` or a reject names it.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from rdpt_core.errors import InputError
from rdpt_core.traces.files.compression import too_big
from rdpt_core.traces.files.limits import is_bomb
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.source import Source

BATCH_ROWS = 32
"""So many rows are weighed and made into records at a time."""

_ROWS_PER_BYTE = 8
_FREE_ROWS = 1_000_000
_ZONE = re.compile(r"([+-]\d\d)(\d\d)\Z")

Convert = Callable[[Any], Any]


class RowMaker:
    """Makes records of the batches of one table.

    Raises:
        InputError: the table names a column twice.
    """

    def __init__(self, schema: Any, source: Source, what: str) -> None:
        names = schema.names
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise InputError(f"{what} names a column twice", where=source.name, got=", ".join(twice)[:200])
        self._plans = {field.name: _plan(field.type) for field in schema}
        self._source = source
        self._size = source.size()
        self._what = what
        self.n_rows = 0

    def records(self, batch: Any) -> Iterator[Record | Bad]:
        """The rows of a batch, numbered through the table.

        Raises:
            InputError: they unpack to more than the file's size makes likely.
        """
        check_rows(self.n_rows + batch.num_rows, self._source, self._what)
        for start in range(0, batch.num_rows, BATCH_ROWS):
            part = batch.slice(start, BATCH_ROWS)
            unpacked = sum(_unpacked_bytes(column) for column in part.columns)
            if is_bomb(self._size, unpacked):
                got = f"{part.num_rows} rows that unpack to {unpacked} bytes"
                raise too_big(self._source.name, self._what, got)
            columns = [(name, *_prepared(part.column(name), plan)) for name, plan in self._plans.items()]
            for index in range(part.num_rows):
                self.n_rows += 1
                yield self._row(columns, index)

    def _row(self, columns: list[tuple[str, Any, Convert | None]], index: int) -> Record | Bad:
        value: dict[str, Any] = {}
        for name, array, convert in columns:
            try:
                cell = array[index].as_py()
                cell = convert(cell) if convert is not None and cell is not None else cell
            except UnicodeDecodeError as error:
                return Bad(self.n_rows, f"not UTF-8: {error.reason}", "")
            except (ValueError, OverflowError) as error:  # such as a structure with two fields of one name
                return Bad(self.n_rows, f"the cell of {name} cannot be read: {error}", "")
            if cell is None or (isinstance(cell, float) and math.isnan(cell)):
                continue
            value[f"{name} (bytes)" if isinstance(cell, bytes) else name] = cell
        return Record(self.n_rows, value, "")


def check_rows(n_rows: int, source: Source, what: str) -> None:
    """Refuse more rows than a file of this size can hold: an empty row may take no byte at all.

    Raises:
        InputError: there are that many.
    """
    size = source.size()
    if n_rows > _FREE_ROWS + _ROWS_PER_BYTE * size:
        raise too_big(source.name, what, f"{size} bytes that hold {n_rows} rows")


def _prepared(array: Any, plan: tuple[Any, Convert | None]) -> tuple[Any, Convert | None]:
    """The array in the type that is planned for it, and what is left to do with each of its values."""
    import pyarrow as pa

    target, convert = plan
    if target.equals(array.type):
        return array, convert
    try:
        return array.cast(target), convert
    except pa.ArrowException:  # a cast that pyarrow does not know, or a date beyond all calendars
        return array, _as_json


def _plan(kind: Any) -> tuple[Any, Convert | None]:
    """The type that a column is cast to, because Python has none as exact, and what is done with its values then."""
    import pyarrow as pa

    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return (kind, _as_json) if kind.extension_name == "arrow.uuid" else _plan(kind.storage_type)
    if types.is_timestamp(kind):
        return pa.string(), _iso
    if types.is_duration(kind):
        return pa.string(), lambda number: f"{number} {kind.unit}"
    if types.is_date(kind) or types.is_time(kind) or types.is_decimal(kind):
        return pa.string(), None
    if types.is_dictionary(kind):
        target, convert = _plan(kind.value_type)
        return (kind, None) if target.equals(kind.value_type) and convert is None else (target, convert)
    if types.is_map(kind):
        (key, of_key), (item, of_item) = _plan(kind.key_type), _plan(kind.item_type)
        same = key.equals(kind.key_type) and item.equals(kind.item_type)
        return (kind if same else pa.map_(key, item)), lambda pairs: _mapping(pairs, of_key, of_item)
    if types.is_struct(kind):
        return _plan_of_struct(kind)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner, convert = _plan(kind.value_type)
        if not inner.equals(kind.value_type):
            kind = pa.large_list(inner) if types.is_large_list(kind) else pa.list_(inner)
        return kind, None if convert is None else lambda values: [_done(convert, value) for value in values]
    if types.is_nested(kind) or types.is_interval(kind) or types.is_run_end_encoded(kind):
        return kind, _as_json
    return kind, None


def _plan_of_struct(kind: Any) -> tuple[Any, Convert | None]:
    import pyarrow as pa

    fields = [kind.field(index) for index in range(kind.num_fields)]
    plans = [_plan(field.type) for field in fields]
    if not all(target.equals(field.type) for (target, _), field in zip(plans, fields, strict=True)):
        kind = pa.struct([field.with_type(target) for (target, _), field in zip(plans, fields, strict=True)])
    converts = {field.name: convert for (_, convert), field in zip(plans, fields, strict=True)}
    if not any(converts.values()):
        return kind, None
    return kind, lambda value: {name: _done(converts[name], part) for name, part in value.items()}


def _done(convert: Convert | None, value: Any) -> Any:
    return value if convert is None or value is None else convert(value)


def _mapping(pairs: Any, of_key: Convert | None, of_item: Convert | None) -> Any:
    """A map as an object; as a list of pairs where its keys are no texts or stand twice."""
    made = [[_done(of_key, key), _done(of_item, item)] for key, item in pairs]
    is_object = all(isinstance(key, str) for key, _ in made) and len({key for key, _ in made}) == len(made)
    return dict(made) if is_object else made


def _iso(text: str) -> str:
    """Arrow's way to write a timestamp, in ISO 8601: `2024-01-02 03:04:05+0100` becomes `2024-01-02T03:04:05+01:00`."""
    day, _, time = text.partition(" ")
    return day + "T" + _ZONE.sub(r"\1:\2", time) if day[-1:].isdigit() and time else text


def _as_json(value: Any) -> Any:
    """A value of any kind, as JSON has it, or as text."""
    if isinstance(value, list | tuple):
        return [_as_json(part) for part in value]
    if isinstance(value, dict):
        return {name: _as_json(part) for name, part in value.items()}
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value if value is None or isinstance(value, str | bytes | bool | int | float) else str(value)


def _unpacked_bytes(array: Any) -> int:
    """What the values of an array take at most once each is on its own.

    Dictionaries, runs and views let a few bytes stand for any number of copies of a long text, so that the size is
    counted from lengths, before the copies are made.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, types = array.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _unpacked_bytes(array.storage)
    if types.is_dictionary(kind):
        if types.is_string(kind.value_type) or types.is_binary(kind.value_type):
            lengths = pc.binary_length(array.dictionary)
            return int(pc.sum(pc.take(lengths, array.indices)).as_py() or 0)
        return len(array) * _unpacked_bytes(array.dictionary)
    if types.is_map(kind):
        return _unpacked_bytes(array.keys) + _unpacked_bytes(array.items)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _unpacked_bytes(array.flatten())
    if types.is_list_view(kind) or types.is_large_list_view(kind) or types.is_run_end_encoded(kind):
        return len(array) * _unpacked_bytes(array.values)
    if types.is_struct(kind):
        return sum(_unpacked_bytes(part) for part in array.flatten())
    if types.is_union(kind):
        return len(array) * sum(_unpacked_bytes(array.field(index)) for index in range(kind.num_fields))
    if types.is_string_view(kind) or types.is_binary_view(kind):
        return _view_bytes(array)
    return 8 * len(array) if types.is_null(kind) else int(array.nbytes)


def _view_bytes(array: Any) -> int:
    """The lengths of texts that are given as views: 16 bytes each, which begin with the length."""
    import numpy as np

    views = array.buffers()[1]
    if views is None:
        return 0
    lengths = np.frombuffer(views, "<i4").reshape(-1, 4)[array.offset : array.offset + len(array), 0]
    return int(lengths[np.asarray(array.is_valid())].sum(dtype=np.int64))
