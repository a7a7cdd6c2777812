"""Canonical lines pass through the import; numbers are taken as their texts, as in scoring."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.imports.imported import read

LINE = {"trace_id": "t", "question_id": "q", "question": "2+2?", "response": "4"}


def test_numbers_are_taken_as_their_texts() -> None:
    numbers = {
        "trace_id": 7,
        "question_id": 2.5,
        "benchmark": 1,
        "domain": 2,
        "model": 3,
        "difficulty": 0,
        "teacher_id": 5,
        "gold": 4,
    }
    (trace,), rejects = read(({**LINE, **numbers},))
    assert rejects == []
    assert (trace.trace_id, trace.question_id, trace.benchmark, trace.domain) == ("7", "2.5", "1", "2")
    assert (trace.model, trace.difficulty, trace.teacher_id, trace.gold) == ("3", "0", "5", "4")


@pytest.mark.parametrize(
    "change",
    [{"trace_id": True}, {"question_id": ""}, {"gold": False}, {"model": ["m"]}, {"prompt": 5}, {"response": 4}],
)
def test_other_values_are_rejected_by_name(change: dict[str, Any]) -> None:
    traces, rejects = read(({**LINE, **change},))
    assert traces == []
    assert rejects[0].reason.startswith(f"{next(iter(change))} must be a string")
