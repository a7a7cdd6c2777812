"""NeMo-Skills outputs: `generation` beside `expected_answer`, with the symbolic check and the judge's words.

Several seeds are several files, `output-rs0.jsonl` and so on: the number is the sample. A judge is asked because the
symbolic check is too strict, so its word counts where there is one; both stay in `meta`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.asked import asked
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    DIFFICULTY,
    DOMAIN,
    IDENTITY,
    MODEL,
    gold_of,
    kind_of,
    pick,
    rest_of,
    short_text,
    text_of,
    thought_of,
)
from rdpt_core.traces.formats.reasoning import put_back
from rdpt_core.traces.formats.verdicts import verdict_in

_QUESTIONS = ("problem", "question")
_SEED = re.compile(r"-rs(\d{1,9})(?=[._-]|$)")
_JUDGEMENT = re.compile(r"judge?ment:\W*(yes|no)\b", re.IGNORECASE)
_JUDGEMENT_CHARS = 4_000


def _detect(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("generation"), str)
        and isinstance(pick(value, _QUESTIONS)[1], str)
        and "expected_answer" in value
        and not value.keys().isdisjoint({"predicted_answer", "symbolic_correct", "judgement"})
    )


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected a problem, generation, expected_answer and predicted_answer; got {kind_of(value)}")
    question, given = pick(value, _QUESTIONS)
    full, text = _whole(value)
    thought = thought_of(value.get("reasoning_content"), text)
    model = short_text(pick(value, MODEL)[1])
    response, reasoning = put_back([*([("reasoning", thought)] if thought is not None else []), ("text", text)], model)
    identity, source_id = pick(value, IDENTITY)
    correct, verdict = _verdict(value)
    used = {question, full, "generation", "expected_answer", identity}
    seed = _SEED.search(context.name.replace("\\", "/").rsplit("/", 1)[-1])
    messages, prompt = asked(given, question)
    yield Draft(
        response,
        reasoning=reasoning,
        messages=messages,
        prompt=prompt,
        model=model,
        source_id=short_text(source_id),
        sample=int(seed[1]) if seed is not None else None,
        benchmark=short_text(pick(value, BENCHMARK)[1]),
        domain=short_text(pick(value, DOMAIN)[1]),
        difficulty=short_text(pick(value, DIFFICULTY)[1]),
        gold=gold_of(value["expected_answer"]),
        correct=correct,
        verdict=verdict,
        finish_reason=short_text(value.get("finish_reason")),
        meta=rest_of(value, used | ({"reasoning_content"} if thought is not None else set())),
    )


def _whole(value: Mapping[str, Any]) -> tuple[str, str]:
    """The field with all that the model wrote: if the thinking was cut off it, the whole text stands beside the rest.

    A text counts as the whole only if it ends with the rest.
    """
    text = text_of(value["generation"], "generation")
    whole = value.get("_full_generation")
    if isinstance(whole, str) and whole.rstrip().endswith(text.strip()):
        return "_full_generation", whole
    return "generation", text


def _verdict(value: Mapping[str, Any]) -> tuple[bool | None, str | None]:
    judgement = value.get("judgement")
    words = _JUDGEMENT.findall(judgement[-_JUDGEMENT_CHARS:]) if isinstance(judgement, str) else []
    if words:
        return words[-1].lower() == "yes", "judgement"
    return verdict_in(*pick(value, ("symbolic_correct", "is_correct")))


FORMAT = Format(
    name="nemo-skills",
    title="NeMo-Skills outputs",
    looks_for="a problem, generation, expected_answer, and predicted_answer, symbolic_correct or judgement",
    detect=_detect,
    read=_read,
)
