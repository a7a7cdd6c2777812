"""What was asked, in every shape that a request or a log gives it."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.records import Message, ToolCall
from rdpt_core.traces.formats.requests import NOTHING, asked_in, asked_of, decoded_of

USER = (Message("user", "2+2?"),)
RENDERED = "<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ("2+2?", (USER, None)),
        ([{"role": "user", "content": "2+2?"}], (USER, None)),
        ('[{"role": "user", "content": "2+2?"}]', (USER, None)),
        (RENDERED, (USER, RENDERED)),
        ("user\n2+2?\nassistant\n", (USER, "user\n2+2?\nassistant\n")),
        ("<｜User｜>2+2?<｜Assistant｜>", (USER, "<｜User｜>2+2?<｜Assistant｜>")),
        ("[1, 2]", ((Message("user", "[1, 2]"),), None)),
        ("", NOTHING),
        (None, NOTHING),
        (["2+2?"], NOTHING),
    ],
)
def test_values(value: Any, asked: Any) -> None:
    assert asked_of(value) == asked


def test_a_plain_prompt_is_kept_as_what_the_model_continued() -> None:
    assert asked_of("2+2=", is_prompt=True) == ((Message("user", "2+2="),), "2+2=")


@pytest.mark.parametrize(
    "request_body",
    [
        {"messages": [{"role": "user", "content": "2+2?"}]},
        {"input": "2+2?"},
        {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "2+2?"}]}]},
        {"contents": "2+2?"},
        {"contents": {"parts": [{"text": "2+2?"}]}},
        {"contents": [{"role": "user", "parts": [{"text": "2+2?", "thought": None}]}]},
        {"messages": None, "question": "2+2?"},
    ],
)
def test_bodies_of_requests(request_body: dict[str, Any]) -> None:
    assert asked_in(request_body) == (USER, None)


@pytest.mark.parametrize(
    "system",
    [{"system": "Add."}, {"system": [{"text": "Add."}]}, {"instructions": "Add."},
     {"systemInstruction": {"role": "system", "parts": [{"text": "Add."}]}}, {"system_instruction": "Add."}],
)  # fmt: skip
def test_systems_that_requests_keep_apart(system: dict[str, Any]) -> None:
    assert asked_in({"input": "2+2?", **system}) == ((Message("system", "Add."), *USER), None)


def test_items_of_the_responses_api_are_turns() -> None:
    calls = [{"type": "function_call", "call_id": id, "name": "add", "arguments": "{}"} for id in ("c1", "c2")]
    results = [{"type": "function_call_output", "call_id": id, "output": "4"} for id in ("c1", "c2")]
    thought: dict[str, Any] = {"type": "reasoning", "summary": [], "encrypted_content": "x"}
    items = [{"role": "user", "content": "2+2?"}, {"type": "item_reference", "id": "x"}, thought, *calls, *results]
    messages, prompt = asked_in({"input": items})
    called = Message("assistant", "", (ToolCall("add", "{}", "c1"), ToolCall("add", "{}", "c2")))
    answers = (Message("tool", "4", (), "c1"), Message("tool", "4", (), "c2"))
    assert (messages, prompt) == ((*USER, called, *answers), None)
    assert messages[1].left_out == ("redacted_reasoning",)


def test_a_system_message_of_its_own_is_not_doubled() -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2+2?"}]
    assert asked_in({"messages": turns, "system": "Add."})[0] == (Message("system", "Be brief."), *USER)


def test_only_whole_json_is_decoded() -> None:
    assert decoded_of('{"a": 1}') == {"a": 1}
    assert decoded_of('{"a": 1') == '{"a": 1'
    assert decoded_of("[" * 100_000) == "[" * 100_000
    assert decoded_of("4") == "4"
