"""Files that are looked at again: what counts as a change, and what it costs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from rdpt_core.scoring.models import hashed_files
from rdpt_core.scoring.models.hashed_files import HashedFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.bin", "b.bin"):
        (tmp_path / name).write_bytes(b"as it was")
    return tmp_path


@pytest.fixture
def hashed(folder: Path) -> HashedFiles:
    return HashedFiles(lambda: sorted(folder.glob("*.bin")))


def age(path: Path) -> None:
    """A time of its own, so that a test needs not wait for the clock of the file system."""
    os.utime(path, ns=(1, 1))


def test_what_is_not_touched_is_not_read_again(hashed: HashedFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashed_files, "_sha256", lambda _: pytest.fail("read again"))
    assert hashed.changed() is hashed.changed_in_place() is None


def test_the_same_contents_written_again_are_read_once(
    folder: Path, hashed: HashedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.bin").write_bytes(b"as it was")
    age(folder / "a.bin")
    assert hashed.changed() is None
    monkeypatch.setattr(hashed_files, "_sha256", lambda _: pytest.fail("read again"))
    assert hashed.changed() is hashed.changed_in_place() is None


def test_other_contents_of_the_same_size_and_time_are_seen(folder: Path, hashed: HashedFiles) -> None:
    before = (folder / "b.bin").stat()
    (folder / "b.bin").write_bytes(b"as it is.")
    os.utime(folder / "b.bin", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert hashed.changed() == hashed.changed_in_place() == "b.bin"


def test_a_file_that_is_replaced_lives_on_where_it_is_mapped(folder: Path, hashed: HashedFiles) -> None:
    (folder / "new").write_bytes(b"another")
    os.replace(folder / "new", folder / "b.bin")
    assert hashed.changed() == "b.bin"
    assert hashed.changed_in_place() is None


def test_files_that_come_and_go_are_seen(folder: Path, hashed: HashedFiles) -> None:
    (folder / "c.bin").touch()
    assert hashed.changed() == "c.bin"
    (folder / "c.bin").unlink()
    assert hashed.changed() is None
    (folder / "a.bin").unlink()
    assert hashed.changed() == "a.bin"


def test_a_moved_folder_keeps_its_revision(
    folder: Path, hashed: HashedFiles, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("copy") / "folder"
    shutil.copytree(folder, copy)
    assert HashedFiles(lambda: list(copy.glob("*.bin"))).revision == hashed.revision
