"""Cells that no spreadsheet evaluates."""

from __future__ import annotations

import pyarrow as pa
import pytest

from rdpt_core.analysis.export.spreadsheet import csv_safe


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_text_that_begins_like_a_formula_gets_an_apostrophe(kind: pa.DataType) -> None:
    cells = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=a\n=b", "1=1", " =1", "a\n=1", "'=1", "", None]
    safe = ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "'\r=1", "'=a\n=b", *cells[7:]]
    table = pa.table({"text": pa.array(cells, kind)})
    assert csv_safe(table).column("text").to_pylist() == safe
    assert csv_safe(table).schema == table.schema


def test_numbers_and_what_describes_the_table_stay() -> None:
    table = pa.table({"n": [-1, None], "share": [-0.5, 1.0], "correct": [True, None]})
    table = table.replace_schema_metadata({"methods": "how"})
    assert csv_safe(table).equals(table, check_metadata=True)


def test_columns_of_several_chunks_and_of_none() -> None:
    chunks = pa.chunked_array([["=1"], ["2"]])
    assert csv_safe(pa.table({"text": chunks})).column("text").to_pylist() == ["'=1", "2"]
    empty = pa.schema([("text", pa.string())]).empty_table()
    assert csv_safe(empty).equals(empty)
