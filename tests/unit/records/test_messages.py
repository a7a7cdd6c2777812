"""Turns with tool calls: as JSON and back, as text, and in what hashes see."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.records import Message, ToolCall

CALL = ToolCall("add", '{"a": 1}', "c1")
ASKING = Message("assistant", "Let me add.", (CALL, ToolCall("stop", "now")))
RESULT = Message("tool", "2", (), "c1", "add")


@pytest.mark.parametrize("message", [Message("user", "?"), ASKING, RESULT, Message("user", "?", name="Ann")])
def test_a_message_comes_back_from_its_json(message: Message) -> None:
    assert Message.from_json(message.to_json()) == message
    assert hash(Message.from_json(message.to_json())) == hash(message)


def test_what_is_absent_is_left_out() -> None:
    assert Message("user", "?").to_json() == {"role": "user", "content": "?"}
    assert ASKING.to_json()["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}},
        {"type": "function", "function": {"name": "stop", "arguments": "now"}},
    ]
    assert RESULT.to_json() == {"role": "tool", "content": "2", "tool_call_id": "c1", "name": "add"}


@pytest.mark.parametrize(
    "fields",
    [
        None,
        "text",
        {},
        {"role": "user"},
        {"role": "user", "content": 1},
        {"role": "user", "content": "?", "weight": 1},
        {"role": "user", "content": "?", "name": 3},
        {"role": "assistant", "content": "", "tool_calls": [1]},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f"}}]},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        {"role": "assistant", "content": "", "tool_calls": []},
    ],
)
def test_anything_else_is_no_message(fields: Any) -> None:
    with pytest.raises(ValueError, match="message"):
        Message.from_json(fields)


def test_the_hash_of_a_plain_turn_knows_its_role_and_content_only() -> None:
    assert Message("user", "?", left_out=("image",)).content_key == ["user", "?"]
    keys = [str(m.content_key) for m in (ASKING, RESULT, Message("assistant", "Let me add."), Message("tool", "2"))]
    assert len(set(keys)) == 4


def test_a_reader_sees_every_call_on_a_line_of_its_own() -> None:
    assert ASKING.text == 'Let me add.\ntool call: add {"a": 1}\ntool call: stop now'
    assert Message("assistant", "", (CALL,)).text == 'tool call: add {"a": 1}'
    assert (RESULT.speaker, RESULT.text) == ("tool add", "2")


def test_every_text_of_a_turn_is_named() -> None:
    assert set(ASKING.texts) == {"assistant", "Let me add.", "add", '{"a": 1}', "c1", "stop", "now"}
    assert RESULT.texts == ("tool", "2", "c1", "add")


@pytest.mark.parametrize(
    ("arguments", "parsed"),
    [
        ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        ('{"a": "\\u00e9"}', {"a": "é"}),
        ('{"a": "\\ud800"}', None),
        ('{"a": NaN}', None),
        ('{"a": [1e999]}', None),
        ('{"a": {"b": 1, "b": 2}}', None),
        ("[1]", None),
        ("now", None),
        ("", None),
        ('{"a": ' * 60 + "1" + "}" * 60, None),
        ('{"a": ' * 100_000, None),
        ('{"a": ' + "9" * 5_000 + "}", None),
    ],
)
def test_arguments_are_an_object_where_they_can_be_written_again(arguments: str, parsed: object) -> None:
    call = ToolCall("f", arguments)
    assert call.arguments_object() == parsed
    given = call.to_json(as_object=True)["function"]["arguments"]
    assert given == (arguments if parsed is None else parsed)
    assert call.to_json()["function"]["arguments"] == arguments
