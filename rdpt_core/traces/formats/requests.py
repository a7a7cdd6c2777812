"""What a request asks: conversations and prompts, from wherever the bodies of APIs and logs keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.files.json_stream import parse_json
from rdpt_core.traces.formats.asked import is_rendered_or_decoded, rendered_turns
from rdpt_core.traces.formats.base import RecordError
from rdpt_core.traces.formats.conversation import is_conversation, messages_of, parts_of, turns_of
from rdpt_core.traces.formats.fields import messages_for

Asked = tuple[tuple[Message, ...], str | None]
"""The conversation before a response, and the rendered prompt where a source holds one."""

NOTHING: Asked = ((), None)

_SYSTEM = ("system", "instructions", "systemInstruction", "system_instruction")
_QUESTIONS = ("question", "problem")


def asked_of(value: Any, *, is_prompt: bool = False) -> Asked:
    """What a value asks: turns, turns as JSON text, or a text, plain or rendered.

    Args:
        value: whatever a log holds; what asks nothing gives `NOTHING`.
        is_prompt: a plain text is the exact prompt that the model continued.

    Raises:
        RecordError: a conversation is broken.
    """
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        decoded = decoded_of(value)
        if is_conversation(decoded):
            value = decoded
    if is_conversation(value):
        return messages_of(turns_of(value)), None
    if isinstance(value, str) and value:
        if is_rendered_or_decoded(value):
            return rendered_turns(value), value
        return messages_for(value), value if is_prompt else None
    return NOTHING


def asked_in(request: Mapping[str, Any]) -> Asked:
    """What a request asks, under the names that the bodies of APIs have for it.

    Raises:
        RecordError: its conversation is broken.
    """
    for name in ("messages", "prompt", "input", "contents"):
        value = request.get(name)
        if name == "contents":
            asked = _contents(value)
        elif name == "input" and isinstance(value, list):
            # What the server keeps and the request only names is not here to be read.
            kept = [item for item in value if not (isinstance(item, dict) and item.get("type") == "item_reference")]
            asked = asked_of(kept)
        else:
            asked = asked_of(value, is_prompt=name == "prompt")
        if asked != NOTHING:
            return _with_system(asked, request)
    question = next((request[name] for name in _QUESTIONS if isinstance(request.get(name), str)), "")
    return _with_system((messages_for(question), None), request) if question else NOTHING


def decoded_of(value: Any) -> Any:
    """The list or object that a text spells as JSON; the value itself if it spells none."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        decoded, reason = parse_json(value)
        if reason is None:
            return decoded
    return value


def _with_system(asked: Asked, request: Mapping[str, Any]) -> Asked:
    """A conversation behind the system message that its request keeps in a field of its own."""
    messages, prompt = asked
    if not messages or prompt is not None or messages[0].role == "system":
        return asked
    given = next((request[name] for name in _SYSTEM if request.get(name)), None)
    if isinstance(given, dict) and "parts" in given:
        given = given["parts"]
    try:
        text = parts_of(given).text()
    except RecordError:
        return asked
    return ((Message("system", text), *messages), None) if text else asked


def _contents(value: Any) -> Asked:
    """Gemini's contents: a text, or turns whose content is in `parts`."""
    if isinstance(value, str):
        return asked_of(value)
    given = value if isinstance(value, list) else [value]
    turns = [
        {"role": turn.get("role") or "user", "content": turn["parts"]}
        for turn in given
        if isinstance(turn, dict) and "parts" in turn
    ]
    return (messages_of(turns_of(turns)), None) if turns and len(turns) == len(given) else NOTHING
