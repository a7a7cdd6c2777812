"""A file is there as a whole, or as it was before; nothing is left beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.atomic_write import atomic_write
from rdpt_core.errors import InputError


def test_the_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with atomic_write(path, "the file") as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(KeyError), atomic_write(path, "the file") as temporary:
        temporary.write_text("half")
        raise KeyError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_an_error_for_users(tmp_path: Path) -> None:
    missing = tmp_path / "no" / "out.txt"
    with pytest.raises(InputError, match="the export cannot be written"), atomic_write(missing, "the export") as file:
        file.write_text("new")
