"""Studies that keep the question flat and the answer in `result`, with its reasoning apart (reasoning-models-lie).

When the output was cut, the server found no end of the thinking: the reasoning is null and all text is the content.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError
from rdpt_core.traces.formats.fields import (
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
from rdpt_core.traces.formats.reasoning import put_back

_ASKED = ("user_message", "question", "prompt")
_USED = frozenset({"result", "user_message", "question", "prompt", "system_message"})


def _detect(value: Any) -> bool:
    result = value.get("result") if isinstance(value, dict) else None
    return (
        isinstance(result, dict)
        and "content" in result
        and "reasoning_trace" in result
        and bool(pick(value, _ASKED)[0])
    )


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected a question and a result with content and reasoning_trace; got {kind_of(value)}")
    result, meta = value["result"], value.get("meta")
    facts = meta if isinstance(meta, dict) else {}
    question, content, thinking = pick(value, _ASKED)[1], result["content"], result["reasoning_trace"]
    if not isinstance(question, str) or not isinstance(content, str) or not isinstance(thinking, str | None):
        raise RecordError("question, content and reasoning_trace must be text")
    about = result.get("metadata")
    model = short_text(about.get("model")) if isinstance(about, dict) else None
    response, reasoning = put_back([("reasoning", thinking or ""), ("text", content)], model)
    system = value.get("system_message")
    candidates = facts.get("candidates")
    yield Draft(
        response,
        messages=messages_for(question, system if isinstance(system, str) else None),
        source_id=short_text(pick(value, IDENTITY)[1]),
        id_is_global="instance_id" in value,
        model=model,
        domain=short_text(pick(facts, DOMAIN)[1]),
        gold=gold_of(pick(facts, GOLD)[1]),
        candidates=tuple(c for c in candidates if isinstance(c, str)) if isinstance(candidates, list) else (),
        reasoning=reasoning,
        truncated=thinking is None and result.get("response") == "" and content != "",
        meta=rest_of(value, _USED | {"meta", "instance_id"}),
    )


FORMAT = Format(
    name="result-object",
    title="records with the answer in result (content, reasoning_trace)",
    looks_for="user_message or question, and result with content and reasoning_trace",
    detect=_detect,
    read=_read,
)
