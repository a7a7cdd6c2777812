"""A folder of databases as a list of names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rdpt_core.errors import StoreError
from rdpt_core.store.folder import databases_in


def test_only_visible_databases_of_the_folder_itself_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.duckdb", "A.duckdb", "a.duckdb", ".hidden.duckdb", "b.duckdb.wal", "notes.txt", "v1.2.duckdb"):
        (tmp_path / name).touch()
    (tmp_path / "folder.duckdb").mkdir()
    (tmp_path / "folder.duckdb" / "inner.duckdb").touch()
    (tmp_path / "gone.duckdb").symlink_to(tmp_path / "nowhere.duckdb")
    found = databases_in(tmp_path)
    assert list(found) == ["A", "a", "b", "v1.2"]
    assert found["v1.2"] == tmp_path / "v1.2.duckdb"


def test_a_name_that_is_no_utf8_can_stand_in_an_address(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.duckdb"
    Path(os.fsdecode(path)).touch()
    assert {name: file.is_file() for name, file in databases_in(tmp_path).items()} == {r"caf\xe9": True}


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the folder cannot be read: .*nowhere; expected a folder of databases"):
        databases_in(tmp_path / "nowhere")


def test_names_that_look_alike_once_escaped_both_stay(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.duckdb")).touch()
    except OSError:
        pytest.skip("this file system takes only names in UTF-8")
    (tmp_path / "a\\xff.duckdb").touch()
    assert len(set(databases_in(tmp_path).values())) == 2
