"""Tables in one JSON object, as pandas writes them."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.traces.files.tables.frames import frames_in, keyed_rows_in

ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def rows_in(value: Any) -> list[list[Any]]:
    return [list(rows()) for rows in frames_in(value)]


@pytest.mark.parametrize(
    "value",
    [
        {"a": {"0": 1, "5": 2}, "b": {"0": "x", "5": None}},
        {"columns": ["a", "b"], "index": ["0", "5"], "data": [[1, "x"], [2, None]]},
        {
            "schema": {"fields": [], "primaryKey": ["index"]},
            "data": [{"index": "0", "a": 1, "b": "x"}, {"index": "5", "a": 2, "b": None}],
        },
    ],
)
def test_rows_keep_their_index_under_a_name_that_says_nothing(value: Any) -> None:
    assert rows_in(value) == [[{"Unnamed: 0": key, **row} for key, row in zip(("0", "5"), ROWS, strict=True)]]


def test_columns_of_lists_are_rows() -> None:
    assert rows_in({"a": [1, 2], "b": ["x", None]}) == [ROWS]
    assert rows_in({"columns": ["a", "b"], "data": [[1, "x"], [2, None]]}) == [ROWS]


def test_an_index_with_a_name_keeps_it() -> None:
    value = {"schema": {"primaryKey": ["index"]}, "data": [{"index": 7, "Unnamed: 0": 8}]}
    assert rows_in(value) == [[{"Unnamed: 0.1": 7, "Unnamed: 0": 8}]]
    value = {"schema": {"primaryKey": ["id"]}, "data": [{"id": 7}]}
    assert rows_in(value) == [[{"id": 7}]]


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        "x",
        {"a": [1, 2]},
        {"a": [1, 2], "b": [1]},
        {"a": [], "b": []},
        {"a": {"0": 1}, "b": {"1": 1}},
        {"columns": ["a", "a"], "data": [[1, 2]]},
        {"columns": ["a"], "data": [[1, 2]], "index": [0, 1]},
    ],
)
def test_other_objects_are_no_tables(value: Any) -> None:
    assert rows_in(value) == []


def test_an_object_of_rows() -> None:
    rows = keyed_rows_in({"q1": {"a": 1}, "q2": {"b": 2}})
    assert rows is not None
    assert list(rows()) == [{"Unnamed: 0": "q1", "a": 1}, {"Unnamed: 0": "q2", "b": 2}]
    assert keyed_rows_in({"q1": {"a": 1}, "q2": 1}) is None
    assert keyed_rows_in({}) is None
