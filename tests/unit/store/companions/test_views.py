"""What is seen through the views has the shape of the tables behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.store.reader import open_reader
from tests.unit.store.conftest import CODE, make_claim, write_companion, write_run


@pytest.mark.parametrize("table", ["sentences", "tokens"])
def test_a_view_has_the_columns_of_its_table_and_no_others(tmp_path: Path, table: str) -> None:
    path = tmp_path / "a.duckdb"
    write_companion(path, write_run(path, make_claim()))
    with open_reader(path) as reader:
        run = reader.run(None).seen(teacher=CODE)
        before = reader.query(f"SELECT * FROM {table}")
        reader.see(run)
        seen, stored = reader.query(f"SELECT * FROM {table}"), reader.query(f"SELECT * FROM {reader.stored(table)}")
    assert seen.schema == stored.schema == before.schema
    assert stored == before and seen != before
