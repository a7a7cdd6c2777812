"""Anthropic messages, alone or in batch results. Thinking blocks are put back; redacted ones are counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError
from rdpt_core.traces.formats.fields import kind_of, short_text
from rdpt_core.traces.formats.openai_chat import question_of
from rdpt_core.traces.formats.turn import build


def _message(value: Any) -> Any:
    """The message in a record: itself, the result of a batch line, or the response of a logged request."""
    for name in ("result", "message", "response"):
        if isinstance(value, dict) and value.get("type") != "message" and isinstance(value.get(name), dict):
            value = value[name]
    return value


def _detect(value: Any) -> bool:
    message = _message(value)
    if isinstance(value, dict) and "custom_id" in value and isinstance(value.get("result"), dict):
        return True
    return isinstance(message, dict) and message.get("type") == "message" and isinstance(message.get("content"), list)


def _read(record: Record, context: Context) -> Iterator[Draft]:
    message = _message(record.value)
    if not isinstance(message, dict) or message.get("type") != "message":
        raise RecordError(_failure(message))
    outer = record.value if message is not record.value else {}
    draft = build(message, short_text(message.get("model")))
    draft.messages, draft.prompt = question_of(message, outer, context)
    draft.continues = True  # the API continues an assistant turn that the conversation ends with
    draft.source_id = short_text(outer.get("custom_id")) or short_text(message.get("id"))
    draft.id_is_global = "custom_id" not in outer
    draft.finish_reason = short_text(message.get("stop_reason"))
    yield draft


def _failure(message: Any) -> str:
    kind = message.get("type") if isinstance(message, dict) else None
    if not kind:
        return f"expected a message; got {kind_of(message)}"
    error = message.get("error")
    for _ in range(3):
        if isinstance(error, dict) and isinstance(error.get("error"), dict):
            error = error["error"]
    said = short_text(error.get("message")) if isinstance(error, dict) else None
    return f"the request did not succeed ({str(kind)[:100]}{f': {said}' if said else ''})"


FORMAT = Format(
    name="anthropic",
    title="Anthropic messages and message batch results",
    looks_for="type message with a list of content blocks, or custom_id with result",
    detect=_detect,
    read=_read,
)
