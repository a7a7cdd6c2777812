"""One assistant turn: what is its text, and whether a request asked for the last turn to be continued."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.traces.formats.base import RecordError
from rdpt_core.traces.formats.turn import build, continues_last_turn

CALLS = [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]


@pytest.mark.parametrize("content", [None, "", []])
def test_a_tool_call_without_text_is_no_response(content: Any) -> None:
    with pytest.raises(RecordError, match="a tool call without text"):
        build({"content": content, "tool_calls": CALLS}, None)


def test_the_thinking_before_a_tool_call_is_a_response_that_is_not_closed() -> None:
    draft = build({"content": "", "reasoning_content": "R", "tool_calls": CALLS}, "qwen3")
    assert draft.response.text == "<think>\nR"
    assert draft.reasoning is not None and draft.reasoning["closing"] == "a tool call follows"
    assert draft.meta == {"tool_calls": 1}


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
@pytest.mark.parametrize("content", [None, ""])
def test_thinking_without_content_is_opened_only(name: str, content: Any) -> None:
    draft = build({"content": content, name: "R"}, "qwen3")
    assert draft.response.text == "<think>\nR"
    assert draft.reasoning is not None and draft.reasoning["closing"] == "not known"


def test_content_of_line_breaks_only_shows_that_the_thinking_was_closed() -> None:
    assert build({"content": "\n\n", "reasoning": "R"}, "qwen3").response.text == "<think>\nR\n</think>\n\n"


def test_an_empty_content_is_an_empty_response_and_none_is_no_response() -> None:
    assert build({"content": ""}, None).response.text == ""
    with pytest.raises(RecordError, match="no content"):
        build({"content": None}, None)
    assert build({"content": None, "refusal": "No."}, None).response.text == "No."


LAST = {"role": "assistant", "content": "The"}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"continue_final_message": True}, True),
        ({"body": {"continue_final_message": True}}, True),
        ({"extra_body": {"continue_final_message": True}}, True),
        ({"messages": [{**LAST, "prefix": True}]}, True),
        ({"body": {"messages": [{**LAST, "partial": True}]}}, True),
        ({"messages": [{**LAST, "prefix": True}, LAST]}, False),
        ({"messages": [LAST]}, False),
        ({"continue_final_message": False}, False),
        ({"messages": []}, False),
        ({"body": "text"}, False),
        (None, False),
    ],
)
def test_a_request_says_whether_the_last_turn_is_continued(request_: Any, expected: bool) -> None:
    assert continues_last_turn(None, request_) is expected
