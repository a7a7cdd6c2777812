"""No state of a file gives a traceback, and a lock is waited for."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rdpt_core.errors import (
    StoreBusyError,
    StoreEmptyError,
    StoreError,
    StoreMissingError,
    StoreVersionError,
)
from rdpt_core.records import RunClaim
from rdpt_core.store import connect, schema
from rdpt_core.store.connect import open_for_reading, open_for_writing
from rdpt_core.store.files import file_identity, log_path
from rdpt_core.store.reader import open_reader
from rdpt_core.store.schema import SCHEMA_VERSION

from .conftest import write_run


def test_an_interrupted_batch_leaves_nothing(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    run_no = write_run(path, claim).run_no
    with pytest.raises(ZeroDivisionError), open_for_writing(path) as connection:
        connection.execute("DELETE FROM sentences WHERE run_no = ?", [run_no])
        raise ZeroDivisionError
    with open_reader(path) as reader:
        assert reader.query("SELECT count(*) AS n FROM sentences").to_pylist() == [{"n": 4}]


def test_files_that_are_not_ours(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="rdpt demo"), open_for_reading(tmp_path / "none.duckdb"):
        pass
    text = tmp_path / "text.duckdb"
    text.write_text("this is no database, though it is long enough to look at" * 100)
    with pytest.raises(StoreVersionError, match="not a DuckDB database"), open_for_reading(text):
        pass
    empty = tmp_path / "empty.duckdb"
    duckdb.connect(str(empty)).close()
    with pytest.raises(StoreEmptyError, match="empty"), open_for_reading(empty):
        pass
    nothing = tmp_path / "zero.duckdb"
    nothing.touch()
    with pytest.raises(StoreMissingError, match="rdpt demo"), open_for_reading(nothing):
        pass
    damaged = tmp_path / "damaged.duckdb"
    content = bytearray(empty.read_bytes())
    content[4096:12288] = bytes(255 - byte for byte in content[4096:12288])
    damaged.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), open_for_reading(damaged):
        pass
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE invoices (a INTEGER)")
    for opener in (open_for_reading, open_for_writing):
        with pytest.raises(StoreVersionError, match="not an RDPT database"), opener(other):
            pass


def test_a_newer_file_is_refused_both_ways(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE store_info SET value = '999' WHERE key = 'schema_version'")
    for opener in (open_for_reading, open_for_writing):
        with pytest.raises(StoreVersionError, match=f"expected schema version {SCHEMA_VERSION}"), opener(path):
            pass


HOLD_LOCK = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep({})"


def test_a_reader_waits_for_a_writer_and_then_gives_up(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    for held_s, patience_s, arrives in ((0.5, 30.0, True), (30.0, 0.3, False)):
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD_LOCK.format(held_s), str(path)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert holder.stdout is not None
            holder.stdout.readline()
            if arrives:
                with open_reader(path, patience_s=patience_s) as reader:
                    assert len(reader.runs()) == 1
            else:
                started_s = time.monotonic()
                with pytest.raises(StoreBusyError, match="locked"), open_reader(path, patience_s=patience_s):
                    pass
                assert time.monotonic() - started_s < 10
        finally:
            holder.kill()
            holder.wait()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_forbidden_file_is_not_called_damaged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, claim: RunClaim, read_only: bool
) -> None:
    path = tmp_path / "runs.duckdb"
    write_run(path, claim)

    def refuse(*_: object, **__: object) -> None:
        # What DuckDB says; as root, which tests may run as, no file is forbidden.
        raise duckdb.IOException(f'IO Error: Cannot open file "{path}": Permission denied')

    monkeypatch.setattr(duckdb, "connect", refuse)
    opening = open_for_reading(path) if read_only else open_for_writing(path)
    with pytest.raises(StoreError, match="cannot be read" if read_only else "cannot be written to") as caught, opening:
        pass
    assert "damaged" not in str(caught.value) and "Copy the database" in str(caught.value)


def in_a_process(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


WRITE_MUCH = """
import resource, sys
from pathlib import Path
from rdpt_core.errors import RdptError
from rdpt_core.store.connect import open_for_writing

