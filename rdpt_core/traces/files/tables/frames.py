"""Tables that a JSON document holds in one object, to their rows: what pandas' `to_json` writes, and columns of lists.

The index that pandas adds has no name. It is kept under one that no format takes for a field of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.tables.delimited import unnamed

Rows = Callable[[], Iterator[Any]]
"""The rows of a table from its first one on, as often as they are asked for."""


def frames_in(value: Any) -> Iterator[Rows]:
    """Every way to see a table in a value, the likelier one first; none if it is no table.

    Read are `orient` columns (a name to an object keyed by the index), list (a name to a list), split and table.
    """
    if not isinstance(value, dict) or not value:
        return
    parts = list(value.values())
    if _is_split(value):
        yield lambda: _of_split(value)
    elif value.keys() == {"schema", "data"} and isinstance(value["schema"], dict) and isinstance(value["data"], list):
        yield lambda: _of_table(value)
    elif all(isinstance(part, list) and len(part) == len(parts[0]) > 0 for part in parts) and len(parts) > 1:
        yield lambda: (dict(zip(value, cells, strict=True)) for cells in zip(*parts, strict=True))
    elif all(isinstance(part, dict) and part.keys() == parts[0].keys() for part in parts) and len(parts) > 1:
        yield lambda: _of_columns(value, parts[0])


def keyed_rows_in(value: Any) -> Rows | None:
    """The rows of an object of objects, each under its key, as `orient` index gives them; None if it is none."""
    if not isinstance(value, dict) or not value or not all(isinstance(part, dict) for part in value.values()):
        return None
    return lambda: _with_index(value.items())


def _of_columns(value: Mapping[str, Any], keys: Iterable[str]) -> Iterator[dict[str, Any]]:
    return _with_index((key, {name: column[key] for name, column in value.items()}) for key in keys)


def _is_split(value: Mapping[str, Any]) -> bool:
    if not {"columns", "data"} <= value.keys() <= {"columns", "data", "index", "name"}:
        return False
    columns, rows, index = value["columns"], value["data"], value.get("index")
    return (
        isinstance(columns, list)
        and all(isinstance(name, str) for name in columns)
        and len(set(columns)) == len(columns)
        and isinstance(rows, list)
        and all(isinstance(row, list) and len(row) == len(columns) for row in rows)
        and (index is None or (isinstance(index, list) and len(index) == len(rows)))
    )


def _of_split(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    rows = (dict(zip(value["columns"], row, strict=True)) for row in value["data"])
    return rows if value.get("index") is None else _with_index(zip(value["index"], rows, strict=True))


def _of_table(value: Mapping[str, Any]) -> Iterator[Any]:
    """The rows as they are, but for the name `index` of an index that has none."""
    for row in value["data"]:
        if isinstance(row, dict) and value["schema"].get("primaryKey") == ["index"] and "index" in row:
            yield {unnamed(0, row) if name == "index" else name: cell for name, cell in row.items()}
        else:
            yield row


def _with_index(rows: Iterable[tuple[Any, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for key, row in rows:
        yield {unnamed(0, row): key, **row}
