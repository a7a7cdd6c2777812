"""Argilla: the fields are read, and what people said of them stays in meta."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.imports.imported import read


def record(**fields: Any) -> dict[str, Any]:
    return {"id": "7", "fields": fields, "metadata": {"source": "x"}, "vectors": {}, "status": "pending",
            "suggestions": {"rating": {"value": 3, "score": None, "agent": None}},
            "responses": {"rating": [{"value": 4, "user_id": "u"}]}}  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"instruction": "2+2?", "response": "4"},
        {"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]},
    ],
)
def test_fields_are_read_and_opinions_kept(fields: dict[str, Any]) -> None:
    (trace,), rejects = read([record(**fields)])
    assert rejects == []
    assert (trace.response, trace.messages[0].content) == ("4", "2+2?")
    assert trace.meta["source"]["responses"] == {"rating": [{"value": 4, "user_id": "u"}]}


def test_fields_that_hold_no_answer_are_rejected() -> None:
    traces, rejects = read([record(instruction="2+2?", response="4"), record(text="hello")])
    assert len(traces) == 1
    assert rejects[0].reason.startswith("expected fields with a question and a response")
