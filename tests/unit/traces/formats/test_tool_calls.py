"""Calls and results in the shapes that APIs, harnesses and training files give them."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.records import ToolCall
from rdpt_core.traces.formats.tool_calls import (
    Result,
    call_of,
    call_part,
    calls_in_text,
    calls_of_turn,
    result_of_turn,
    result_part,
)

ADD = ToolCall("add", '{"a": 1}', "c1")


@pytest.mark.parametrize(
    ("value", "call"),
    [
        ({"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}, ADD),
        ({"id": "c1", "type": "function", "function": {"name": "add", "arguments": {"a": 1}}}, ADD),
        ({"id": "c1", "type": "function", "function": "add", "arguments": {"a": 1}}, ADD),
        ({"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "add", "arguments": '{"a": 1}'}, ADD),
        ({"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}}, ADD),
        ({"type": "custom", "id": "c1", "custom": {"name": "add", "input": '{"a": 1}'}}, ADD),
        ({"tool_call.id": "c1", "tool_call.function.name": "add", "tool_call.function.arguments": '{"a": 1}'}, ADD),
        ({"toolUseId": "c1", "name": "add", "input": {"a": 1}}, ADD),
        ({"name": "add", "args": {"a": 1}}, ToolCall("add", '{"a": 1}')),
        ({"name": "stop", "arguments": None}, ToolCall("stop", "{}")),
        ({"name": "stop", "arguments": ""}, ToolCall("stop", "")),
        ({"name": "say", "arguments": {"é": "<&>"}}, ToolCall("say", '{"é": "<&>"}')),
    ],
)
def test_every_shape_is_the_same_call(value: dict[str, Any], call: ToolCall) -> None:
    assert call_of(value) == call


@pytest.mark.parametrize(
    "value", [None, 3, "add", [], {}, {"function": {}}, {"function": None}, {"name": 1}, {"name": "f", "arguments": 3}]
)
def test_what_names_no_function_is_no_call(value: Any) -> None:
    assert call_of(value) is None


def test_calls_of_a_turn_and_how_many_are_none() -> None:
    call = {"function": {"name": "f", "arguments": "{}"}}
    assert calls_of_turn({"tool_calls": [call, {"id": "x"}, 3]}) == ([ToolCall("f", "{}")], 2)
    assert calls_of_turn({"tool_calls": '[{"name": "f", "arguments": {}}]'}) == ([ToolCall("f", "{}")], 0)
    assert calls_of_turn({"function_call": {"name": "f", "arguments": "{}"}}) == ([ToolCall("f", "{}")], 0)
    nothings: list[dict[str, Any]] = [{}, {"tool_calls": None}, {"tool_calls": []}, {"tool_calls": "none"}]
    for nothing in (*nothings, {"function_call": None}):
        assert calls_of_turn(nothing) == ([], 0)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"name": "f", "arguments": {}}', ["f"]),
        ('[{"name": "f", "arguments": {}}, {"name": "g", "arguments": "x"}]', ["f", "g"]),
        ('[{"name": "f"}, 3]', []),
        ("f()", []),
        ("[" * 200_000, []),
        ("{", []),
        (None, []),
        ([], []),
    ],
)
def test_a_turn_that_is_json_of_calls(text: Any, names: list[str]) -> None:
    assert [call.name for call in calls_in_text(text)] == names


def test_parts_that_are_calls_or_results() -> None:
    assert call_part({"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}}) == ADD
    assert call_part({"functionCall": {"name": "add", "args": {"a": 1}, "id": "c1"}}) == ADD
    # A tool that the server ran itself has its result in the same part.
    assert call_part({"type": "tool_use", "id": "c1", "name": "search", "arguments": "{}", "result": "x"}) is None
    assert call_part({"type": "text", "text": "add"}) is None
    assert result_part({"type": "tool_result", "tool_use_id": "c1", "content": "2"}) == Result("2", "c1", None)
    answer = {"functionResponse": {"name": "add", "response": {"sum": 2}}}
    assert result_part(answer) == Result('{"sum": 2}', None, "add")
    assert result_part({"type": "text", "text": "2"}) is None


def test_what_a_tool_turn_answers() -> None:
    assert result_of_turn("tool", {"tool_call_id": "c1", "name": "add"}) == ("c1", "add")
    assert result_of_turn("tool", {"tool_call_id": "c1", "function": "add"}) == ("c1", "add")
    assert result_of_turn("user", {"name": "Ann", "function": "add"}) == (None, "Ann")
    assert result_of_turn("tool", {"tool_call_id": 7, "name": ""}) == (None, None)
