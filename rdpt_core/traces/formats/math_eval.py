"""Outputs of the Qwen2.5-Math evaluation code and its many copies: `code` holds the responses, `score` the verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response
from rdpt_core.traces.formats.fields import (
    DIFFICULTY,
    DOMAIN,
    gold_of,
    kind_of,
    messages_for,
    pick,
    rest_of,
    short_text,
    strings,
)
from rdpt_core.traces.formats.verdicts import verdict_in

# `response` repeats `code`, `query` repeats `question`, and `history` is the prompt's turns once more.
_USED = frozenset({"idx", "question", "gt", "code", "pred", "score", "report", "response", "query", "history", "system",
                   "answer", "pred_score"})  # fmt: skip


def _detect(value: Any) -> bool:
    return isinstance(value, dict) and {"question", "code", "gt"} <= value.keys() and isinstance(value["code"], list)


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    responses = strings(value.get("code")) if _detect(value) else None
    if responses is None or not isinstance(value["question"], str):
        raise RecordError(f"expected question, gt and code with at least one response; got {kind_of(value)}")
    system = value.get("system")
    for index, text in enumerate(responses):
        correct, verdict = verdict_in("score", _at(value.get("score"), index, len(responses)))
        meta = rest_of(value, _USED)
        for name in ("pred", "report", "pred_score"):
            meta.update(rest_of({name: _at(value.get(name), index, len(responses))}, ()))
        yield Draft(
            Response.verbatim(text),
            messages=messages_for(value["question"], system if isinstance(system, str) else None),
            source_id=short_text(value.get("idx")),
            sample=index if len(responses) > 1 else None,
            gold=gold_of(value["gt"]),
            correct=correct,
            verdict=verdict,
            domain=short_text(pick(value, DOMAIN)[1]),
            difficulty=short_text(pick(value, DIFFICULTY)[1]),
            meta=meta,
        )


def _at(values: Any, index: int, n: int) -> Any:
    """A candidate's own entry of a parallel list; None where the list is not parallel."""
    return values[index] if isinstance(values, list) and len(values) == n else None


FORMAT = Format(
    name="math-eval",
    title="Qwen2.5-Math evaluation outputs",
    looks_for="question, gt, and code as a list",
    detect=_detect,
    read=_read,
)
