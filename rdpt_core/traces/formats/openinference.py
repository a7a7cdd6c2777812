"""Spans with OpenInference attributes, as Arize Phoenix exports them: nested, flat, as columns, or as OTLP JSON.

Spans of kind LLM are model calls; those of agents, chains and tools are set aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, each
from rdpt_core.traces.formats.conversation import messages_of, turns_of
from rdpt_core.traces.formats.fields import kind_of, short_text
from rdpt_core.traces.formats.turn import build

_KIND = "openinference.span.kind"
_KINDS = ("AGENT", "CHAIN", "TOOL", "RETRIEVER", "RERANKER", "EMBEDDING", "GUARDRAIL", "EVALUATOR", "UNKNOWN", "LLM")
_OUTPUT, _INPUT = "llm.output_messages", "llm.input_messages"
_FLAT = re.compile(r"(\d{1,6})\.message\.(.+)")
_PART = re.compile(r"contents\.(\d{1,6})\.message_content\.(type|text)")


def _attributes(span: Any) -> Mapping[str, Any] | None:
    """A span's attributes under their whole names, or None if the value is no span."""
    if not isinstance(span, dict):
        return None
    given = span.get("attributes")
    if isinstance(given, list):
        return {
            str(pair.get("key")): _otlp(pair.get("value")) for pair in given if isinstance(pair, dict) and "key" in pair
        }
    if isinstance(given, dict):
        return {**given, **_unfolded(given)}
    columns = {
        key.removeprefix("attributes."): value for key, value in span.items() if str(key).startswith("attributes.")
    }
    return columns or None


def _unfolded(given: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that are read here, from their nested form."""
    llm, kind = given.get("llm"), given.get("openinference")
    found: dict[str, Any] = {}
    if isinstance(llm, dict):
        found.update({f"llm.{name}": llm.get(name) for name in ("input_messages", "output_messages", "model_name")})
    if isinstance(kind, dict) and isinstance(kind.get("span"), dict):
        found[_KIND] = kind["span"].get("kind")
    return found


def _otlp(value: Any) -> Any:
    """The value of an attribute in OTLP's JSON, which names its type."""
    return next(iter(value.values()), None) if isinstance(value, dict) and len(value) == 1 else value


def _kind(span: Mapping[str, Any], attributes: Mapping[str, Any]) -> str | None:
    kind = attributes.get(_KIND) or span.get("span_kind")
    if isinstance(kind, str) and kind.upper() in _KINDS:
        return kind.upper()
    return "LLM" if any(str(name).startswith(_OUTPUT) for name in attributes) else None


def _is_span(value: Any) -> bool:
    attributes = _attributes(value)
    return attributes is not None and _kind(value, attributes) is not None


def _otlp_spans(value: Any) -> list[Any] | None:
    """The spans of an OTLP document, or None if it is none."""
    if not isinstance(value, dict) or not isinstance(value.get("resourceSpans"), list):
        return None
    spans: list[Any] = []
    for resource in value["resourceSpans"]:
        for scope in _list(resource, "scopeSpans"):
            spans += _list(scope, "spans")
    return spans


def _list(value: Any, name: str) -> list[Any]:
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else []


def _detect(value: Any) -> bool:
    return _is_span(value) or any(_is_span(span) for span in (_otlp_spans(value) or ())[:20])


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    spans = _otlp_spans(record.value)
    if spans is None:
        yield from _span(record.value, context)
    else:
        yield from each(spans, record.line, lambda span: _span(span, context))


def _span(span: Any, context: Context) -> Iterator[Draft]:
    attributes = _attributes(span)
    kind = _kind(span, attributes) if attributes is not None else None
    if attributes is None or kind is None:
        raise RecordError(f"expected a span with OpenInference attributes; got {kind_of(span)}")
    if kind != "LLM":
        context.set_aside[f"{kind.lower()} spans"] += 1
        return
    answers = _messages(attributes, _OUTPUT)
    if not answers:
        raise RecordError("the span holds no output message")
    for index, answer in enumerate(answers):
        draft = build(answer, short_text(attributes.get("llm.model_name")))
        draft.messages = messages_of(turns_of(_messages(attributes, _INPUT)))
        draft.source_id, draft.id_is_global = _span_id(span), True
        draft.sample = index if len(answers) > 1 else None
        name = short_text(span.get("name"))
        if name is not None:
            draft.meta["span"] = name
        yield draft


def _span_id(span: Mapping[str, Any]) -> str | None:
    context = span.get("context")
    given = (span.get("spanId"), span.get("span_id"), span.get("context.span_id"))
    inner = context.get("span_id") if isinstance(context, dict) else None
    return next((text for value in (*given, inner) if (text := short_text(value))), None)


def _messages(attributes: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The messages of an attribute as turns: from a list of them, or from one attribute a field."""
    given = attributes.get(name)
    if isinstance(given, list):
        return [_turn(_fields(message)) for message in given if isinstance(message, dict)]
    found: dict[int, dict[str, Any]] = {}
    for key, value in attributes.items():
        if str(key).startswith(f"{name}."):
            match = _FLAT.fullmatch(key, len(name) + 1)
            if match is not None:
                found.setdefault(int(match[1]), {})[match[2]] = value
    return [_turn(found[index]) for index in sorted(found)]


def _fields(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message's fields, from an object in an object or from names with its prefix."""
    inner = message.get("message")
    return inner if isinstance(inner, dict) else {str(key).removeprefix("message."): v for key, v in message.items()}


def _turn(fields: Mapping[str, Any]) -> dict[str, Any]:
    content, parts = fields.get("content"), fields.get("contents")
    if content is None and isinstance(parts, list):
        inner = [part.get("message_content", part) for part in parts if isinstance(part, dict)]
        content = [{str(key).removeprefix("message_content."): v for key, v in part.items()} for part in inner]
    elif content is None:
        flat: dict[int, dict[str, Any]] = {}
        for key, value in fields.items():
            match = _PART.fullmatch(str(key))
            if match is not None:
                flat.setdefault(int(match[1]), {})[match[2]] = value
        content = [flat[index] for index in sorted(flat)] or None
    turn: dict[str, Any] = {"role": fields.get("role") or "assistant", "content": content}
    calls = fields.get("tool_calls")
    if isinstance(calls, list) and calls:
        turn["tool_calls"] = [call.get("tool_call", call) if isinstance(call, dict) else call for call in calls]
    return turn


FORMAT = Format(
    name="openinference",
    title="spans with OpenInference attributes (Arize Phoenix)",
    looks_for="attributes with llm.output_messages or openinference.span.kind",
    detect=_detect,
    read=_read,
)
