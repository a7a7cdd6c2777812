"""Amazon Bedrock: the same answer as a response, a line of a batch and a log."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.imports.imported import read

REASONING = {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}}
HIDDEN = {"reasoningContent": {"redactedContent": "AAA="}}


def converse(*parts: Any) -> dict[str, Any]:
    return {"output": {"message": {"role": "assistant", "content": list(parts)}}, "stopReason": "end_turn",
            "usage": {"outputTokens": 2}}  # fmt: skip


ASKED = {"system": [{"text": "Add."}], "messages": [{"role": "user", "content": [{"text": "2+2?"}]}]}
MESSAGE = {"type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn",
           "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "4"}]}  # fmt: skip


@pytest.mark.parametrize(
    "record",
    [
        {**ASKED, **converse(REASONING, {"text": "4"})},
        {"request": ASKED, "response": converse(REASONING, {"text": "4"})},
        {"recordId": "1", "modelInput": ASKED, "modelOutput": converse(REASONING, {"text": "4"})},
        {"recordId": "1", "modelInput": ASKED, "modelOutput": MESSAGE},
        {"schemaType": "ModelInvocationLog", "modelId": "claude", "requestId": "r",
         "input": {"inputBodyJson": ASKED}, "output": {"outputBodyJson": MESSAGE}},
    ],
)  # fmt: skip
def test_every_shape_is_read(record: dict[str, Any]) -> None:
    (trace,), rejects = read((record,))
    assert rejects == []
    assert trace.response == "<think>\nhm\n</think>\n\n4"
    assert [(m.role, m.content) for m in trace.messages] == [("system", "Add."), ("user", "2+2?")]
    assert trace.meta["import"]["finish_reason"] == "end_turn"


def test_hidden_reasoning_and_other_parts_are_counted() -> None:
    (trace,), _ = read((converse(HIDDEN, {"text": "4"}, {"toolUse": {"name": "f"}}),))
    assert trace.response == "4"
    assert trace.meta["import"]["reasoning"] == {"redacted": 1}
    assert trace.meta["source"]["parts_that_are_no_text"] == 1


def test_a_failed_record_says_why() -> None:
    failed = {"recordId": "1", "modelInput": ASKED, "error": {"errorCode": 400, "errorMessage": "too long"}}
    traces, rejects = read((failed, converse({"text": "4"})))
    assert len(traces) == 1
    assert rejects[0].reason == "the request failed: too long"
