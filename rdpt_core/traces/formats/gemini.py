"""Gemini responses (`generateContent`): from the API, from its SDK, and in the batches of Gemini and Vertex.

Thoughts that were asked for are put back; hidden ones are only counted. The API writes names in camelCase, the SDK in
snake_case. A batch of Gemini keeps its questions in its request file, one of Vertex in its own lines. The responses of
a stream share their id, and only the last says why it ended: they are joined. Memory: one stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Bad, Record, snippet
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, each, each_part, why
from rdpt_core.traces.formats.conversation import parts_of
from rdpt_core.traces.formats.fields import kind_of, rest_of, short_text, whole
from rdpt_core.traces.formats.openai_responses import joined
from rdpt_core.traces.formats.reasoning import put_back
from rdpt_core.traces.formats.requests import NOTHING, Asked, asked_in, decoded_of

_OWN = frozenset({"usageMetadata", "modelVersion", "promptFeedback", "usage_metadata", "model_version",
                  "prompt_feedback", "sdk_http_response"})  # fmt: skip
_USED = frozenset({*_OWN, "candidates", "request", "response", "key", "error", "status", "processed_time",
                   "responseId", "response_id", "createTime", "create_time", "automatic_function_calling_history",
                   "parsed", "contents", "metadata"})  # fmt: skip


def _get(value: Mapping[str, Any], name: str) -> Any:
    """A field under its camelCase name, or as the SDK spells it."""
    if value.get(name) is not None:
        return value[name]
    return value.get("".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name))


def _is_response(value: Any) -> bool:
    if not isinstance(value, dict) or not _OWN & value.keys():
        return False
    candidates = value.get("candidates")
    if not candidates:
        return isinstance(_get(value, "promptFeedback"), dict)
    first = candidates[0] if isinstance(candidates, list) else None
    return isinstance(first, dict) and ("content" in first or _get(first, "finishReason") is not None)


def _response(row: Any) -> Any:
    """The response of a batch line or a logged request, also as JSON text; the value itself if it is one."""
    return decoded_of(row["response"]) if isinstance(row, dict) and not _is_response(row) and "response" in row else row


def _is_row(value: Any) -> bool:
    """Whether a record is a line of a batch, also of a request that failed."""
    if not isinstance(value, dict):
        return False
    if _is_response(_response(value)):
        return True
    request = decoded_of(value.get("request"))
    is_vertex = isinstance(request, dict) and "contents" in request and "status" in value
    return is_vertex or ("key" in value and isinstance(value.get("error"), dict))


def _inlined(value: Any) -> list[Any] | None:
    """The rows of a batch job that returned its responses in itself, or None if the record is no such job."""
    for name in ("response", "dest", "output"):
        inner = value.get(name) if isinstance(value, dict) else None
        rows = _get(inner, "inlinedResponses") if isinstance(inner, dict) else None
        rows = _get(rows, "inlinedResponses") if isinstance(rows, dict) else rows
        if isinstance(rows, list) and rows:
            return rows
    return None


def _detect(value: Any) -> bool:
    rows = _inlined(value)
    return _is_row(value) if rows is None else any(_is_row(row) for row in rows[:20])


def _gather(records: Iterable[Record], context: Context) -> Iterator[Draft | Bad]:
    stream: list[Record] = []
    for record in records:
        if stream and _stream_id(record.value) != _stream_id(stream[0].value):
            yield from _finished(stream, context)
            stream = []
        if _stream_id(record.value) is None:
            yield from _finished([record], context)
            continue
        stream.append(record)
        if _has_ended(record.value):
            yield from _finished(stream, context)
            stream = []
    yield from _finished(stream, context)


def _stream_id(value: Any) -> str | None:
    """The id that the responses of a stream share; None for what is no bare response."""
    return short_text(_get(value, "responseId")) if _is_response(value) else None


def _has_ended(value: Mapping[str, Any]) -> bool:
    given = value.get("candidates")
    candidates = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return all(_get(candidate, "finishReason") is not None for candidate in candidates)


def _finished(stream: list[Record], context: Context) -> Iterator[Draft | Bad]:
    """The drafts of one record, or of the records of a stream as if they were one."""
    if not stream:
        return
    first = stream[0]
    record = first if len(stream) == 1 else Record(first.line, _joined([part.value for part in stream]), first.text)
    try:
        for made in _read(record, context):
            if isinstance(made, Draft):
                made.line = record.line
                made.truncated = len(stream) > 1 and not _has_ended(record.value)
            yield made
    except (RecordError, RecursionError) as error:
        yield Bad(record.line, why(error), record.text or snippet(record.value))


def _joined(parts: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The responses of a stream as one: the parts of each candidate behind one another, the rest from the last."""
    candidates: dict[int, dict[str, Any]] = {}
    for part in parts:
        given = part.get("candidates")
        for number, candidate in enumerate(given if isinstance(given, list) else []):
            if not isinstance(candidate, dict):
                continue
            index = whole(candidate.get("index"))
            held = candidates.setdefault(number if index is None else index, {"content": {"parts": []}})
            content = candidate.get("content")
            pieces = content.get("parts") if isinstance(content, dict) else None
            held["content"]["parts"] += pieces if isinstance(pieces, list) else []
            held.update({name: value for name, value in candidate.items() if name != "content" and value is not None})
    return {**parts[-1], "candidates": [candidates[index] for index in sorted(candidates)]}


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    rows = _inlined(record.value)
    if rows is None:
        yield from _row(record.value, context, record.line)
    else:
        yield from each(rows, record.line, lambda row: _row(row, context, record.line))


