"""Streams of chat or text completion chunks, as JSON Lines or server-sent events: one trace a stream and choice.

The deltas are joined in their order. Memory: the text of the file. A stream that ends without a finish reason was cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rdpt_core.traces.files.record import Bad, Record, snippet
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, why
from rdpt_core.traces.formats.conversation import parts_of
from rdpt_core.traces.formats.fields import short_text, whole
from rdpt_core.traces.formats.reasoning import TOOL_CALL, put_back


@dataclass(slots=True)
class _Choice:
    line: int
    model: str | None
    parts: list[tuple[str, list[str]]] = field(default_factory=list)
    finish_reason: str | None = None
    calls: set[int] = field(default_factory=set)

    def add(self, kind: str, text: str) -> None:
        if not text:
            return
        if not self.parts or self.parts[-1][0] != kind:
            self.parts.append((kind, []))
        self.parts[-1][1].append(text)


def _detect(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("choices"), list):
        return False
    if value.get("object") == "chat.completion.chunk":
        return True
    return any(isinstance(choice, dict) and isinstance(choice.get("delta"), dict) for choice in value["choices"])


def _gather(records: Iterable[Record], context: Context) -> Iterator[Draft | Bad]:
    streams: dict[tuple[str, int], _Choice] = {}
    for record in records:
        try:
            _add(streams, record)
        except (RecordError, RecursionError) as error:
            yield Bad(record.line, why(error), record.text or snippet(record.value))
    several = {name for name, index in streams if index > 0}
    for (name, index), choice in streams.items():
        parts = [(kind, "".join(texts)) for kind, texts in choice.parts]
        if not parts and choice.calls:
            yield Bad(choice.line, "the stream is a tool call without text", name)
            continue
        response, reasoning = put_back(parts, choice.model)
        if choice.calls and reasoning is not None and "closing" in reasoning:
            reasoning = {**reasoning, "closing": TOOL_CALL}
        draft = Draft(response, source_id=name or None, id_is_global=True, model=choice.model, reasoning=reasoning)
        if choice.calls:
            draft.meta["tool_calls"] = len(choice.calls)
        draft.sample = index if name in several else None
        draft.finish_reason, draft.truncated = choice.finish_reason, choice.finish_reason is None
        draft.line = choice.line
        yield draft


def _add(streams: dict[tuple[str, int], _Choice], record: Record) -> None:
    value = record.value
    if not _detect(value):
        error = value.get("error") if isinstance(value, dict) else None
        raise RecordError(
            f"the stream holds an error: {snippet(error)[:300]}" if error else "expected a chunk with choices"
        )
    name = short_text(value.get("id")) or ""
    for choice in value["choices"]:
        if not isinstance(choice, dict):
            raise RecordError("a choice of the chunk is no object")
        key = (name, whole(choice.get("index")) or 0)
        held = streams.setdefault(key, _Choice(record.line, short_text(value.get("model"))))
        delta = choice.get("delta")
        if isinstance(delta, dict):
            _add_delta(held, delta)
        elif isinstance(choice.get("text"), str):
            held.add("text", choice["text"])
        held.finish_reason = short_text(choice.get("finish_reason")) or held.finish_reason


def _add_delta(held: _Choice, delta: Mapping[str, Any]) -> None:
    # Some servers send the same reasoning under two names: only the first counts.
    for field_name in ("reasoning_content", "reasoning", "thinking"):
        text = delta.get(field_name)
        if isinstance(text, str) and text:
            held.add("reasoning", text)
            break
    for kind, text in parts_of(delta.get("content")).parts:
        held.add(kind, text)
    calls = delta.get("tool_calls")
    if isinstance(calls, list):
        # A call comes in many chunks, which its index holds together.
        held.calls |= {whole(call.get("index")) or 0 for call in calls if isinstance(call, dict)}
    if isinstance(delta.get("function_call"), dict):
        held.calls.add(0)


FORMAT = Format(
    name="openai-stream",
    title="streamed chat completion chunks",
    looks_for="object chat.completion.chunk, or choices with delta",
    detect=_detect,
    gather=_gather,
)
