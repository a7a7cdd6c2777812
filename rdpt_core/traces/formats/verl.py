"""verl's rollout and validation dumps: `input`, `output`, `gts`, `score` and `step`, a line a rollout.

`input` is the whole rendered prompt, mostly decoded without its special tokens. It stays the prompt, character for
character; the question is read back where that is certain. A score is a reward and may hold anything, so that only
`acc` is a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.asked import rendered_turns
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    DOMAIN,
    IDENTITY,
    MODEL,
    gold_of,
    kind_of,
    pick,
    rest_of,
    short_text,
)
from rdpt_core.traces.formats.verdicts import verdict_in

_USED = frozenset({"input", "output", "gts"})


def _detect(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("input"), str)
        and isinstance(value.get("output"), str)
        and "score" in value
        and ("gts" in value or "step" in value)
        and "instruction" not in value  # then the input only completes it, and is no prompt
    )


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected input and output, both text, with gts or step and a score; got {kind_of(value)}")
    identity, source_id = pick(value, IDENTITY)
    correct, verdict = verdict_in("acc", value.get("acc"))
    yield Draft(
        Response.verbatim(value["output"]),
        messages=rendered_turns(value["input"]),
        prompt=value["input"],
        source_id=short_text(source_id),
        id_is_global="uuid" in identity,
        benchmark=short_text(pick(value, BENCHMARK)[1]),
        domain=short_text(pick(value, DOMAIN)[1]),
        model=short_text(pick(value, MODEL)[1]),
        gold=gold_of(value.get("gts")),
        correct=correct,
        verdict=verdict,
        meta=rest_of(value, {*_USED, identity}),
    )


FORMAT = Format(
    name="verl",
    title="verl rollout and validation dumps",
    looks_for="input and output as text, a score, and gts or step",
    detect=_detect,
    read=_read,
)
