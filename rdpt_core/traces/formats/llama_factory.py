"""LLaMA-Factory's `generated_predictions.jsonl`: the rendered prompt, what the model wrote, and the label.

The label is the training set's answer. A short one is the reference answer; a whole response, with thinking or longer
than an answer is, stays in `meta`, because no answer can be taken out of it without guessing. Old versions wrote no
prompt.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.asked import asked
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response
from rdpt_core.traces.formats.fields import kind_of, reference_of, rest_of

_FIELDS = frozenset({"prompt", "predict", "label"})


def _detect(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and {"predict", "label"} <= value.keys() <= _FIELDS
        and isinstance(value["predict"], str)
        and isinstance(value.get("prompt"), str | None)
    )


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected predict and label, both text, and perhaps a prompt; got {kind_of(value)}")
    gold = reference_of(value["label"])
    draft = Draft(Response.verbatim(value["predict"]), gold=gold)
    if value.get("prompt"):
        draft.messages, draft.prompt = asked(value["prompt"], "the prompt")
    if gold is None:
        draft.meta.update(rest_of({"label": value["label"]}, ()))
    yield draft


FORMAT = Format(
    name="llama-factory",
    title="LLaMA-Factory's generated_predictions.jsonl",
    looks_for="predict and label, and nothing else but a prompt",
    detect=_detect,
    read=_read,
)
