"""The Responses API: whole response objects, alone or in batch outputs, and recorded event streams.

Of a stream only its last event counts, which repeats the whole response. A stream without it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.files.record import Bad, Record, snippet
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, why
from rdpt_core.traces.formats.conversation import parts_of
from rdpt_core.traces.formats.fields import kind_of, short_text
from rdpt_core.traces.formats.openai_chat import failure_in, question_of
from rdpt_core.traces.formats.reasoning import TOOL_CALL, put_back
from rdpt_core.traces.formats.requests import Asked
from rdpt_core.traces.formats.tool_calls import is_call_item

_LAST = ("response.completed", "response.incomplete", "response.failed")


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str) and value["type"].startswith("response.")


def _whole(value: Any) -> Any:
    """The response object in a record, or None."""
    for _ in range(3):
        if isinstance(value, dict) and value.get("object") == "response" and isinstance(value.get("output"), list):
            return value
        value = value.get("response", value.get("body")) if isinstance(value, dict) else None
    return None


def _detect(value: Any) -> bool:
    return _is_event(value) or _whole(value) is not None


def _gather(records: Iterable[Record], context: Context) -> Iterator[Draft | Bad]:
    open_at: int | None = None
    for record in records:
        value = record.value
        try:
            if _is_event(value):
                open_at = open_at or record.line
                if value["type"] not in _LAST:
                    continue
                open_at = None
            yield from _drafts(record, context)
        except (RecordError, RecursionError) as error:
            yield Bad(record.line, why(error), record.text or snippet(value))
    if open_at is not None:
        yield Bad(open_at, f"the event stream ends without {_LAST[0]}, so its response is not whole", "")


def _drafts(record: Record, context: Context) -> Iterator[Draft]:
    outer: Mapping[str, Any] = record.value if isinstance(record.value, dict) else {}
    response = _whole(record.value)
    if response is None:
        raise RecordError(failure_in(outer) or f"expected a response object with output; got {kind_of(record.value)}")
    parts: list[tuple[str, str]] = []
    redacted = other = no_text = n_summaries = 0
    for item in response["output"]:
        kind = item.get("type") if isinstance(item, dict) else None
        if kind == "reasoning":
            texts = parts_of(item.get("content") or item.get("summary"))
            parts += [("reasoning", text) for _, text in texts.parts]
            n_summaries += bool(texts.parts) and not item.get("content")
            redacted += not texts.parts
        elif kind == "message":
            turn = parts_of(item.get("content"))
            parts += turn.parts
            no_text += turn.other
        else:
            other += 1
    if not parts:
        error = response.get("error")
        said = short_text(error.get("message")) if isinstance(error, dict) else None
        status = f"status {response.get('status')}{f': {said}' if said else ''}"
        raise RecordError(f"the response holds no text ({other} other items, {status})")
    model = short_text(response.get("model"))
    text, reasoning = put_back(joined(parts), model, redacted=redacted)
    if reasoning is not None and "closing" in reasoning and any(map(_is_call, response["output"])):
        reasoning = {**reasoning, "closing": TOOL_CALL}
    outer = outer if outer is not response else {}
    draft = Draft(text, model=model, reasoning=reasoning, line=record.line)
    draft.messages, draft.prompt = _asked(response, outer, context)
    draft.source_id = short_text(outer.get("custom_id")) or short_text(response.get("id"))
    draft.id_is_global = "custom_id" not in outer
    details = response.get("incomplete_details")
    draft.finish_reason = short_text(details.get("reason")) if isinstance(details, dict) else None
    draft.truncated = response.get("status") in ("incomplete", "failed", "cancelled")
    if other:
        draft.meta["items_that_are_no_text"] = other
    if no_text:
        draft.meta["parts_that_are_no_text"] = no_text
    if n_summaries:
        # The provider's words about the reasoning, not the model's own.
        draft.meta["reasoning_summaries"] = n_summaries
    yield draft


def _is_call(item: Any) -> bool:
    return isinstance(item, dict) and is_call_item(item)


def _asked(response: Mapping[str, Any], outer: Mapping[str, Any], context: Context) -> Asked:
    """What was asked, behind the instructions, which a response repeats."""
    messages, prompt = question_of(response, outer, context)
    instructions = response.get("instructions")
    if messages and prompt is None and messages[0].role != "system" and isinstance(instructions, str) and instructions:
        messages = (Message("system", instructions), *messages)
    return messages, prompt


def joined(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Parts of one kind that follow one another, as one: tags belong around the whole of it."""
    joined: list[tuple[str, str]] = []
    for kind, text in parts:
        if joined and joined[-1][0] == kind:
            joined[-1] = (kind, joined[-1][1] + text)
        else:
            joined.append((kind, text))
    return joined


FORMAT = Format(
    name="openai-responses",
    title="OpenAI Responses API objects and event streams",
    looks_for="object response with output, or events of type response.…",
    detect=_detect,
    gather=_gather,
)
