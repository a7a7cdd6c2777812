"""Conversations: lists of turns under the names that chat files use, content parts, and rendered prompts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from rdpt_core.records import Message
from rdpt_core.traces.formats.base import RecordError
from rdpt_core.traces.formats.fields import kind_of

_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant", "chatgpt": "assistant", "model": "assistant",
          "bard": "assistant", "function_call": "assistant", "observation": "tool", "developer": "system"}  # fmt: skip
_TEXT_PARTS = frozenset({"text", "output_text", "input_text", "summary_text", "refusal"})
_REASONING_PARTS = frozenset({"reasoning", "thinking", "reasoning_text", "reasoning_content"})
_MAX_DEPTH = 8
_WITHHELD = frozenset({"redacted_thinking", "redacted_reasoning"})


class Parts(NamedTuple):
    """The text of a turn, in order, and what it holds that is no text."""

    parts: list[tuple[str, str]]
    redacted: int = 0
    other: int = 0

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
    redacted = other = 0
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
            other += 1
    return Parts(parts, redacted, other)


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
        if not isinstance(role, str) or not role:
            raise RecordError(f"turn {number} of the conversation names no role; got {kind_of(turn)}")
        turns.append((_ROLES.get(role.lower(), role.lower()), turn))
    return turns


def content_of(turn: Mapping[str, Any]) -> Any:
    """A turn's content under either of its names."""
    return turn["content"] if "content" in turn else turn.get("value")


def messages_of(turns: list[tuple[str, Mapping[str, Any]]]) -> tuple[Message, ...]:
    """Turns as messages. Earlier reasoning is left out, as chat templates leave it out."""
    return tuple(Message(role, parts_of(content_of(turn)).text()) for role, turn in turns)


def is_conversation(value: Any) -> bool:
    """Whether a value is a list whose first element is a turn that names a role and holds content."""
    if not (isinstance(value, list) and value and isinstance(value[0], dict)):
        return False
    first = value[0]
    return ("role" in first and ("content" in first or "tool_calls" in first)) or ("from" in first and "value" in first)


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
