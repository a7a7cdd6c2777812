"""The teacher that a trace was routed to, as TRL calls it, in the formats that training files have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.imports.imported import read

TURNS = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]
ROWS: dict[str, dict[str, Any]] = {
    "messages": {"messages": TURNS},
    "prompt and completion": {"prompt": TURNS[:1], "completion": TURNS[1:]},
    "pairs": {"question": "2+2?", "response": "4"},
    "candidates": {"question": "2+2?", "responses": ["4", "5"]},
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize(("given", "expected"), [("code", "code"), (3, "3"), (None, None), ([1, 2, 3], None)])
def test_a_routed_teacher_is_a_field_and_what_is_none_stays_in_the_source(
    row: dict[str, Any], given: object, expected: str | None
) -> None:
    traces, rejects = read(({**row, "teacher_id": given},))
    assert rejects == []
    for trace in traces:
        assert trace.teacher_id == expected
        is_kept = given is not None and expected is None
        assert trace.meta.get("source", {}).get("teacher_id") == (given if is_kept else None)


@pytest.mark.parametrize(
    "row",
    [
        {"question": "2+2?", "responses": ["4", "5"], "teacher_id": ["a", 7]},
        {
            "question": "2+2?",
            "teacher_id": "whole",
            "responses": [{"response": "4", "teacher_id": "a"}, {"response": "5", "teacher_id": 7}],
        },
    ],
)
def test_each_candidate_may_have_its_own(row: dict[str, Any]) -> None:
    traces, rejects = read((row,))
    assert rejects == []
    assert [trace.teacher_id for trace in traces] == ["a", "7"]
    assert all("teacher_id" not in trace.meta.get("source", {}) for trace in traces)
