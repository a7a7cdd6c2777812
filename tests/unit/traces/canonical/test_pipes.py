"""Pipes: read once, kept for as many passes as a run makes, and nothing left behind."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from pathlib import Path

import pytest

from rdpt_core.errors import InputError
from rdpt_core.traces.canonical.pipes import PipeSpool
from rdpt_core.traces.canonical.reader import iter_traces
from rdpt_core.traces.canonical.rejects import RejectLog

LINES = b'{"question": "q", "response": "a"}\nnot json\n{"question": "q", "response": "b"}\n'


def feed(path: Path, content: bytes) -> None:
    threading.Thread(target=lambda: path.write_bytes(content), daemon=True).start()


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_pipe_is_read_once_and_gives_its_traces_twice(
    pipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    feed(pipe, LINES)
    with PipeSpool() as spool:
        for _ in range(2):
            rejects = RejectLog()
            assert [trace.response for trace in iter_traces([pipe], rejects=rejects, spool=spool)] == ["a", "b"]
            # Named as the user named it.
            assert [(reject.file, reject.line) for reject in rejects.first] == [(str(pipe), 2)]
        assert list((tmp_path / "temporary").iterdir()) == []
    assert len(caplog.records) == 1 and "is a pipe" in caplog.text


def test_a_descriptor_is_a_pipe_too_and_files_are_opened_where_they_lie(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, LINES)
    os.close(writing)
    file = tmp_path / "t.jsonl"
    file.write_bytes(b'{"question": "q", "response": "c"}\n')
    with PipeSpool() as spool:
        for _ in range(2):
            traces = iter_traces([Path(f"/dev/fd/{reading}"), file], rejects=RejectLog(), spool=spool)
            assert [trace.response for trace in traces] == ["a", "b", "c"]
    os.close(reading)


def test_what_comes_through_a_pipe_is_looked_at_like_a_file(pipe: Path) -> None:
    feed(pipe, b"\x1f\x8b compressed")
    with PipeSpool() as spool, pytest.raises(InputError, match="gzip data"):
        iter_traces([pipe], rejects=RejectLog(), spool=spool)


def test_no_room_for_what_comes_through_a_pipe(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    feed(pipe, LINES)
    with PipeSpool() as spool, pytest.raises(InputError, match="No space left on device .* MB free.*TMPDIR"):
        spool.open(pipe)
