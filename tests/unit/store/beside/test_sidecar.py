"""The file beside the database: made on first writing, shared by processes, migrated in order, never misread."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from rdpt_core.errors import SidecarError
from rdpt_core.store.beside import sidecar
from rdpt_core.store.beside.basket import BasketItem, put_in_basket, read_basket
from rdpt_core.store.beside.notes import Anchor, Note, add_note, notes
from rdpt_core.store.beside.sidecar import open_sidecar, sidecar_path

NOTE = (
    "INSERT INTO notes (created_at, updated_at, run_id, trace_id, trace_hash, quote, text, tags) "
    "VALUES ('2026-01-01T00:00:00', '2026-01-01T00:00:00', 'r', 't', 'h', '', ?, '[]')"
)


def texts(database: Path) -> list[str]:
    with open_sidecar(database) as connection:
        return [row["text"] for row in connection.execute("SELECT text FROM notes ORDER BY id")]


def test_reading_makes_no_file(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    assert texts(database) == []
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_is_there_and_stands_beside(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    with open_sidecar(database, write=True) as connection:
        connection.execute(NOTE, ["one"])
    assert texts(database) == ["one"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.duckdb.notes.sqlite"]


def test_an_exception_leaves_nothing(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    with pytest.raises(ZeroDivisionError), open_sidecar(database, write=True) as connection:
        connection.execute(NOTE, ["one"])
        raise ZeroDivisionError
    assert texts(database) == []


def test_many_processes_write_at_once_from_the_first_moment(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    code = (
        "import sys; from pathlib import Path; from rdpt_core.store.beside.sidecar import open_sidecar\n"
        "for i in range(20):\n"
        "    with open_sidecar(Path(sys.argv[1]), write=True) as c:\n"
        f"        c.execute({NOTE!r}, [sys.argv[2] + str(i)])\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(database), name]) for name in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert sorted(texts(database)) == sorted(f"{name}{i}" for name in "abcd" for i in range(20))


def test_a_lock_that_lasts_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sidecar, "PATIENCE_S", 0.1)
    database = tmp_path / "a.duckdb"
    with (
        open_sidecar(database, write=True),
        pytest.raises(SidecarError, match="stayed locked"),
        open_sidecar(database, write=True),
    ):
        pass


def test_migrations_run_in_order_and_keep_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "a.duckdb"
    with open_sidecar(database, write=True) as connection:
        connection.execute(NOTE, ["old"])
    monkeypatch.setattr(sidecar, "MIGRATIONS", (*sidecar.MIGRATIONS, ("CREATE TABLE further (x)",)))
    monkeypatch.setattr(sidecar, "VERSION", sidecar.VERSION + 1)
    before = sidecar_path(database).read_bytes()
    # Reading an older file migrates a copy: the file itself may belong to somebody else.
    with open_sidecar(database) as connection:
        assert connection.execute("SELECT count(*) FROM further").fetchone()[0] == 0
    assert texts(database) == ["old"]
    assert sidecar_path(database).read_bytes() == before
    with open_sidecar(database, write=True) as connection:
        connection.execute("INSERT INTO further VALUES (1)")
    with open_sidecar(database) as connection:
        assert connection.execute("SELECT count(*) FROM further").fetchone()[0] == 1


def test_every_released_version_leads_to_the_present_one(tmp_path: Path) -> None:
    for version in range(sidecar.VERSION):
        database = tmp_path / f"{version}.duckdb"
        old = sqlite3.connect(sidecar_path(database))
        for statements in sidecar.MIGRATIONS[:version]:
            for statement in statements:
                old.execute(statement)
        old.execute(f"PRAGMA user_version = {version:d}")
        if version:
            old.execute(f"PRAGMA application_id = {sidecar.APPLICATION_ID:d}")
        old.commit()
        old.close()
        with open_sidecar(database, write=True) as connection:
            connection.execute(NOTE, ["new"])
        assert texts(database) == ["new"]


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    with open_sidecar(database, write=True) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(SidecarError, match="newer version"), open_sidecar(database):
        pass


@pytest.mark.parametrize("write", [False, True])
def test_another_programs_file_is_refused_and_kept(tmp_path: Path, write: bool) -> None:
    database = tmp_path / "a.duckdb"
    with sqlite3.connect(sidecar_path(database)) as connection:
        connection.execute("CREATE TABLE bookmarks (x)")
    before = sidecar_path(database).read_bytes()
    with pytest.raises(SidecarError, match="not a file of its notes"), open_sidecar(database, write=write):
        pass
    assert sidecar_path(database).read_bytes() == before


def test_no_sqlite_file_at_all_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    sidecar_path(database).write_text("my own notes\n" * 200)
    with pytest.raises(SidecarError, match="cannot be used"), open_sidecar(database):
        pass


def test_a_folder_that_takes_no_file_is_explained() -> None:
    # Permissions do not bind a superuser, but nobody makes files here.
    database = Path("/proc/self/a.duckdb")
    assert texts(database) == []
    with pytest.raises(SidecarError, match="cannot be written") as found, open_sidecar(database, write=True):
        pass
    assert "Copy the database into a folder of your own" in str(found.value)


@pytest.mark.parametrize("link_folder", [False, True])
def test_every_path_to_a_database_leads_to_its_notes(tmp_path: Path, link_folder: bool) -> None:
    database = tmp_path / "real" / "a.duckdb"
    database.parent.mkdir()
    database.touch()
    linked = tmp_path / "linked"
    if link_folder:
        linked.symlink_to(database.parent)
    else:
        linked.mkdir()
        (linked / "a.duckdb").symlink_to(database)
    with open_sidecar(linked / "a.duckdb", write=True) as connection:
        connection.execute(NOTE, ["one"])
    assert texts(database) == texts(linked / "a.duckdb") == ["one"]
    assert sidecar_path(linked / "a.duckdb") == sidecar_path(database)
    assert sorted(path.name for path in database.parent.iterdir()) == ["a.duckdb", "a.duckdb.notes.sqlite"]


def test_notes_that_an_earlier_version_wrote_beside_a_link_are_kept(tmp_path: Path) -> None:
    database, link = tmp_path / "a.duckdb", tmp_path / "link.duckdb"
    with open_sidecar(link, write=True) as connection:
        connection.execute(NOTE, ["beside the link"])
    database.touch()
    link.symlink_to(database)
    assert texts(link) == ["beside the link"]
    with open_sidecar(database, write=True) as connection:
        connection.execute(NOTE, ["beside the database"])
    with pytest.raises(SidecarError, match="two files of notes") as found, open_sidecar(link):
        pass
    assert "link.duckdb.notes.sqlite" in str(found.value) and "Move one of them" in str(found.value)
    assert texts(database) == ["beside the database"]


def test_no_damaged_byte_is_a_fault_of_the_program_and_none_is_changed(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    anchor = Anchor("run", "trace", "h" * 12, 1, 0, 5, "quote é")
    add_note(database, anchor, "text é", ("a", "é"))
    put_in_basket(database, BasketItem("run", "bench", "question", "trace", "reason"))
    path = sidecar_path(database)
    good = path.read_bytes()
    refused = 0
    for place in range(len(good)):
        # Most of the file is zeros that mean nothing.
        if not good[place] and place % 101:
            continue
        bad = bytearray(good)
        bad[place] ^= 0xFF if place % 2 else 0x01
        path.write_bytes(bad)
        for read in (lambda: notes(database), lambda: read_basket(database, "run")):
            try:
                for item in read():
                    assert isinstance(item, Note | BasketItem)
                    assert isinstance(item.text if isinstance(item, Note) else item.reason, str)
            except SidecarError as error:
                refused += 1
                assert str(path) in str(error)
        assert path.read_bytes() == bad
    assert refused > 100


def test_a_full_disk_is_no_damage(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    with open_sidecar(database, write=True) as connection:
        connection.execute(NOTE, ["one"])
    with pytest.raises(SidecarError, match="no room on the disk") as found, open_sidecar(database, write=True) as full:
        (n_pages,) = full.execute("PRAGMA page_count").fetchone()
        full.execute(f"PRAGMA max_page_count = {n_pages}")
        full.execute(NOTE, ["x" * 100_000])
    assert "Move the file away" not in str(found.value)
    assert texts(database) == ["one"]
