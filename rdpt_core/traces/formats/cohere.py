"""Cohere's chat responses: version 2 with a message, version 1 with `text` and the history that it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.answered import logged_response
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response
from rdpt_core.traces.formats.fields import kind_of, rest_of, short_text
from rdpt_core.traces.formats.requests import NOTHING, Asked, asked_in
from rdpt_core.traces.formats.turn import build

_ROLES = {"USER": "user", "CHATBOT": "assistant", "SYSTEM": "system", "TOOL": "tool"}
_USED = frozenset({"id", "response", "request", "message", "finish_reason", "usage", "text", "generation_id",
                   "chat_history", "response_id", "meta", "messages", "prompt", "model", "logprobs", "citations",
                   "documents", "search_results", "search_queries", "tool_calls"})  # fmt: skip


def _is_v2(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("message"), dict):
        return False
    reason = value.get("finish_reason")
    return isinstance(reason, str) and reason.isupper() and "content" in value["message"]


def _is_v1(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("text"), str) and "generation_id" in value


def _detect(value: Any) -> bool:
    output = logged_response(value)
    return _is_v2(output) or _is_v1(output)


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value, output = record.value, logged_response(record.value)
    if not _detect(value):
        raise RecordError(f"expected a message with finish_reason, or text with generation_id; got {kind_of(output)}")
    request = value.get("request")
    request = request if isinstance(request, dict) else value
    model = short_text(output.get("model")) or short_text(request.get("model"))
    if _is_v2(output):
        # The model's own spelling, also where nothing names it.
        draft = build(output["message"], model or "command-a")
        draft.model = model
        draft.messages, draft.prompt = asked_in(request)
    else:
        draft = Draft(Response.verbatim(output["text"]), model=model)
        draft.messages, draft.prompt = _history(output, request)
    draft.source_id, draft.id_is_global = short_text(output.get("id", output.get("generation_id"))), True
    draft.finish_reason = short_text(output.get("finish_reason"))
    draft.meta.update(rest_of(value, _USED))
    yield draft


def _history(output: Mapping[str, Any], request: Mapping[str, Any]) -> Asked:
    """The conversation before the response, which version 1 repeats with the response as its last turn."""
    given = output.get("chat_history")
    turns = [turn for turn in given if isinstance(turn, dict)] if isinstance(given, list) else []
    if turns and turns[-1].get("role") == "CHATBOT" and turns[-1].get("message") == output["text"]:
        turns = turns[:-1]
    messages = tuple(
        Message(role, turn["message"])
        for turn in turns
        if (role := _ROLES.get(str(turn.get("role")))) and isinstance(turn.get("message"), str)
    )
    if messages and len(messages) == len(turns):
        return messages, None
    return ((Message("user", asked),), None) if isinstance(asked := request.get("message"), str) else NOTHING


FORMAT = Format(
    name="cohere",
    title="Cohere chat responses",
    looks_for="message with content and a finish_reason in capitals, or text with generation_id",
    detect=_detect,
    read=_read,
)
