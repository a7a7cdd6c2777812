"""Where there is no database, a whole one appears or none; what is no file is refused before it is opened."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from rdpt_core.errors import StoreForbiddenError, StoreVersionError
from rdpt_core.records import RunClaim
from rdpt_core.store.connect import open_for_reading, open_for_writing
from rdpt_core.store.files import file_identity, is_database, log_path, make_whole
from rdpt_core.store.reader import open_reader

from .conftest import write_run


def test_a_file_of_0_bytes_is_no_file(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    path.touch(mode=0o600)
    write_run(path, claim)
    with open_reader(path) as reader:
        assert [run.run_id for run in reader.runs()] == [claim.run_id]
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_nothing_gets_its_target(tmp_path: Path, claim: RunClaim) -> None:
    link, target = tmp_path / "link.duckdb", tmp_path / "folder" / "a.duckdb"
    link.symlink_to(target)
    write_run(link, claim)
    assert link.is_symlink() and target.is_file()


def test_nothing_is_there_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"

    def begin(new: Path) -> None:
        new.write_text("half")
        assert not path.exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_whole(path, begin)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_another_process_made_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"

    def make(new: Path) -> None:
        new.write_text("ours")
        path.write_text("theirs")

    make_whole(path, make)
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


RIVAL = """
import sys
from pathlib import Path
from rdpt_core.store.files import make_whole

def make(new):
    new.write_text("theirs")
    print("made", flush=True)

make_whole(Path(sys.argv[1]), make)
print(Path(sys.argv[1]).read_text())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no locks of files there")
@pytest.mark.parametrize("is_empty_file", [False, True])
def test_what_a_process_has_found_in_place_stays_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_empty_file: bool
) -> None:
    path, replace = tmp_path / "a.duckdb", os.replace
    if is_empty_file:
        path.touch()
    rivals: list[subprocess.Popen[str]] = []

    def replace_late(*files: Path) -> None:
        rival = subprocess.Popen([sys.executable, "-c", RIVAL, path], stdout=subprocess.PIPE, text=True)
        rivals.append(rival)
        assert rival.stdout is not None and rival.stdout.readline() == "made\n"
        # Time enough to go ahead; it waits instead.
        with suppress(subprocess.TimeoutExpired):
            rival.wait(0.2)
        replace(*files)

    monkeypatch.setattr(os, "replace", replace_late)
    make_whole(path, lambda new: new.write_text("ours") and None)
    (rival,) = rivals
    assert rival.communicate(timeout=60)[0] == "ours\n" == f"{path.read_text()}\n"
    assert list(tmp_path.iterdir()) == [path]


def test_the_log_of_a_database_that_is_gone_is_none_of_the_new_one(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    log_path(path).write_bytes(b"of another file" * 100)
    write_run(path, claim)
    with open_reader(path) as reader:
        assert len(reader.runs()) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_the_identity_tells_every_change(tmp_path: Path, claim: RunClaim) -> None:
    path, link = tmp_path / "a.duckdb", tmp_path / "link.duckdb"
    link.symlink_to(path)
    seen = [file_identity(path)]
    write_run(path, claim)
    seen.append(file_identity(path))
    log_path(path).write_bytes(b"x")
    seen.append(file_identity(path))
    assert len(set(seen)) == 3
    assert file_identity(link) == seen[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes, no /dev")
def test_what_is_no_file_is_refused_and_nobody_waits_for_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.duckdb"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null"), tmp_path):
        for opener in (open_for_reading, open_for_writing):
            with pytest.raises(StoreVersionError, match="not a DuckDB database"), opener(path):
                pass


def test_a_folder_that_takes_no_file_is_explained() -> None:
    if not Path("/sys").is_dir():
        pytest.skip("permissions do not bind a superuser, and there is no /sys, where nobody makes folders")
    path = Path("/sys/a.duckdb")
    with pytest.raises(StoreForbiddenError, match="cannot be written") as caught, open_for_writing(path):
        pass
    assert "folder of your own" in str(caught.value)


def test_a_database_that_is_open_here_is_known_without_opening_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: RunClaim
) -> None:
    """Closing it again would free the lock of whoever uses it."""
    path, text = tmp_path / "a.duckdb", tmp_path / "a.txt"
    write_run(path, claim)
    text.write_text("no database")
    (tmp_path / "hard link").hardlink_to(path)
    assert is_database(path)
    assert not any(is_database(other) for other in (text, tmp_path, tmp_path / "nothing"))

    def no_open(*_: object, **__: object) -> None:
        raise AssertionError("the file was opened")

    with open_for_reading(path):
        monkeypatch.setattr(Path, "open", no_open)
        assert is_database(path) and is_database(tmp_path / "hard link")
