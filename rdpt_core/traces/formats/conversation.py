"""Conversations: lists of turns under the names that chat files use, content parts, and rendered prompts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from rdpt_core.records import Message
from rdpt_core.traces.formats.base import RecordError
from rdpt_core.traces.formats.fields import kind_of
from rdpt_core.traces.formats.tool_calls import (
    CALL_TURNS,
    call_of,
    call_part,
    calls_in_text,
    calls_of_turn,
    is_call_item,
    is_result_item,
    result_of_turn,
    result_part,
)

_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant", "chatgpt": "assistant", "model": "assistant",
          "bard": "assistant", "function_call": "assistant", "tool_call": "assistant", "observation": "tool",
          "function": "tool", "function_response": "tool", "tool_response": "tool", "developer": "system"}  # fmt: skip
_TEXT_PARTS = frozenset({"text", "output_text", "input_text", "summary_text", "refusal"})
_REASONING_PARTS = frozenset({"reasoning", "thinking", "reasoning_text", "reasoning_content"})
_MAX_DEPTH = 8
_WITHHELD = frozenset({"redacted_thinking", "redacted_reasoning"})
_REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")
# What a turn may hold beside its text that a model should see, or that is to be counted.
_MORE = frozenset({"tool_calls", "function_call", "tool_call_id", "call_id", "tool_use_id", "name", "type", "error",
                   *_REASONING_FIELDS})  # fmt: skip
_CONTENTS = frozenset({"content", "tool_calls", "parts"})
_NO_TEXT = ("image", "audio", "video", "file", "document", "tool")


class Parts(NamedTuple):
    """The text of a turn, in order, and what it holds that is no text.

    Attributes:
        redacted: withheld reasoning.
        other: parts that are no text; `kinds` has a word for each.
    """

    parts: list[tuple[str, str]]
    redacted: int = 0
    other: int = 0
    kinds: tuple[str, ...] = ()

    def text(self) -> str:
        """The turn's text without its reasoning."""
        return "".join(text for kind, text in self.parts if kind == "text")


def parts_of(content: Any, depth: int = 0) -> Parts:
    """A turn's content, given as text, null, or a list of parts.

    Raises:
        RecordError: the content is neither, or its parts are nested beyond reason.
    """
    if depth > _MAX_DEPTH:
        raise RecordError("the message's parts are nested too deeply")
    if content is None:
        return Parts([])
    if isinstance(content, str):
        return Parts([("text", content)])
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        raise RecordError(f"message content must be text or a list of parts; got {kind_of(content)}")
    parts: list[tuple[str, str]] = []
    redacted = 0
    kinds: list[str] = []
    for part in content:
        if isinstance(part, str):
            parts.append(("text", part))
            continue
        kind = part.get("type") if isinstance(part, dict) else None
        kind = kind if isinstance(kind, str | None) else "unknown"  # a list has no hash to be looked up by
        if kind in _WITHHELD or (kind in _REASONING_PARTS and part.get("redacted") is True):
            redacted += 1
        elif kind in _REASONING_PARTS:
            parts.append(("reasoning", _reasoning_text(part, depth)))
        elif kind in _TEXT_PARTS or (kind is None and isinstance(part, dict) and isinstance(part.get("text"), str)):
            text = part.get("text", part.get("refusal"))
            if not isinstance(text, str):
                raise RecordError(f"a {kind} part must hold text; got {kind_of(text)}")
            parts.append(("reasoning" if part.get("thought") is True else "text", text))
        else:
            kinds.append(_kind_of_part(part))
    return Parts(parts, redacted, len(kinds), tuple(kinds))


def _kind_of_part(part: Any) -> str:
    """A word for a part that is no text: what it is, or `part`."""
    if not isinstance(part, dict):
        return "part"
    media = next((part[name] for name in ("inlineData", "inline_data", "fileData") if name in part), None)
    told = (
        media.get("mimeType", media.get("mime_type"))
        if isinstance(media, dict)
        else part.get("type", " ".join(map(str, part)))
    )
    known = (word for word in _NO_TEXT if word in str(told)[:100].lower())
    return next(known, "part")


def _reasoning_text(part: Mapping[str, Any], depth: int) -> str:
    """The text of a reasoning part: a string, or parts again, under the part's own name or `text`."""
    for name in ("reasoning", "thinking", "text", "reasoning_text", "reasoning_content", "content", "summary"):
        value = part.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, list) and value:
            return "".join(text for _, text in parts_of(value, depth + 1).parts)
        if isinstance(value, dict):
            return "".join(text for _, text in parts_of([{"type": "reasoning", **value}], depth + 1).parts)
    return ""


