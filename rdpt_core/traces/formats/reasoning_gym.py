"""Reports of reasoning-gym-eval: results with completions, at the top or nested under categories and datasets.

A score is a part mark between 0 and 1; only a full mark counts as correct, and the mark itself stays in `meta`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, each, each_part
from rdpt_core.traces.formats.fields import gold_of, kind_of, messages_for, rest_of, short_text

_RUN_FOLDER = re.compile(r"(.+)_\d{8}_\d{6}")


def _groups(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a report that have results."""
    if not isinstance(value, dict):
        return []
    if _is_group(value):
        return [value]
    groups: list[Mapping[str, Any]] = []
    categories = value.get("categories")
    for category in categories if isinstance(categories, list) else []:
        datasets = category.get("datasets") if isinstance(category, dict) else None
        groups += [group for group in datasets if _is_group(group)] if isinstance(datasets, list) else []
    return groups


def _is_group(value: Any) -> bool:
    results = value.get("results") if isinstance(value, dict) else None
    return isinstance(results, list) and bool(results) and isinstance(results[0], dict) and "completions" in results[0]


def _detect(value: Any) -> bool:
    return bool(_groups(value))


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    groups = _groups(record.value)
    if not groups:
        raise RecordError(f"expected results with completions; got {kind_of(record.value)}")
    metadata = record.value.get("metadata")
    model = short_text(metadata.get("model")) if isinstance(metadata, dict) else None
    run = next((match for level in (1, 2, 3) if (match := _RUN_FOLDER.fullmatch(context.folder(level)))), None)
    model = model or (run[1] if run is not None else None)
    for group in groups:
        read = partial(_result, group=group, model=model, line=record.line)
        yield from each(enumerate(group["results"]), record.line, read)


def _result(pair: tuple[int, Any], group: Mapping[str, Any], model: str | None, line: int) -> Iterator[Draft | Bad]:
    number, result = pair
    completions = result.get("completions") if isinstance(result, dict) else None
    if not isinstance(completions, list) or not isinstance(result.get("question"), str):
        raise RecordError(f"a result must hold a question and completions; got {kind_of(result)}")
    system = group.get("system_prompt")
    name = short_text(group.get("name"))

    def draft_of(numbered: tuple[int, Any]) -> Iterator[Draft]:
        index, completion = numbered
        text = completion.get("full_model_response") if isinstance(completion, dict) else None
        if not isinstance(text, str):
            raise RecordError(f"completion {index} has no full_model_response; got {kind_of(text)}")
        score = completion.get("score")
        is_mark = isinstance(score, int) or (isinstance(score, float) and not math.isnan(score))
        yield Draft(
            Response.verbatim(text),
            messages=messages_for(result["question"], system if isinstance(system, str) else None),
            source_id=str(number),
            sample=index,
            benchmark=None if name is None or "://" in name else name,
            domain=short_text(group.get("category")),
            model=model,
            gold=gold_of(result.get("expected_answer")),
            correct=score >= 1 if is_mark else None,
            verdict="score" if is_mark else None,
            meta=rest_of({**completion, "dataset": name}, ("full_model_response",)),
        )

    yield from each_part(list(enumerate(completions)), line, draft_of)


FORMAT = Format(
    name="reasoning-gym",
    title="reasoning-gym-eval reports",
    looks_for="results with completions, or categories with datasets of them",
    detect=_detect,
    read=_read,
)
