"""Results of evalchemy: one document with the examples of each benchmark, and in each the outputs for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, each
from rdpt_core.traces.formats.fields import (
    DIFFICULTY,
    DOMAIN,
    IDENTITY,
    gold_of,
    kind_of,
    messages_for,
    pick,
    rest_of,
    short_text,
    text_of,
)

_QUESTION = ("problem", "question", "prompt", "instruction")
_GOLD = ("expected_answer", "answer", "gold", "ground_truth")
_OUTPUTS = ("model_outputs", "model_output")
_MODEL = re.compile(r"(?:^|,)(?:pretrained|model)=([^,]+)")


def _tasks(value: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """The benchmarks of a results document that keep their examples."""
    results = value.get("results") if isinstance(value, dict) else None
    if not isinstance(results, dict):
        return []
    return [
        (name, task)
        for name, task in results.items()
        if isinstance(task, dict) and isinstance(task.get("examples"), list)
    ]


def _detect(value: Any) -> bool:
    return any(
        isinstance(example, dict) and any(name in example for name in _OUTPUTS)
        for _, task in _tasks(value)
        for example in task["examples"][:1]
    )


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    tasks = _tasks(record.value)
    if not tasks:
        raise RecordError(f"expected results with the examples of a benchmark; got {kind_of(record.value)}")
    config = record.value.get("config")
    given = config.get("model_args") if isinstance(config, dict) else None
    named = _MODEL.search(given) if isinstance(given, str) else None
    model = named[1] if named else short_text(record.value.get("model_name"))
    for name, task in tasks:
        yield from each(task["examples"], record.line, partial(_example, benchmark=name, model=model))


def _example(example: Any, benchmark: str, model: str | None) -> Iterator[Draft]:
    field, given = pick(example, _OUTPUTS) if isinstance(example, dict) else ("", None)
    if not field:
        raise RecordError(f"the example holds no model_output, only {kind_of(example)}")
    asked, messages = _question(example)
    outputs = given if isinstance(given, list) else [given]
    identity, source_id = pick(example, IDENTITY)
    gold = pick(example, [name for name in _GOLD if name != asked])
    parallel = {key: part for key, part in example.items() if isinstance(part, list) and len(part) == len(outputs)}
    for index, output in enumerate(outputs):
        own = {key: part[index] for key, part in parallel.items()} if field == "model_outputs" else {}
        yield Draft(
            Response.verbatim(text_of(output, f"output {index}")),
            messages=messages,
            source_id=short_text(source_id),
            sample=index if len(outputs) > 1 else None,
            benchmark=benchmark,
            model=model,
            domain=short_text(pick(example, DOMAIN)[1]),
            difficulty=short_text(pick(example, DIFFICULTY)[1]),
            gold=gold_of(gold[1]),
            meta=rest_of({**example, **own}, {*_OUTPUTS, asked, identity, gold[0], "multiple_choice_string"}),
        )


def _question(example: Mapping[str, Any]) -> tuple[str, tuple[Message, ...]]:
    """The question's field, and the question with the options that the benchmark lists apart."""
    field, text = pick(example, _QUESTION)
    if not isinstance(text, str):
        return field, ()
    options = example.get("multiple_choice_string")
    return field, messages_for(f"{text}\nOptions: {options}" if isinstance(options, str) and options else text)


FORMAT = Format(
    name="evalchemy",
    title="evalchemy results",
    looks_for="results by benchmark whose examples hold model_outputs or model_output",
    detect=_detect,
    read=_read,
)
