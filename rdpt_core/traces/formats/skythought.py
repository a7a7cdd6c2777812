"""SkyThought results: one object that has the questions as its keys, and in each the responses by temperature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, each, each_part
from rdpt_core.traces.formats.fields import (
    DIFFICULTY,
    DOMAIN,
    GOLD,
    IDENTITY,
    gold_of,
    kind_of,
    messages_for,
    pick,
    rest_of,
    short_text,
)
from rdpt_core.traces.formats.turn import build
from rdpt_core.traces.formats.verdicts import verdict_in


def _is_item(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("responses"), dict)


def _detect(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and _is_item(next(iter(value.values())))


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    if not isinstance(record.value, dict):
        raise RecordError(f"expected an object keyed by question; got {kind_of(record.value)}")
    yield from each(record.value.items(), record.line, lambda pair: _item(pair, record.line))


def _item(pair: tuple[str, Any], line: int) -> Iterator[Draft | Bad]:
    question, item = pair
    if not _is_item(item):
        raise RecordError(f"expected an object with responses by temperature; got {kind_of(item)}")
    answers = [
        (temperature, answer)
        for temperature, given in item["responses"].items()
        for answer in (given if isinstance(given, list) else [given])
    ]

    def draft_of(numbered: tuple[int, tuple[str, Any]]) -> Iterator[Draft]:
        index, (temperature, answer) = numbered
        if not isinstance(answer, dict):
            raise RecordError(f"a response must be an object; got {kind_of(answer)}")
        draft = build(answer, short_text(item.get("model")))
        prompt = item.get("prompt")
        draft.messages = messages_for(question)
        # The field may hold the examples only: it is the prompt if the question stands in it.
        draft.prompt = prompt if isinstance(prompt, str) and question in prompt else None
        draft.source_id = short_text(pick(item, IDENTITY)[1])
        draft.sample = index if len(answers) > 1 else None
        draft.gold = gold_of(pick(item, GOLD)[1])
        draft.correct, draft.verdict = verdict_in(*pick(answer, ("correctness", "correct")))
        draft.domain = short_text(pick(item, DOMAIN)[1])
        draft.difficulty = short_text(pick(item, DIFFICULTY)[1])
        draft.meta.update({"temperature": temperature, **_rest(item, answer)})
        yield draft

    yield from each_part(list(enumerate(answers)), line, draft_of)


def _rest(item: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    rest = rest_of(item, ("responses", "token_usages", "problem"))
    reason = answer.get("reason")
    return {**rest, "reason": reason} if isinstance(reason, str) and 0 < len(reason) <= 300 else rest


FORMAT = Format(
    name="skythought",
    title="SkyThought results keyed by question",
    looks_for="an object keyed by question whose values hold responses",
    detect=_detect,
    read=_read,
)
