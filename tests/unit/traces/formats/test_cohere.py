"""Cohere: both versions of the chat API."""

from __future__ import annotations

from typing import Any

from tests.support.imports.imported import read

V2: dict[str, Any] = {
    "id": "c1", "finish_reason": "COMPLETE", "usage": {"tokens": {}},
    "message": {"role": "assistant",
                "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "4"}]},
}  # fmt: skip
V1: dict[str, Any] = {
    "text": "4", "generation_id": "g1", "finish_reason": "MAX_TOKENS",
    "chat_history": [{"role": "USER", "message": "2+2?"}, {"role": "CHATBOT", "message": "4"}],
}  # fmt: skip


def test_version_2_with_its_request() -> None:
    request = {"model": "command-a-reasoning", "messages": [{"role": "user", "content": "2+2?"}]}
    (trace, unnamed), rejects = read(({"request": request, "response": V2}, V2))
    assert rejects == []
    assert (
        trace.response == unnamed.response == "<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>4<|END_RESPONSE|>"
    )
    assert (trace.messages[0].content, trace.model, unnamed.model) == ("2+2?", "command-a-reasoning", None)


def test_version_1_ends_its_own_history() -> None:
    (trace,), rejects = read((V1,))
    assert rejects == []
    assert (trace.response, [(m.role, m.content) for m in trace.messages]) == ("4", [("user", "2+2?")])
    assert trace.meta["truncated"] == "stopped at the token limit"


def test_version_1_without_a_history_takes_the_requests_message() -> None:
    (trace,), _ = read(({"request": {"message": "2+2?", "model": "m"}, "response": {**V1, "chat_history": None}},))
    assert (trace.messages[0].content, trace.model) == ("2+2?", "m")