path, limit = Path(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    with open_for_writing(path) as connection:
        connection.execute("CREATE TABLE much AS SELECT range AS x, random() AS y FROM range(300000)")
except RdptError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_no_room_is_not_damage_and_the_same_call_goes_on(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    # At the first byte there is nothing yet; later, what was committed is kept.
    for limit in (4096, 100_000, None):
        if limit is None:
            write_run(path, claim)
            limit = path.stat().st_size
        found = in_a_process(WRITE_MUCH, path, limit)
        assert "there is no room on the disk" in found.stdout, found.stderr
        assert "MB free" in found.stdout and "Make room" in found.stdout
        assert "damaged" not in found.stdout and found.stderr == ""
        assert path.exists() == (limit > 100_000)
        assert [file for file in tmp_path.iterdir() if file.suffix == ".part"] == []
    with open_reader(path) as reader:
        assert reader.query("SELECT count(*) AS n FROM sentences").to_pylist() == [{"n": 4}]
    with open_for_writing(path) as connection:
        assert connection.execute("SELECT * FROM duckdb_tables() WHERE table_name = 'much'").fetchall() == []


def test_short_memory_is_not_damage(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    with pytest.raises(StoreError, match="memory is short") as caught, open_reader(path, memory="1MB") as reader:
        reader.query("SELECT list(repeat('x', 1000) || range) FROM range(1000000)")
    assert "damaged" not in str(caught.value) and "Out of Memory" in str(caught.value)


def test_a_name_that_is_too_long_is_one_error_both_ways(tmp_path: Path) -> None:
    for path in (tmp_path / ("x" * 300), tmp_path / ("x" * 300) / "a.duckdb"):
        for opener in (open_for_reading, open_for_writing):
            with pytest.raises(StoreError, match="File name too long"), opener(path):
                pass


KILLED = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("UPDATE runs SET name = 'of the killed one'")
os._exit(9)
"""


def test_what_a_killed_writer_committed_is_read_from_its_log(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    before = file_identity(path)
    in_a_process(KILLED, path)
    assert file_identity(path) != before, "or the app would go on showing what it kept"
    with open_reader(path) as reader:
        assert [run.name for run in reader.runs()] == ["of the killed one"]
    assert log_path(path).exists(), "reading changes nothing"


def test_the_log_of_another_file_is_named(tmp_path: Path, claim: RunClaim) -> None:
    path, other = tmp_path / "a.duckdb", tmp_path / "b.duckdb"
    write_run(path, claim)
    shutil.copy(path, other)
    with open_for_writing(other) as connection:
        connection.execute("CREATE TABLE more AS SELECT range AS x FROM range(10)")
    in_a_process(KILLED, path)
    shutil.copy(other, path)
    for opener in (open_for_reading, open_for_writing):
        with pytest.raises(StoreError, match="a.duckdb.wal away"), opener(path):
            pass


def test_who_looks_at_a_file_does_not_free_the_lock_of_who_uses_it(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    take_lock = "import duckdb, sys; duckdb.connect(sys.argv[1]); print('taken')"
    with open_for_writing(path):
        with pytest.raises(StoreBusyError), open_for_reading(path, patience_s=0):
            pass
        assert "Could not set lock" in in_a_process(take_lock, path).stderr
    assert in_a_process(take_lock, path).stdout == "taken\n"


@pytest.mark.parametrize("as_found", [True, False])
def test_a_file_that_goes_away_while_it_is_opened_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: RunClaim, as_found: bool
) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    real = connect._connect

    def too_late(*arguments: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        path.unlink()
        return real(*arguments, **options)

    monkeypatch.setattr(connect, "_connect", too_late)
    with pytest.raises(StoreMissingError), open_for_writing(path, as_found=as_found):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_migration_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    version = schema.SCHEMA_VERSION
    steps = ("CREATE TABLE first_step (x INTEGER)", "CREATE TABLE second_step (x INTEGER); SELECT * FROM nowhere")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, *steps))
    for module in (schema, connect):
        monkeypatch.setattr(module, "SCHEMA_VERSION", version + 2)
    with pytest.raises(StoreError), open_for_reading(path):
        pass
    with duckdb.connect(str(path)) as connection:
        assert schema.read_version(connection) == version + 1
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS[:-1], "CREATE TABLE second_step (x INTEGER)"))
    with open_for_reading(path) as connection:
        assert schema.read_version(connection) == version + 2
        assert connection.execute("SELECT count(*) FROM sentences").fetchall() == [(4,)]
