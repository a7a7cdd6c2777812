"""Completions: where their question is found, why a request failed, and parts that stop no other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.imports.imported import read

ASKED = [{"role": "user", "content": "2+2?"}]


def completion(*contents: Any, **message: Any) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {"index": index, "finish_reason": "stop", "message": {"role": "assistant", "content": content, **message}}
            for index, content in enumerate(contents)
        ],
    }


@pytest.mark.parametrize(
    "record",
    [
        {"op_name": "weave:///op", "inputs": {"model": "m", "messages": ASKED}, "output": completion("4")},
        {"call_type": "acompletion", "messages": ASKED, "response": completion("4"), "status": "success"},
        {"request": {"body": {"messages": ASKED}}, "response": {"status_code": 200, "body": completion("4")}},
        {**completion("4"), "input": ASKED},
    ],
)
def test_the_question_is_found_where_logs_keep_it(record: dict[str, Any]) -> None:
    (trace,), rejects = read((record,))
    assert rejects == []
    assert (trace.response, trace.messages[0].content) == ("4", "2+2?")
    assert "messages" not in trace.meta.get("source", {})


@pytest.mark.parametrize(
    ("response", "error", "reason"),
    [
        ({"status_code": 400, "body": None}, {"error": {"message": "max len", "code": 400}}, "(status 400): max len"),
        ({"status_code": 429, "body": {"error": {"message": "slow"}}}, None, "(status 429): slow"),
        ({"status_code": 200, "body": {"object": "error", "message": "bad", "code": 400}}, None, "(status 200): bad"),
        ({"status_code": 200, "body": None}, None, "(status 200): the body of the response is empty"),
        ({"status_code": 200, "body": {"id": "x"}}, None, "(status 200): its body holds no completion"),
        ({"status_code": 422, "body": {"detail": "no model"}}, None, "(status 422): no model"),
        (None, {"code": "batch_expired", "message": "too late"}, ": too late"),
        (None, {"code": "batch_expired"}, ": batch_expired"),
        ({"body": "Bad gateway"}, None, ": Bad gateway"),
    ],
)
def test_failed_requests_are_rejected_with_the_servers_words(response: Any, error: Any, reason: str) -> None:
    failed = {"custom_id": "x", "response": response, "error": error}
    good = {"custom_id": "y", "response": {"status_code": 200, "body": completion("4")}, "error": None}
    traces, rejects = read((failed, good))
    assert len(traces) == 1
    assert [r.reason for r in rejects] == [f"the request failed {reason}".replace(" :", ":")]


def test_failed_calls_of_recorders_are_rejected_with_their_words() -> None:
    lost = {"call_type": "acompletion", "status": "failure", "error_str": "no key", "response": None}
    _, rejects = read(
        ({**lost, "response": completion("4")}, lost, {"op_name": "o", "exception": "boom", "output": None})
    )
    assert [r.reason for r in rejects] == ["the request failed: no key", "the request failed: boom"]


def test_what_else_a_call_was_given_stays_in_meta() -> None:
    inputs = {"self": {"_type": "Completions"}, "model": "m", "messages": ASKED, "temperature": 0.5}
    (trace,), _ = read(({"inputs": inputs, "output": completion("4")},))
    assert trace.meta["source"]["inputs"] == {"temperature": 0.5}


def test_a_choice_without_text_stops_no_other() -> None:
    record = completion("4", None, "6")
    record["choices"][1]["message"]["tool_calls"] = [{"id": "1"}]
    traces, rejects = read((record,))
    assert [(t.response, t.sample) for t in traces] == [("4", 0), ("6", 2)]
    assert [r.reason for r in rejects] == ["the turn is a tool call without text"]


def test_a_lone_choice_is_rejected_with_the_whole_record() -> None:
    _, rejects = read((completion(None),))
    assert '"object": "chat.completion"' in rejects[0].text


def test_the_systems_own_field_is_the_first_turn() -> None:
    (trace,), _ = read(({"request": {"system": [{"type": "text", "text": "Add."}], "messages": ASKED},
                         "response": completion("4")},))  # fmt: skip
    assert [(m.role, m.content) for m in trace.messages] == [("system", "Add."), ("user", "2+2?")]
