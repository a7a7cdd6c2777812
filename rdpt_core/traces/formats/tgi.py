"""Text Generation Inference: `generated_text` and `details`, with the prompt that a log keeps beside them.

Without a prompt such a record is a recording of probabilities, and refused as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, each_part
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    CORRECT,
    GOLD,
    IDENTITY,
    MODEL,
    gold_of,
    kind_of,
    pick,
    rest_of,
    short_text,
    text_of,
)
from rdpt_core.traces.formats.requests import NOTHING, Asked, asked_in, asked_of
from rdpt_core.traces.formats.verdicts import verdict_in

_USED = frozenset({"generated_text", "details", "inputs", "prompt", "messages", "request", "response", "parameters"})


def _output(value: Any) -> Any:
    """The server's answer: the record itself, or the response of a logged request."""
    inner = value.get("response") if isinstance(value, dict) else None
    if isinstance(inner, list) and len(inner) == 1:
        inner = inner[0]
    return inner if isinstance(inner, dict) else value


def _asked(value: Mapping[str, Any]) -> Asked:
    request = value.get("request")
    for holder in (request, value):
        if isinstance(holder, dict):
            asked = asked_of(holder.get("inputs"), is_prompt=True)
            asked = asked if asked != NOTHING else asked_in(holder)
            if asked != NOTHING:
                return asked
    return NOTHING


def _detect(value: Any) -> bool:
    output = _output(value)
    if not isinstance(output, dict) or not isinstance(output.get("generated_text"), str):
        return False
    try:
        return isinstance(output.get("details"), dict) and _asked(value) != NOTHING
    except RecordError:
        return True


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    value, output = record.value, _output(record.value)
    if not isinstance(output, dict) or "generated_text" not in output:
        raise RecordError(f"expected generated_text and details; got {kind_of(value)}")
    details = output.get("details")
    details = details if isinstance(details, dict) else {}
    others = details.get("best_of_sequences")
    texts = [{**details, "generated_text": output["generated_text"]}, *(others if isinstance(others, list) else [])]
    messages, prompt = _asked(value)

    def draft_of(numbered: tuple[int, Any]) -> Iterator[Draft]:
        index, given = numbered
        if not isinstance(given, dict):
            raise RecordError(f"a sequence must be an object; got {kind_of(given)}")
        draft = Draft(Response.verbatim(text_of(given.get("generated_text"), "generated_text")))
        draft.messages, draft.prompt = messages, prompt
        draft.source_id = short_text(pick(value, IDENTITY)[1])
        draft.sample = index if len(texts) > 1 else None
        draft.model = short_text(pick(value, MODEL)[1])
        draft.benchmark = short_text(pick(value, BENCHMARK)[1])
        draft.gold = gold_of(pick(value, GOLD)[1])
        if len(texts) == 1:
            draft.correct, draft.verdict = verdict_in(*pick(value, CORRECT))
        draft.finish_reason = short_text(given.get("finish_reason"))
        draft.meta = rest_of(value, _USED)
        yield draft

    yield from each_part(list(enumerate(texts)), record.line, draft_of)


FORMAT = Format(
    name="tgi",
    title="Text Generation Inference responses with their prompts",
    looks_for="generated_text and details, with inputs or prompt",
    detect=_detect,
    read=_read,
)
