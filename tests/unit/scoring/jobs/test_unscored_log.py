"""The log of a run: what is still true stays, what is asked for again goes."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.errors import InputError
from rdpt_core.records import Role, RoleResult, TokenLogprobs, Trace, UnscoredReason
from rdpt_core.scoring.jobs.unscored_log import UnscoredLog

_NONE = TokenLogprobs(*(np.empty(0, dtype=np.int32) for _ in range(3)), np.empty(0, dtype=np.float32))


def write(path: Path, *trace_ids: str, still: set[tuple[str, str]] | None = None) -> UnscoredLog:
    log = UnscoredLog()
    log.begin(path, lambda: still or set())
    for trace_id in trace_ids:
        result = RoleResult(0, _NONE, 0, UnscoredReason.NOT_ALIGNED, "é")
        log.add(Role.TEACHER, Trace(trace_id, "q", "r"), result)
    log.close()
    return log


def trace_ids(path: Path) -> list[str]:
    return [json.loads(line)["trace_id"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_lines_about_what_is_still_unscored_stay(tmp_path: Path) -> None:
    path = tmp_path / "x.unscored.jsonl"
    assert write(path, "a", "b").n_traces == 2
    log = write(path, "c", still={("teacher", "b"), ("student", "a")})
    assert (log.n_traces, trace_ids(path)) == (2, ["b", "c"])
    before = path.stat().st_mtime_ns
    assert write(path, still={("teacher", "b"), ("teacher", "c")}).n_traces == 2
    assert path.stat().st_mtime_ns == before
    assert write(path).n_traces == 0
    assert not path.exists()


def test_a_trace_that_several_roles_could_not_score_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "x.unscored.jsonl"
    log = UnscoredLog()
    log.begin(path, set)
    for role in Role:
        log.add(role, Trace("a", "q", "r"), RoleResult(0, _NONE, 0, UnscoredReason.NO_QUESTION, None))
    log.close()
    assert (log.n_traces, trace_ids(path)) == (1, ["a"] * len(Role))
    assert write(path, "a", "b", still={("student", "a")}).n_traces == 2


def test_lines_about_other_roles_stay_and_are_not_this_calls(tmp_path: Path) -> None:
    path = tmp_path / "x.unscored.jsonl"
    write(path, "a", "b")
    log = write(path, still={("teacher", "a"), ("teacher", "b")})
    assert (log.n_traces, log.n_traces_of(["teacher:code"]), log.n_traces_of(["teacher"])) == (2, 0, 2)
    log = write(path, "c", still={("teacher", "a")})
    assert (log.n_traces, log.n_traces_of(["teacher", "student"]), trace_ids(path)) == (2, 2, ["a", "c"])


def test_a_line_that_was_cut_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "x.unscored.jsonl"
    write(path, "a")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"role": "teacher", "trace_id": "b"}')
    write(path, still={("teacher", "a"), ("teacher", "b")})
    assert trace_ids(path) == ["a"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path / "no" / "x.jsonl", "a")


def test_a_read_only_folder_is_no_fault_while_there_is_nothing_to_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.unscored.jsonl"

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    assert write(path).n_traces == 0
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(InputError, match="log of unscored traces cannot be written.*Read-only"):
        write(path)
