"""Several responses a question, in the style of open-r1: a list of generations and parallel lists about them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    CANDIDATES,
    CORRECT_LISTS,
    DIFFICULTY,
    DOMAIN,
    GOLD,
    IDENTITY,
    MODEL,
    QUESTION,
    gold_of,
    kind_of,
    messages_for,
    pick,
    rest_of,
    short_text,
    strings,
    verdict_of,
)


def _found(value: Mapping[str, Any]) -> tuple[str, str]:
    """The question's field and the candidates' field, or two empty strings."""
    for name in CANDIDATES:
        if strings(value.get(name)) is not None:
            asked = pick(value, [question for question in QUESTION if question != name])
            if isinstance(asked[1], str):
                return asked[0], name
    return "", ""


def _detect(value: Any) -> bool:
    return isinstance(value, dict) and all(_found(value))


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    question, name = _found(value) if isinstance(value, dict) else ("", "")
    if not name:
        raise RecordError(f"expected a question and a list of responses; got {kind_of(value)}")
    texts: list[str] = value[name]
    lists = [key for key in value if _is_parallel(value[key], len(texts)) and key != name]
    identity, source_id = pick(value, IDENTITY)
    gold = pick(value, [key for key in GOLD if key != question])
    for index, text in enumerate(texts):
        verdict, correct = _verdict(value, lists, index)
        complete = value["is_reasoning_complete"][index] if "is_reasoning_complete" in lists else None
        finish = next((value[key][index] for key in ("finish_reasons", "finish_reason") if key in lists), None)
        meta = rest_of(value, {*lists, name, question, identity, gold[0]})
        meta.update({key: value[key][index] for key in lists if _is_plain(value[key][index])})
        yield Draft(
            Response.verbatim(text),
            messages=messages_for(value[question]),
            source_id=short_text(source_id),
            id_is_global="uuid" in identity,
            sample=index,
            benchmark=short_text(pick(value, BENCHMARK)[1]),
            domain=short_text(pick(value, DOMAIN)[1]),
            difficulty=short_text(pick(value, DIFFICULTY)[1]),
            model=short_text(pick(value, MODEL)[1]),
            gold=gold_of(gold[1]),
            correct=correct,
            verdict=verdict,
            finish_reason=short_text(finish),
            truncated=complete is False,
            meta=meta,
        )


def _is_parallel(value: Any, n: int) -> bool:
    return isinstance(value, list) and len(value) == n


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return value.bit_length() < 1024
    return isinstance(value, str) and len(value) <= 300


def _verdict(value: Mapping[str, Any], lists: list[str], index: int) -> tuple[str | None, bool | None]:
    """The first list of verdicts that says something of this candidate: checkers leave gaps that others fill."""
    for name in CORRECT_LISTS:
        verdict = verdict_of(value[name][index]) if name in lists else None
        if verdict is not None:
            return name, verdict
    return None, None


FORMAT = Format(
    name="candidates",
    title="several responses a question (open-r1 style)",
    looks_for="a question (question, problem, prompt …) and a list of texts (generations, responses, completions …)",
    detect=_detect,
    read=_read,
)
