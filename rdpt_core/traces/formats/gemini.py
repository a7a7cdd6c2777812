"""Gemini responses (`generateContent`). Thoughts that were asked for are put back; hidden ones are only counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError
from rdpt_core.traces.formats.conversation import parts_of
from rdpt_core.traces.formats.fields import kind_of, short_text
from rdpt_core.traces.formats.reasoning import put_back


def _detect(value: Any) -> bool:
    candidates = value.get("candidates") if isinstance(value, dict) else None
    if not isinstance(candidates, list) or not candidates or not isinstance(candidates[0], dict):
        return False
    return "content" in candidates[0] and ("usageMetadata" in value or "modelVersion" in value)


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected candidates with content; got {kind_of(value)}")
    model = short_text(value.get("modelVersion"))
    usage = value.get("usageMetadata")
    hidden = bool(usage.get("thoughtsTokenCount")) if isinstance(usage, dict) else False
    for number, candidate in enumerate(value["candidates"]):
        content = candidate.get("content") if isinstance(candidate, dict) else None
        turn = parts_of(content.get("parts") if isinstance(content, dict) else None)
        if not turn.parts:
            raise RecordError(f"candidate {number} holds no text ({short_text(candidate.get('finishReason'))})")
        shown = any(kind == "reasoning" for kind, _ in turn.parts)
        response, reasoning = put_back(turn.parts, model, redacted=int(hidden and not shown))
        draft = Draft(response, model=model, reasoning=reasoning)
        draft.source_id, draft.id_is_global = short_text(value.get("responseId")), True
        draft.sample = number if len(value["candidates"]) > 1 else None
        draft.finish_reason = short_text(candidate.get("finishReason"))
        yield draft


FORMAT = Format(
    name="gemini",
    title="Gemini generateContent responses",
    looks_for="candidates with content, and usageMetadata or modelVersion",
    detect=_detect,
    read=_read,
)
