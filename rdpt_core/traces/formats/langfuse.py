"""Langfuse: observations, alone or within their traces. Generations are model calls, others are set aside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.answered import answers_of
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, each
from rdpt_core.traces.formats.conversation import is_conversation
from rdpt_core.traces.formats.fields import kind_of, rest_of, short_text
from rdpt_core.traces.formats.openai_chat import is_completion
from rdpt_core.traces.formats.requests import NOTHING, asked_in, asked_of, decoded_of

_KINDS = frozenset({"GENERATION", "SPAN", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING",
                    "GUARDRAIL"})  # fmt: skip
_META = ("name", "metadata", "level", "modelParameters", "model_parameters", "traceId", "trace_id", "version")


def _is_observation(value: Any) -> bool:
    if not isinstance(value, dict) or not ("traceId" in value or "trace_id" in value):
        return False
    kind = value.get("type")
    return isinstance(kind, str) and kind in _KINDS and "input" in value and "output" in value


def _observations(value: Any) -> list[Any] | None:
    """The observations of a trace, or None if the record is no trace that holds them."""
    given = value.get("observations") if isinstance(value, dict) else None
    return given if isinstance(given, list) and given and _is_observation(given[0]) else None


def _detect(value: Any) -> bool:
    return _is_observation(value) or _observations(value) is not None


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    within = _observations(record.value)
    if within is None:
        yield from _drafts(record.value, context, record.line)
        return
    yield from each(within, record.line, lambda one: _drafts(one, context, record.line))


def _drafts(value: Any, context: Context, line: int) -> Iterator[Draft | Bad]:
    if not _is_observation(value):
        raise RecordError(f"expected an observation with type, input and output; got {kind_of(value)}")
    if value["type"] != "GENERATION":
        context.set_aside[f"{value['type'].lower()} observations"] += 1
        return
    if value["output"] is None:
        words = value.get("statusMessage", value.get("status_message"))
        raise RecordError(f"the call gave no output{f': {str(words)[:300]}' if words else ''}")
    output = value["output"]
    decoded = decoded_of(output)
    if is_conversation(decoded) or is_completion(decoded) or _is_turn(decoded):
        output = decoded
    given = decoded_of(value["input"])
    asked = asked_in(given) if isinstance(given, dict) else asked_of(value["input"])
    if asked == NOTHING and _is_turn(given):
        asked = asked_of([given])
    for draft in answers_of(output, short_text(value.get("model")), context, line):
        if isinstance(draft, Draft):
            draft.messages, draft.prompt = asked
            draft.source_id, draft.id_is_global = short_text(value.get("id")), True
            draft.meta.update(rest_of({name: value.get(name) for name in _META}, ()))
        yield draft


def _is_turn(value: Any) -> bool:
    return isinstance(value, dict) and "role" in value and "content" in value


FORMAT = Format(
    name="langfuse",
    title="Langfuse observations and traces",
    looks_for="type GENERATION with traceId, input and output, or observations of that kind",
    detect=_detect,
    read=_read,
)
