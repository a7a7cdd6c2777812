"""Amazon Bedrock: Converse responses, batch outputs (`modelInput`, `modelOutput`) and model invocation logs.

A batch and a log hold what the model's own API gave: a Converse response, an Anthropic message or a completion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.answered import answers_of
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError
from rdpt_core.traces.formats.fields import kind_of, rest_of, short_text
from rdpt_core.traces.formats.requests import NOTHING, Asked, asked_in

_USED = frozenset({"recordId", "modelInput", "modelOutput", "error", "input", "output", "request", "response",
                   "messages", "system", "stopReason", "usage", "metrics", "modelId", "ResponseMetadata"})  # fmt: skip


def _is_converse(value: Any) -> bool:
    output = value.get("output") if isinstance(value, dict) else None
    return isinstance(output, dict) and isinstance(output.get("message"), dict) and "stopReason" in value


def _body(value: Any, place: str, name: str) -> Any:
    holder = value.get(place)
    return holder.get(name) if isinstance(holder, dict) else None


def _detect(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    is_batch_line = "recordId" in value and "modelInput" in value
    is_log = value.get("schemaType") == "ModelInvocationLog"
    return is_batch_line or is_log or _is_converse(value) or _is_converse(value.get("response"))


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected a Converse response, a batch line or an invocation log; got {kind_of(value)}")
    request, answer = _call(value)
    if answer is None:
        raise RecordError(_why_not(value))
    model = short_text(value.get("modelId"))
    asked: Asked = asked_in(request) if isinstance(request, dict) else NOTHING
    if _is_converse(answer):
        answer = _turn(answer)
    for draft in answers_of(answer, model, context, record.line):
        if isinstance(draft, Draft):
            draft.messages, draft.prompt = asked
            draft.source_id = short_text(value.get("recordId", value.get("requestId")))
            draft.id_is_global = "requestId" in value
            draft.meta.update(rest_of(value, _USED))
        yield draft


def _call(value: Mapping[str, Any]) -> tuple[Any, Any]:
    """What was sent to the model, and what it gave back."""
    if "modelInput" in value:
        return value["modelInput"], value.get("modelOutput")
    if value.get("schemaType") == "ModelInvocationLog":
        return _body(value, "input", "inputBodyJson"), _body(value, "output", "outputBodyJson")
    if _is_converse(value.get("response")):
        return value.get("request", value), value["response"]
    return value.get("request", value), value


def _turn(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A Converse response as a turn. The kind of a part is the name of its only field."""
    message = answer["output"]["message"]
    content = message.get("content")
    parts = [_part(part) for part in content] if isinstance(content, list) else content
    return {**message, "content": parts, "stop_reason": answer.get("stopReason")}


def _part(part: Any) -> Any:
    inner = part.get("reasoningContent") if isinstance(part, dict) else None
    if not isinstance(inner, dict):
        return part
    given = inner.get("reasoningText")
    if isinstance(given, dict) and isinstance(given.get("text"), str):
        return {"type": "thinking", "thinking": given["text"]}
    return {"type": "redacted_thinking"}


def _why_not(value: Mapping[str, Any]) -> str:
    error = value.get("error")
    words = error.get("errorMessage", error.get("message")) if isinstance(error, dict) else error
    code = value.get("errorCode")
    said = words or code
    return f"the request failed: {str(said)[:300]}" if said else "the record holds no output of the model"


FORMAT = Format(
    name="bedrock",
    title="Amazon Bedrock Converse responses, batch outputs and invocation logs",
    looks_for="output.message with stopReason, recordId with modelInput, or schemaType ModelInvocationLog",
    detect=_detect,
    read=_read,
)