def _row(row: Any, context: Context, line: int) -> Iterator[Draft | Bad]:
    response = _response(row)
    if not _is_response(response):
        raise RecordError(_failure(row) or f"expected candidates with content; got {kind_of(response)}")
    candidates = response.get("candidates")
    if not isinstance(candidates, list) or not candidates:
        feedback = _get(response, "promptFeedback")
        blocked = _get(feedback, "blockReason") if isinstance(feedback, dict) else None
        raise RecordError(f"the prompt was blocked ({blocked})" if blocked else "the response has no candidates")
    messages, prompt = _asked(row, context)
    usage = _get(response, "usageMetadata")
    hidden = bool(_get(usage, "thoughtsTokenCount")) if isinstance(usage, dict) else False

    def draft_of(numbered: tuple[int, Any]) -> Iterator[Draft]:
        number, candidate = numbered
        draft = _draft(candidate, number, short_text(_get(response, "modelVersion")), hidden)
        draft.messages, draft.prompt = messages, prompt
        key = short_text(row.get("key"))
        draft.source_id, draft.id_is_global = key or short_text(_get(response, "responseId")), key is None
        draft.sample = number if len(candidates) > 1 else None
        draft.meta.update(rest_of(row, _USED))
        yield draft

    yield from each_part(list(enumerate(candidates)), line, draft_of)


def _draft(candidate: Any, number: int, model: str | None, hidden: bool) -> Draft:
    if not isinstance(candidate, dict):
        raise RecordError(f"candidate {number} must be an object; got {kind_of(candidate)}")
    # Dumps of the SDK may name the enumeration as well.
    reason = (short_text(_get(candidate, "finishReason")) or "").rpartition(".")[2] or None
    content = candidate.get("content")
    turn = parts_of(content.get("parts") if isinstance(content, dict) else None)
    if not turn.parts:
        said = short_text(_get(candidate, "finishMessage"))
        raise RecordError(f"candidate {number} holds no text ({reason}{f': {said}' if said else ''})")
    shown = any(kind == "reasoning" for kind, _ in turn.parts)
    response, reasoning = put_back(joined(turn.parts), model, redacted=int(hidden and not shown))
    draft = Draft(response, model=model, reasoning=reasoning, finish_reason=reason)
    if turn.other:
        draft.meta["parts_that_are_no_text"] = turn.other
    return draft


def _asked(row: Mapping[str, Any], context: Context) -> Asked:
    request = decoded_of(row.get("request"))
    for holder in (request, row):
        asked = asked_in(holder) if isinstance(holder, dict) else NOTHING
        if asked != NOTHING:
            return asked
    key = row.get("key")
    return context.requests.get(key, NOTHING) if isinstance(key, str) else NOTHING


def _failure(row: Any) -> str | None:
    if not isinstance(row, dict):
        return None
    error = row.get("error")
    said = error.get("message", error.get("code")) if isinstance(error, dict) else error or row.get("status")
    return f"the request failed: {str(said)[:300]}" if said else None


FORMAT = Format(
    name="gemini",
    title="Gemini generateContent responses and batches",
    looks_for="candidates with content, and usageMetadata or modelVersion, alone or in response",
    detect=_detect,
    gather=_gather,
)
