"""Policy of the rejects file: lazily made, of this run only, and never in place of something else."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from rdpt_core.errors import InputError
from rdpt_core.records import Reject
from rdpt_core.traces.canonical.rejects import KEPT_IN_MEMORY, HeldRejectLog, RejectLog


def reject(line: int, text: str = "{") -> Reject:
    return Reject("a.jsonl", line, "expected JSON", text)


def test_rejects_are_counted_kept_and_written(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    with RejectLog(path) as log:
        for line in range(1, 31):
            log.add(reject(line, "é\n\x00"))
        assert log.n == 30
        assert log.first == tuple(reject(line, "é\n\x00") for line in range(1, KEPT_IN_MEMORY + 1))
    rows = [json.loads(row) for row in path.read_text("utf-8").splitlines()]
    assert len(rows) == 30
    assert rows[6] == {"file": "a.jsonl", "line": 7, "reason": "expected JSON", "text": "é\n\x00"}


def test_no_rejects_make_no_file_and_a_stale_one_goes(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    with RejectLog(path) as log:
        log.add(reject(1))
    assert path.exists()
    with RejectLog(path):
        pass
    assert not path.exists()


@pytest.mark.parametrize("content", ['{"question": "q", "response": "r"}\n', "notes\n", "[1]\n", "{"])
def test_another_file_is_never_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "traces.jsonl"
    path.write_text(content)
    with pytest.raises(InputError, match="would overwrite"), RejectLog(path):
        pass
    assert path.read_text() == content


def test_an_empty_file_and_one_with_a_very_long_reject_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    path.touch()
    with RejectLog(path) as log:
        log.add(reject(1, "x" * (2 << 20)))
    with RejectLog(path) as log:
        log.add(reject(2))
    assert json.loads(path.read_text("utf-8"))["line"] == 2


def test_a_lone_surrogate_does_not_cost_the_reject(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    with RejectLog(path) as log:
        log.add(reject(1, "\ud800"))
    assert json.loads(path.read_text("utf-8"))["text"] == "\ud800"


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="rejects file cannot be written.*No such file"),
        RejectLog(tmp_path / "no" / "rejects.jsonl") as log,
    ):
        log.add(reject(1))


def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    with RejectLog() as log:
        log.add(reject(1))
    assert log.n == 1
    assert list(tmp_path.iterdir()) == []


def test_held_rejects_touch_no_file_before_they_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    with RejectLog(path) as log:
        log.add(reject(1))
    before = path.read_bytes()
    with HeldRejectLog() as held:
        for line in (2, 3):
            held.add(reject(line, "a lone \ud83c"))
        assert path.read_bytes() == before
        held.save(path)
    assert [json.loads(row)["line"] for row in path.read_text("utf-8").splitlines()] == [2, 3]
    assert (held.n, held.path) == (2, path)
    with HeldRejectLog() as none:
        none.save(path)
    assert not path.exists() and none.path is None
    path.write_text("notes\n")
    with HeldRejectLog() as held, pytest.raises(InputError, match="would overwrite"):
        held.save(path)


def test_rejects_that_are_there_already_are_not_written_again(tmp_path: Path) -> None:
    """Their folder may be read-only by now."""
    path = tmp_path / "rejects.jsonl"

    def save(*lines: int) -> tuple[int, int]:
        with HeldRejectLog() as held:
            for line in lines:
                held.add(reject(line, "a lone \ud83c"))
            held.save(path)
        assert [json.loads(row)["line"] for row in path.read_text("utf-8").splitlines()] == list(lines)
        assert (held.n, held.path) == (len(lines), path)
        return path.stat().st_ino, path.stat().st_mtime_ns

    before = save(2, 3)
    assert save(2, 3) == before
    assert save(2) != before
    assert save(2, 3) != before
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    save(2, 3)


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with RejectLog(tmp_path / "rejects.jsonl") as log:
        monkeypatch.setattr(log, "_open", full)
        with pytest.raises(InputError, match="rejects file cannot be written.* MB free.*Make room"):
            log.add(reject(1))
