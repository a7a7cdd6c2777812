"""Reading cannot reach any other file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from rdpt_core.errors import (
    StoreError,
)
from rdpt_core.records import RunClaim
from rdpt_core.store.reader import open_reader

from .conftest import write_run


def test_a_reader_cannot_touch_other_files(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with open_reader(path) as reader:
        for attack in (f"SELECT * FROM read_csv('{secret}')", "SET enable_external_access = true"):
            with pytest.raises(duckdb.Error):
                reader.query(attack)
    with pytest.raises(StoreError, match=r"a\.duckdb"), open_reader(path) as reader:
        reader.query("SELECT * FROM nothing_of_this_name")
