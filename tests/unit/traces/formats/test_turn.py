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


def test_reasoning_that_only_the_provider_can_read_is_counted() -> None:
    details = [{"type": "reasoning.text", "text": "R"}, {"type": "reasoning.encrypted", "data": "x"}, "odd"]
    draft = build({"content": "A", "reasoning_details": details}, "qwen3")
    assert draft.response.text == "<think>\nR\n</think>\n\nA"
    assert draft.reasoning is not None and draft.reasoning["redacted"] == 1


@pytest.mark.parametrize("kind", [[], {}, 3])
def test_a_part_of_a_kind_that_is_no_text_is_counted_as_no_text(kind: Any) -> None:
    draft = build({"content": [{"type": kind, "text": "x"}, {"type": "text", "text": "A"}]}, None)
    assert draft.response.text == "A"
    assert draft.meta == {"parts_that_are_no_text": 1}


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


@pytest.mark.parametrize("content", ["<think>\nR\n</think>\n\n4", "R\n</think>\n\n4"])
def test_reasoning_that_the_content_holds_as_its_thinking_is_not_doubled(content: str) -> None:
    draft = build({"content": content, "reasoning_content": "R\n"}, "qwen3")
    assert draft.response.text == content
    assert draft.reasoning is None


def test_reasoning_with_other_words_than_the_content_is_put_back() -> None:
    assert build({"content": "b</think>c", "reasoning_content": "a"}, "qwen3").response.text == (
        "<think>\na\n</think>\n\nb</think>c"
    )
    assert build({"content": "R is 4.", "reasoning_content": "R"}, "qwen3").response.text.startswith("<think>\nR\n")


@pytest.mark.parametrize(
    "calls", [{"tool_calls": '[{"name": "f", "arguments": {}}]'}, {"function_call": {"name": "f", "arguments": "{}"}}]
)
def test_calls_in_older_shapes_are_calls_as_well(calls: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match="a tool call without text"):
        build({"content": "", **calls}, None)
    assert build({"content": "Let me see.", **calls}, None).meta == {"tool_calls": 1}
