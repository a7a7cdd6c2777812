"""Conversations with tool calls as trainers read them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rdpt_core.analysis.selection.training import FORMATS
from rdpt_core.errors import InputError
from rdpt_core.records import Message, ToolCall, Trace

ASKED = Message("user", "How warm?")
CALL = ToolCall("weather", '{"city": "Ålesund"}', "c1")
RESULT = Message("tool", "3", (), "c1", "weather")


def row(format: str, *messages: Message) -> dict[str, Any]:
    return FORMATS[format](Trace("t", "q", "It is 3.", messages))


def test_trl_gets_calls_with_arguments_as_objects() -> None:
    written = row("messages", ASKED, Message("assistant", "Look.", (CALL,)), RESULT)["messages"]
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": {"city": "Ålesund"}}}
    assert written == [
        {"role": "user", "content": "How warm?"},
        {
            "role": "assistant",
            "content": "Look.",
            "tool_calls": [call],
        },
        {"role": "tool", "content": "3", "tool_call_id": "c1", "name": "weather"},
        {"role": "assistant", "content": "It is 3."},
    ]
    assert row("prompt-completion", ASKED, Message("assistant", "Look.", (CALL,)), RESULT)["prompt"] == written[:-1]


@pytest.mark.parametrize("n_calls", [1, 2])
def test_llama_factory_gets_turns_of_calls_and_observations(n_calls: int) -> None:
    calling = Message("assistant", "", (CALL,) * n_calls)
    turns = row("sharegpt", Message("system", "Be brief."), ASKED, calling, RESULT)["conversations"]
    assert [turn["from"] for turn in turns] == ["human", "function_call", "observation", "gpt"]
    call = {"name": "weather", "arguments": {"city": "Ålesund"}}
    assert json.loads(turns[1]["value"]) == (call if n_calls == 1 else [call, call])
    assert turns[2]["value"] == "3"


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([ASKED, Message("assistant", "Look.", (CALL,)), RESULT], "of text or of tool calls, not of both"),
        ([ASKED, Message("assistant", "", (CALL, CALL)), RESULT, RESULT], "user or tool and assistant alternate"),
        ([ASKED, Message("assistant", "", (CALL,))], "alternate"),
        ([ASKED, Message("assistant", "", (CALL._replace(arguments="now"),)), RESULT], "arguments of tool calls"),
    ],
)
def test_what_llama_factory_would_misread_is_refused(messages: list[Message], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        row("sharegpt", *messages)


@pytest.mark.parametrize("format", ["messages", "prompt-completion"])
@pytest.mark.parametrize("arguments", ["now", "[1]", '{"a": ' * 60 + "1" + "}" * 60])
def test_arguments_that_are_no_object_are_refused_with_the_trace(format: str, arguments: str) -> None:
    with pytest.raises(InputError, match="trace t"):
        row(format, ASKED, Message("assistant", "", (CALL._replace(arguments=arguments),)), RESULT)
