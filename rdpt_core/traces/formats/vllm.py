"""vLLM's own request outputs, as its offline engine's objects are dumped: `prompt` and `outputs` with `text`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.asked import is_rendered_or_decoded, rendered_turns
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, each_part
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    CORRECT,
    GOLD,
    MODEL,
    QUESTION,
    gold_of,
    kind_of,
    messages_for,
    pick,
    rest_of,
    short_text,
)
from rdpt_core.traces.formats.verdicts import verdict_in

_NOT_META = frozenset({"outputs", "prompt", "prompt_token_ids", "prompt_logprobs", "request_id", "metrics"})


def _detect(value: Any) -> bool:
    outputs = value.get("outputs") if isinstance(value, dict) else None
    return isinstance(outputs, list) and bool(outputs) and isinstance(outputs[0], dict) and "text" in outputs[0]


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected outputs with text; got {kind_of(value)}")
    prompt = value.get("prompt") if isinstance(value.get("prompt"), str) else None
    question = pick(value, [name for name in QUESTION if name != "prompt"])[1]
    messages = messages_for(question) if isinstance(question, str) else ()
    if prompt and not messages:
        messages = rendered_turns(prompt) if is_rendered_or_decoded(prompt) else messages_for(prompt)
    outputs = value["outputs"]

    def draft_of(numbered: tuple[int, Any]) -> Iterator[Draft]:
        number, output = numbered
        text = output.get("text") if isinstance(output, dict) else None
        if not isinstance(text, str):
            raise RecordError(f"output {number} has no text; got {kind_of(text)}")
        correct, verdict = verdict_in(*pick(value, CORRECT)) if len(outputs) == 1 else (None, None)
        yield Draft(
            Response.verbatim(text),
            messages=messages,
            prompt=prompt,
            source_id=short_text(value.get("request_id")),
            sample=number if len(outputs) > 1 else None,
            model=short_text(pick(value, MODEL)[1]),
            benchmark=short_text(pick(value, BENCHMARK)[1]),
            gold=gold_of(pick(value, GOLD)[1]),
            correct=correct,
            verdict=verdict,
            finish_reason=short_text(output.get("finish_reason")),
            meta=rest_of(value, _NOT_META),
        )

    yield from each_part(list(enumerate(outputs)), record.line, draft_of)


FORMAT = Format(
    name="vllm",
    title="vLLM request outputs (prompt and outputs)",
    looks_for="outputs, a list of objects with text",
    detect=_detect,
    read=_read,
)
