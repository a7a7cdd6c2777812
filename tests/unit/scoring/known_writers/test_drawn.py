"""Drawn responses on disk: whole batches are kept, and whatever else is there is drawn again."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.errors import InputError
from rdpt_core.records import Message, Trace
from rdpt_core.scoring.known_writers.drawn import DrawnFile

IDS = [f"student-{number}" for number in range(7)]


def trace(trace_id: str) -> Trace:
    return Trace(trace_id, "q", "Line one.\n\n“Two” 😀 \u2028.", (Message("user", "?"),), meta={"cut": False})


def drawn(path: Path) -> DrawnFile:
    return DrawnFile(path, IDS, batch_rows=3)


def test_batches_come_back_as_they_were(tmp_path: Path) -> None:
    file = drawn(tmp_path / "a.jsonl")
    assert file.n_drawn() == 0
    for first in range(0, 7, 3):
        file.append([trace(name) for name in IDS[first : first + 3]])
        assert drawn(file.path).n_drawn() == min(first + 3, 7)
    assert list(file.traces()) == list(file.traces()) == [trace(name) for name in IDS]
    file.remove()
    file.remove()
    assert file.n_drawn() == 0


@pytest.mark.parametrize("n_left", [1, 40])
def test_a_batch_that_was_cut_off_is_drawn_again_as_a_whole(tmp_path: Path, n_left: int) -> None:
    file = drawn(tmp_path / "a.jsonl")
    file.append([trace(name) for name in IDS[:3]])
    whole = file.path.read_bytes()
    file.append([trace(name) for name in IDS[3:6]])
    file.path.write_bytes(file.path.read_bytes()[:-n_left])
    assert file.n_drawn() == 3
    assert file.path.read_bytes() == whole


def test_responses_to_other_questions_are_not_taken(tmp_path: Path) -> None:
    file = drawn(tmp_path / "a.jsonl")
    file.append([trace(name) for name in ("student-0", "student-1", "teacher-2")])
    assert file.n_drawn() == 0
    file.path.write_text('[1]\n{"trace_id": 3}\n', encoding="utf-8")
    assert file.n_drawn() == 0


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        drawn(tmp_path / "none" / "a.jsonl").append([trace("student-0")])
