"""Tool calls and their results, in the shapes that logs and training files give them.

    tool_calls        OpenAI: {id, type, function: {name, arguments}}; Inspect: {id, function: NAME, arguments}
    function_call     OpenAI before tools: {name, arguments}
    tool_use          Anthropic's content part: {id, name, input}, with results as `tool_result` parts
    functionCall      Gemini's content part: {name, args}, with results as `functionResponse` parts
    toolUse           Bedrock's content part: {toolUseId, name, input}, with results as `toolResult` parts
    function_call     a turn of ShareGPT files, or an item of the Responses API

Arguments are kept as the text that they are, an object as its JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from rdpt_core.records import ToolCall
from rdpt_core.records.messages import arguments_text

CALL_TURNS = frozenset({"function_call", "tool_call"})
"""Roles of turns that are a call."""
_RESULT_ITEMS = frozenset({"function_call_output", "custom_tool_call_output"})
_CALL_ITEMS = frozenset({"function_call", "custom_tool_call"})
_CALL_PARTS = ("functionCall", "function_call", "toolUse")
_RESULT_PARTS = ("functionResponse", "function_response", "toolResult")


class Result(NamedTuple):
    """What a tool gave back: content as in a turn, the call that it answers, and the tool's name."""

    content: Any
    call_id: str | None
    name: str | None


def is_call_item(item: Mapping[str, Any]) -> bool:
    """Whether an element of a conversation is a call of the Responses API, which names no role."""
    return _text(item.get("type")) in _CALL_ITEMS and "role" not in item


def is_result_item(item: Mapping[str, Any]) -> bool:
    """Whether it is such a call's result."""
    return _text(item.get("type")) in _RESULT_ITEMS and "role" not in item


def calls_of_turn(turn: Mapping[str, Any]) -> tuple[list[ToolCall], int]:
    """The calls that a turn holds beside its content, and how many name no function."""
    given = turn.get("tool_calls")
    if isinstance(given, str):
        given = _parsed(given)
    values = given if isinstance(given, list) else [given] if given else []
    if not values and isinstance(turn.get("function_call"), dict):
        values = [turn["function_call"]]
    calls = [call for value in values if (call := call_of(value)) is not None]
    return calls, len(values) - len(calls)


def call_of(value: Any) -> ToolCall | None:
    """One call in any of the shapes; None if it names no function, or its arguments are neither text nor an object."""
    if not isinstance(value, dict):
        return None
    if "tool_call.function.name" in value:
        # Spans of OpenInference name the whole way to a value.
        value = {str(key).removeprefix("tool_call.").removeprefix("function."): part for key, part in value.items()}
    inner = value.get("function", value.get("custom"))
    function: Mapping[str, Any] = inner if isinstance(inner, dict) else value
    name = inner if isinstance(inner, str) else function.get("name")
    arguments = next(
        (function[key] for key in ("arguments", "input", "args", "parameters") if function.get(key) is not None), None
    )
    if not isinstance(name, str) or not name or not isinstance(arguments, str | dict | None):
        return None
    ids = (value.get("call_id"), value.get("id"), value.get("toolUseId"))
    return ToolCall(name, arguments_text(arguments), next((id for id in ids if isinstance(id, str) and id), None))


def calls_in_text(text: Any) -> list[ToolCall]:
    """The calls of a ShareGPT turn, whose text is the JSON of one or of a list; empty if it is anything else."""
    value = _parsed(text) if isinstance(text, str) else text
    values = value if isinstance(value, list) else [value]
    calls = [call_of(item) for item in values]
    return [call for call in calls if call is not None] if all(calls) else []


def call_part(part: Any) -> ToolCall | None:
    """The call that a content part is; None if it is another part.

    A tool that the server itself ran, with its result in the same part, is no call that a template could show.
    """
    if not isinstance(part, dict):
        return None
    if part.get("type") == "tool_use" and isinstance(part.get("input"), str | dict):
        return call_of(part)
    return next((call_of(part[name]) for name in _CALL_PARTS if isinstance(part.get(name), dict)), None)


def result_part(part: Any) -> Result | None:
    """The result that a content part is; None if it is another part."""
    if not isinstance(part, dict):
        return None
    if part.get("type") == "tool_result":
        return Result(part.get("content"), _text(part.get("tool_use_id")), None)
    given = next((part[name] for name in _RESULT_PARTS if isinstance(part.get(name), dict)), None)
    if given is None:
        return None
    response = given.get("response", given.get("content"))
    content = response if isinstance(response, str | list) else json.dumps(response, ensure_ascii=False)
    return Result(content, _text(given.get("id", given.get("toolUseId"))), _text(given.get("name")))


def result_of_turn(role: str, turn: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The id of the call that a turn answers, and a name: of a tool's turn the tool's, of another one the speaker's."""
    function = turn.get("function") if role == "tool" else None
    call_id = turn.get("tool_call_id", turn.get("call_id", turn.get("tool_use_id")))
    return _text(call_id), _text(turn.get("name")) or _text(function)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _parsed(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