def turns_of(value: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """The turns of a conversation as (role, turn), roles in OpenAI's words.

    Raises:
        RecordError: the value is not a list of turns that name a role.
    """
    if not isinstance(value, list):
        raise RecordError(f"a conversation must be a list of turns; got {kind_of(value)}")
    turns: list[tuple[str, Mapping[str, Any]]] = []
    for number, turn in enumerate(value, 1):
        role = turn.get("role", turn.get("from")) if isinstance(turn, dict) else None
        if role is None and isinstance(turn, dict):
            role = _role_of_item(turn)
        if not isinstance(role, str) or not role:
            raise RecordError(f"turn {number} of the conversation names no role; got {kind_of(turn)}")
        turns.append((_ROLES.get(role.lower(), role.lower()), turn))
    return turns


def _role_of_item(item: Mapping[str, Any]) -> str | None:
    """Who an element of a Responses conversation belongs to that is no message; None if that is unknown."""
    if is_result_item(item):
        return "tool"
    return "assistant" if is_call_item(item) or _is_reasoning_item(item) else None


def content_of(turn: Mapping[str, Any]) -> Any:
    """A turn's content under any of its names."""
    return turn["content"] if "content" in turn else turn.get("value", turn.get("parts"))


def messages_of(turns: list[tuple[str, Mapping[str, Any]]]) -> tuple[Message, ...]:
    """Turns as messages, with their tool calls.

    Results that one turn holds together become a message each. Earlier reasoning is left out, as most chat templates
    leave it out; it and whatever is no text stands in `Message.left_out`.

    Raises:
        RecordError: a turn's content is neither text nor parts.
    """
    messages: list[Message] = []
    thought: tuple[str, ...] = ()
    for role, turn in turns:
        content = content_of(turn)
        is_call = role == "assistant" and turn.get("role", turn.get("from")) in CALL_TURNS
        if isinstance(content, str) and not is_call and turn.keys().isdisjoint(_MORE):
            messages.append(Message(role, content))
        elif _is_reasoning_item(turn):
            thought += ("reasoning" if turn.get("summary") or turn.get("content") else "redacted_reasoning",)
            continue
        else:
            _add(messages, role, turn, is_call=is_call)
        if thought:
            messages[-1] = replace(messages[-1], left_out=(*messages[-1].left_out, *thought))
            thought = ()
    return tuple(messages)


def _is_reasoning_item(item: Mapping[str, Any]) -> bool:
    return item.get("type") == "reasoning" and "role" not in item and "from" not in item


def _add(messages: list[Message], role: str, turn: Mapping[str, Any], *, is_call: bool) -> None:
    """Add what a turn with more than a text says. A call that is a turn of its own joins the assistant's before it."""
    content = turn.get("output") if is_result_item(turn) else content_of(turn)
    if is_call or is_call_item(turn):
        calls = calls_in_text(content) if is_call else list(filter(None, [call_of(turn)]))
        if calls or not is_call:
            last = messages.pop() if messages and messages[-1].role == "assistant" else Message("assistant", "")
            broken = () if calls else ("tool_call",)
            messages.append(replace(last, tool_calls=(*last.tool_calls, *calls), left_out=(*last.left_out, *broken)))
            return
    calls, n_broken = calls_of_turn(turn)
    rest: list[Any] = []
    n_before = len(messages)
    for part in content if isinstance(content, list) else ():
        call, result = call_part(part), result_part(part)
        if call is not None:
            calls.append(call)
        elif result is not None:
            held = parts_of(result.content)
            messages.append(Message("tool", held.text(), (), result.call_id, result.name, _left_out(held)))
        else:
            rest.append(part)
    if len(messages) > n_before and not rest and not calls:
        return
    held = parts_of(rest if isinstance(content, list) else content)
    left_out = _left_out(held) + ("tool_call",) * n_broken
    if any(turn.get(name) for name in _REASONING_FIELDS) and "reasoning" not in left_out:
        left_out += ("reasoning",)
    call_id, name = result_of_turn(role, turn)
    messages.append(Message(role, held.text() or _said_instead(turn), tuple(calls), call_id, name, left_out))


def _left_out(held: Parts) -> tuple[str, ...]:
    n_reasoning = sum(kind == "reasoning" for kind, _ in held.parts)
    return (*held.kinds, *("reasoning",) * n_reasoning, *("redacted_reasoning",) * held.redacted)


def _said_instead(turn: Mapping[str, Any]) -> str:
    """What stands in place of content: the words of a refusal, or of the error that a tool ended with."""
    error = turn.get("error")
    for text in (turn.get("refusal"), error.get("message") if isinstance(error, dict) else None):
        if isinstance(text, str):
            return text
    return ""


def is_conversation(value: Any) -> bool:
    """Whether a value is a list whose first element is a turn that names a role and holds content."""
    if not (isinstance(value, list) and value and isinstance(value[0], dict)):
        return False
    first = value[0]
    return ("role" in first and not first.keys().isdisjoint(_CONTENTS)) or ("from" in first and "value" in first)


_CHATML = re.compile(r"<\|im_start\|>(\w+)\n(.*?)<\|im_end\|>\n?", re.S)
_LLAMA = re.compile(r"<\|start_header_id\|>(\w+)<\|end_header_id\|>\n\n(.*?)<\|eot_id\|>", re.S)
_MARKERS = (
    "<|im_start|>",
    "<|start_header_id|>",
    "<｜User｜>",
    "<|user|>",
    "[INST]",
    "<start_of_turn>",
    "<|start|>user",
)


def is_rendered(prompt: str) -> bool:
    """Whether a prompt holds the markers of a chat template, so that it is a rendering and not a question."""
    return any(marker in prompt for marker in _MARKERS)


def turns_in(prompt: str) -> tuple[Message, ...]:
    """The turns of a rendered prompt, where its template is ChatML or Llama 3's; empty where that is not certain.

    The prompt must be made of turns from its start, followed only by the opening of the assistant's turn.
    """
    for pattern, opening in ((_CHATML, "<|im_start|>assistant"), (_LLAMA, "<|start_header_id|>assistant")):
        position = len("<|begin_of_text|>") if prompt.startswith("<|begin_of_text|>") else 0
        turns: list[Message] = []
        while (match := pattern.match(prompt, position)) is not None:
            turns.append(Message(match.group(1), match.group(2)))
            position = match.end()
        if turns and prompt.startswith(opening, position):
            return tuple(turns)
    return ()
