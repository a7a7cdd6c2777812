"""Anthropic: messages with their request, and results of a batch that did not succeed."""

from __future__ import annotations

from typing import Any

from tests.support.imports.imported import read

MESSAGE: dict[str, Any] = {
    "id": "m1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "max_tokens",
    "content": [{"type": "text", "text": "4"}, {"type": "tool_use", "id": "t", "name": "f", "input": {}}],
}  # fmt: skip


def test_the_request_beside_a_message_is_its_conversation() -> None:
    request = {"system": "Add.", "messages": [{"role": "user", "content": "2+2?"}]}
    (trace,), rejects = read(({"request": request, "response": MESSAGE},))
    assert rejects == []
    assert [(m.role, m.content) for m in trace.messages] == [("system", "Add."), ("user", "2+2?")]
    assert trace.meta["source"]["parts_that_are_no_text"] == 1
    assert trace.meta["truncated"] == "stopped at the token limit"


def test_results_that_did_not_succeed_say_why() -> None:
    good = {"custom_id": "a", "result": {"type": "succeeded", "message": MESSAGE}}
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "too long"}}
    bad = ({"custom_id": "b", "result": {"type": "errored", "error": error}},
           {"custom_id": "c", "result": {"type": "expired"}}, {"custom_id": "d", "result": {}})  # fmt: skip
    traces, rejects = read((good, *bad))
    assert [t.response for t in traces] == ["4"]
    assert [r.reason for r in rejects] == [
        "the request did not succeed (errored: too long)",
        "the request did not succeed (expired)",
        "expected a message; got an empty object",
    ]
