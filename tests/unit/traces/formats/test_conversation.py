"""Conversations keep what was called and what came back; what is no text is named."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.records import Message, ToolCall
from rdpt_core.traces.formats.base import RecordError
from rdpt_core.traces.formats.conversation import is_conversation, messages_of, turns_of

ASKED = Message("user", "1+1?")
CALL = ToolCall("add", '{"a": 1}', "c1")
OPENAI_CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}


def messages(*turns: Any) -> tuple[Message, ...]:
    return messages_of(turns_of(list(turns)))


OPENAI = (
    {"role": "user", "content": "1+1?"},
    {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "2"},
)
LEGACY = (
    {"role": "user", "content": "1+1?"},
    {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": '{"a": 1}'}},
    {"role": "function", "name": "add", "content": "2"},
)
INSPECT = (
    {"role": "user", "content": "1+1?", "source": "input", "id": "x"},
    {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "function": "add", "arguments": {"a": 1}}]},
    {"role": "tool", "content": [{"type": "text", "text": "2"}], "tool_call_id": "c1", "function": "add"},
)
ANTHROPIC = (
    {"role": "user", "content": [{"type": "text", "text": "1+1?"}]},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "2"}]},
)
GEMINI = (
    {"role": "user", "parts": [{"text": "1+1?"}]},
    {"role": "model", "parts": [{"functionCall": {"name": "add", "args": {"a": 1}, "id": "c1"}}]},
    {"role": "user", "parts": [{"functionResponse": {"name": "add", "response": {"sum": 2}, "id": "c1"}}]},
)
BEDROCK = (
    {"role": "user", "content": [{"text": "1+1?"}]},
    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "add", "input": {"a": 1}}}]},
    {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "2"}]}}]},
)
RESPONSES = (
    {"role": "user", "content": [{"type": "input_text", "text": "1+1?"}]},
    {"type": "reasoning", "id": "r", "summary": []},
    {"type": "function_call", "id": "fc", "call_id": "c1", "name": "add", "arguments": '{"a": 1}'},
    {"type": "function_call_output", "call_id": "c1", "output": "2"},
)
SHAREGPT = (
    {"from": "human", "value": "1+1?"},
    {"from": "function_call", "value": '{"name": "add", "arguments": {"a": 1}}'},
    {"from": "observation", "value": "2"},
)


@pytest.mark.parametrize(
    ("turns", "call", "result"),
    [
        (OPENAI, CALL, Message("tool", "2", (), "c1")),
        (LEGACY, CALL._replace(id=None), Message("tool", "2", (), None, "add")),
        (INSPECT, CALL, Message("tool", "2", (), "c1", "add")),
        (ANTHROPIC, CALL, Message("tool", "2", (), "c1")),
        (GEMINI, CALL, Message("tool", '{"sum": 2}', (), "c1", "add")),
        (BEDROCK, CALL, Message("tool", "2", (), "c1")),
        (RESPONSES, CALL, Message("tool", "2", (), "c1")),
        (SHAREGPT, CALL._replace(id=None), Message("tool", "2")),
    ],
    ids=["openai", "legacy", "inspect", "anthropic", "gemini", "bedrock", "responses", "sharegpt"],
)
def test_a_call_and_its_result_in_every_shape(turns: tuple[Any, ...], call: ToolCall, result: Message) -> None:
    assert is_conversation(list(turns))
    assert messages(*turns) == (ASKED, Message("assistant", "", (call,)), result)


def test_calls_beside_text_and_in_parallel_are_one_turn() -> None:
    text = {"role": "assistant", "content": [{"type": "output_text", "text": "Let me."}], "type": "message"}
    item = {"type": "function_call", "call_id": "c2", "name": "stop", "arguments": "{}"}
    assert messages(text, RESPONSES[2], item) == (
        Message("assistant", "Let me.", (CALL, ToolCall("stop", "{}", "c2"))),
    )
    beside = [{"type": "text", "text": "Let me."}, ANTHROPIC[1]["content"][0]]
    assert messages({"role": "assistant", "content": beside}) == (Message("assistant", "Let me.", (CALL,)),)


def test_several_results_in_one_turn_become_a_message_each() -> None:
    content = [
        {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "2"}, {"type": "image"}]},
        {"type": "tool_result", "tool_use_id": "c2"},
        {"type": "text", "text": "Go on."},
    ]
    made = messages({"role": "user", "content": content})
    assert made == (Message("tool", "2", (), "c1"), Message("tool", "", (), "c2"), Message("user", "Go on."))
    assert made[0].left_out == ("image",)


@pytest.mark.parametrize(
    ("turn", "left_out"),
    [
        ({"role": "user", "content": [{"type": "image_url"}, {"type": "input_audio"}]}, ("image", "audio")),
        ({"role": "user", "content": [{"type": "document"}, {"type": "odd"}, 3]}, ("document", "part", "part")),
        ({"role": "user", "type": ["message"], "content": [{"type": ["text"], "text": "?"}]}, ("part",)),
        ({"role": "user", "content": [{"image": {"format": "png"}}]}, ("image",)),
        ({"role": "user", "parts": [{"inlineData": {"mimeType": "image/png"}}]}, ("image",)),
        ({"role": "assistant", "content": "It.", "reasoning_content": "Hm."}, ("reasoning",)),
        ({"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}]}, ("reasoning",)),
        ({"role": "assistant", "content": [{"type": "redacted_thinking", "data": "x"}]}, ("redacted_reasoning",)),
        ({"role": "assistant", "content": "It.", "tool_calls": [{"id": "c1"}]}, ("tool_call",)),
        ({"role": "assistant", "content": "It.", "tool_calls": None, "reasoning": None}, ()),
    ],
)
def test_what_no_model_will_see_is_named(turn: dict[str, Any], left_out: tuple[str, ...]) -> None:
    (message,) = messages(turn)
    assert message.left_out == left_out


def test_reasoning_items_are_named_beside_what_they_led_to() -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
    made = messages(RESPONSES[0], RESPONSES[1], thought, RESPONSES[2])
    assert [message.left_out for message in made] == [(), ("redacted_reasoning", "reasoning")]


def test_a_tool_that_failed_says_so() -> None:
    failed = {"role": "tool", "content": "", "tool_call_id": "c1", "error": {"type": "timeout", "message": "too late"}}
    assert messages(failed) == (Message("tool", "too late", (), "c1"),)
    assert messages({"role": "assistant", "content": None, "refusal": "No."}) == (Message("assistant", "No."),)


def test_a_call_that_is_no_json_stays_text() -> None:
    assert messages({"from": "function_call", "value": "add(1)"}) == (Message("assistant", "add(1)"),)


def test_hostile_calls_cost_their_record_at_most() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    turn = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": deep}}]}
    with pytest.raises(RecursionError):
        messages(turn)
    (message,) = messages({**turn, "tool_calls": [{"function": {"name": "f", "arguments": "[" * 1_000_000}}]})
    assert len(message.tool_calls[0].arguments) == 1_000_000
    with pytest.raises(RecordError, match="names no role"):
        turns_of([{"type": "function_call_or_so"}])
