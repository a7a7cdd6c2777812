"""No state of a file gives a traceback, and a lock is waited for."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

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
from rdpt_core.store.connect import open_for_reading, open_for_writing
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
    with pytest.raises(StoreVersionError), open_for_reading(nothing):
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
