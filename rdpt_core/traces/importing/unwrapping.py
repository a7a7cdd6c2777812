"""Records that hold the records proper: a list under a name such as `results`, a table in one object, rows of a server.

Nothing is unwrapped that a format claims as it is, and nothing but what a format claims is taken out of a wrapper.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rdpt_core.traces.files.record import Bad, Record, snippet
from rdpt_core.traces.files.tables.frames import Rows, frames_in, keyed_rows_in
from rdpt_core.traces.formats import SAMPLE_RECORDS
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError
from rdpt_core.traces.formats.fields import MODEL, pick, short_text

Claims = Callable[[Any], bool]
"""Whether a value is a record of a format that may read the file."""

_LISTS = ("results", "data", "rows", "samples", "records", "items", "traces", "outputs", "examples", "entries",
          "predictions", "instances")  # fmt: skip
_GIVEN = (MODEL, ("benchmark", "dataset", "task"))
"""What a wrapper may say of all its records, by the names under which it does."""

_SERVED = {"row_idx", "row", "truncated_cells"}


@dataclass(frozen=True, slots=True)
class _CutRow:
    """A row some of whose cells a server has cut short."""

    row: dict[str, Any]
    cut: list[str]


def is_wrapped(first: list[Record | Bad], claims: Claims) -> bool:
    """Whether the first records of a file hold the records proper, and are none themselves."""
    values = [record.value for record in first if isinstance(record, Record)]
    return not any(map(claims, values)) and any(_parts(value, claims) is not None for value in values)


def unwrapped(
    records: Iterator[Record | Bad], claims: Claims, numbered: bool, reader: tuple[Format, Context] | None = None
) -> Iterator[Record | Bad]:
    """The records proper, each with its number among all of them, or with the line of its wrapper.

    Args:
        numbered: count them; else the wrappers have lines of their own.
        reader: how they are going to be read, which tells whether a cell matters that a server has cut short. None
            leaves such cells out.
    """
    numbers = itertools.count(1)
    for record in records:
        parts = _parts(record.value, claims) if isinstance(record, Record) and not claims(record.value) else None
        if isinstance(record, Bad) or parts is None:
            yield record
            continue
        given = _given(record.value)
        for part in parts():
            line = next(numbers) if numbered else record.line
            if isinstance(part, _CutRow):
                yield _without_cut_cells(part, line, reader)
            elif isinstance(part, dict) and (reader is None or reader[0].name != "canonical"):
                yield Record(line, _with_given(part, given), "")
            else:
                yield Record(line, part, "")


def _parts(value: Any, claims: Claims) -> Rows | None:
    """What a wrapper holds; None if it is none, or if it holds several such lists."""
    if not isinstance(value, dict):
        return None
    for table in frames_in(value):
        if any(map(claims, itertools.islice(table(), SAMPLE_RECORDS))):
            return table
    found = [rows for name in _LISTS if (rows := _list_in(value.get(name))) is not None and _holds(rows, claims)]
    if len(found) == 1:
        return found[0]
    keyed = keyed_rows_in(value) if not found else None
    # Any object of objects has this shape, so that all of them have to be records.
    if keyed is not None and all(map(claims, itertools.islice(keyed(), SAMPLE_RECORDS))):
        return keyed
    return None


def _list_in(items: Any) -> Rows | None:
    return (lambda: map(_served, items)) if isinstance(items, list) else None


def _holds(rows: Rows, claims: Claims) -> bool:
    first = itertools.islice(rows(), SAMPLE_RECORDS)
    return any(claims(row.row if isinstance(row, _CutRow) else row) for row in first)


def _served(item: Any) -> Any:
    """A row as the server of the Hugging Face hub gives it, taken out; anything else as it is."""
    if not isinstance(item, dict) or not item.keys() >= _SERVED or not isinstance(item["row"], dict):
        return item
    cut = item["truncated_cells"]
    names = [name for name in cut if isinstance(name, str)] if isinstance(cut, list) else []
    return _CutRow(item["row"], names) if names else item["row"]


def _given(wrapper: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str, str]]:
    """What a wrapper says of its records: the names for it, the one that it uses, and its value."""
    said = ((names, *pick(wrapper, names)) for names in _GIVEN)
    return [(names, name, value) for names, name, value in said if isinstance(value, str) and short_text(value)]


def _with_given(row: dict[str, Any], given: list[tuple[tuple[str, ...], str, str]]) -> dict[str, Any]:
    """A row with what its wrapper says and it does not."""
    more = {name: value for names, name, value in given if pick(row, names)[1] is None}
    return {**row, **more} if more else row


def _without_cut_cells(part: _CutRow, line: int, reader: tuple[Format, Context] | None) -> Record | Bad:
    """A row without the cells that were cut short, or the reason why it cannot do without them."""
    row = {name: cell for name, cell in part.row.items() if name not in part.cut}
    if reader is not None and not _reads_alike(part.row, row, *reader):
        names = ", ".join(part.cut)
        reason = f"the server that gave this row has cut {names} short: fetch the files of the data set instead"
        return Bad(line, reason, snippet(part.row))
    return Record(line, {**row, "truncated_cells": part.cut}, "")


def _reads_alike(one: dict[str, Any], other: dict[str, Any], chosen: Format, context: Context) -> bool:
    """Whether two rows make the same traces, but for what is only shown."""
    return chosen.read is not None and _drafts(one, chosen, context) == _drafts(other, chosen, context)


def _drafts(row: dict[str, Any], chosen: Format, context: Context) -> list[Draft | Bad] | str:
    try:
        made = chosen.read(Record(1, row, ""), context) if chosen.read is not None else ()
        return [replace(item, meta={}) if isinstance(item, Draft) else item for item in made]
    except (RecordError, RecursionError) as error:
        return str(error)
