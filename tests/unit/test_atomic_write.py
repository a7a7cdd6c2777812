"""A file is there as a whole, or as it was before; nothing is left beside it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
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


def test_no_room_is_told_with_what_is_left(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught, atomic_write(tmp_path / "out.txt", "the export"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert "the export cannot be written" in str(caught.value)
    assert "MB free" in str(caught.value) and "Make room" in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="no locks that end with their process")
@pytest.mark.parametrize("as_folder", [False, True])
def test_the_next_write_removes_what_a_killed_one_left_and_nothing_else(tmp_path: Path, as_folder: bool) -> None:
    path = tmp_path / "out.txt"
    code = (
        "import sys, time; from pathlib import Path; from rdpt_core.atomic_write import part_of\n"
        f"with part_of(Path(sys.argv[1]), as_folder={as_folder}) as part:\n"
        "    print(part, flush=True)\n"
        "    time.sleep(60)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True) for _ in "ab"]
    parts = [Path(writer.stdout.readline().rstrip()) for writer in writers if writer.stdout is not None]
    another = tmp_path / ".out.txt.backup.part"
    another.touch()
    try:
        writers[0].kill()
        writers[0].wait()
        assert all(part.exists() for part in parts)
        with atomic_write(path, "the file") as temporary:
            temporary.write_text("new")
        assert sorted(tmp_path.iterdir()) == sorted([another, parts[1], path])
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
