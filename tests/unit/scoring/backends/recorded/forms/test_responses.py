"""OpenAI's Responses API: what is said in all messages, as one recording."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of


def message(*parts: list[tuple[str, float]]) -> dict[str, Any]:
    content = [
        {
            "type": "output_text",
            "text": "".join(text for text, _ in part),
            "logprobs": [{"token": t, "logprob": v, "bytes": list(t.encode()), "top_logprobs": []} for t, v in part],
        }
        for part in parts
    ]
    return {"type": "message", "role": "assistant", "content": content}


def test_parts_follow_one_another_and_messages_have_a_seam() -> None:
    output = [
        {"type": "reasoning", "summary": []},
        message([("I", -0.5)], [(" add", -0.25)]),
        {"type": "function_call", "arguments": "{}"},
        message([(" It is", -1.0), (" 4", 0)]),
    ]
    (found,) = recordings_of({"id": "resp_1", "object": "response", "output": output}, "f:1")
    assert found.texts == ["I", " add", " It is", " 4"]
    assert found.raw == [b"I", b" add", b" It is", b" 4"]
    assert found.logprob.tolist() == [-0.5, -0.25, -1.0, 0.0]
    assert found.seams == (2,) and found.keys == ("resp_1",)


def test_a_line_of_a_batch_wraps_it() -> None:
    line = {"custom_id": "t7", "response": {"status_code": 200, "body": {"output": [message([("4", -0.5)])]}}}
    (found,) = recordings_of(line, "f:1")
    assert found.keys == ("t7",) and found.texts == ["4"]


def test_without_logprobs_it_is_no_recording() -> None:
    silent = {"type": "message", "content": [{"type": "output_text", "text": "4", "logprobs": []}]}
    assert recordings_of({"object": "response", "output": [silent, {"type": "message", "content": "4"}]}, "f:1") == []


@pytest.mark.parametrize(
    ("details", "other", "expected"),
    [
        (None, [], 3),
        ({"reasoning_tokens": 0}, [], 3),
        ({"reasoning_tokens": 2}, [], None),
        (None, [{"type": "function_call"}], None),
    ],
)
def test_the_count_of_tokens_is_that_of_what_was_said(details: object, other: list[object], expected: object) -> None:
    usage = {"output_tokens": 3, "output_tokens_details": details}
    (found,) = recordings_of({"output": [message([("4", -0.5)]), *other], "usage": usage}, "f:1")
    assert found.n_generated == expected
