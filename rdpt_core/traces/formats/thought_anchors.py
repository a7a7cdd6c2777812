"""Rollouts of thought-anchors: the rendered prompt, the solution from inside the thinking on, and both together.

The question and the gold answer stand in `problem.json` beside the file, the model in the folder three levels up. What
kinds of steps its chunks are stands in `chunks_labeled.json`, whose `function_tags` become `meta.sentence_tags`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response
from rdpt_core.traces.formats.fields import gold_of, kind_of, messages_for, rest_of, short_text
from rdpt_core.traces.formats.verdicts import verdict_in

_USED = frozenset({"prompt", "solution", "full_cot", "is_correct"})
_CHUNKS = "chunks_labeled.json"
_CHUNKS_BYTES = 32 << 20


def _detect(value: Any) -> bool:
    return isinstance(value, dict) and {"prompt", "solution", "full_cot"} <= value.keys()


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    if not _detect(value) or not isinstance(value["prompt"], str) or not isinstance(value["solution"], str):
        raise RecordError(f"expected prompt, solution and full_cot as text; got {kind_of(value)}")
    beside = context.sibling("problem.json")
    problem = beside if isinstance(beside, dict) else {}
    question = problem.get("problem")
    correct, verdict = verdict_in("is_correct", value.get("is_correct"))
    yield Draft(
        Response.verbatim(value["solution"]),
        messages=messages_for(question) if isinstance(question, str) else (),
        prompt=value["prompt"],
        source_id=context.folder() or None,
        model=context.folder(3) if context.folder(2).endswith("base_solution") else None,
        domain=short_text(problem.get("type")),
        difficulty=short_text(problem.get("level")),
        gold=gold_of(problem.get("gt_answer")),
        correct=correct,
        verdict=verdict,
        meta=rest_of(value, _USED),
        tagged=(tuple(_tagged(context)),),
    )


def _tagged(context: Context) -> Iterator[tuple[Any, Any]]:
    """The labelled chunks, which stand in the order of the solution."""
    # Rollouts of a chunk lie a folder deeper: the chunks of the base solution are not theirs.
    chunks = context.sibling(_CHUNKS, _CHUNKS_BYTES)
    for chunk in chunks if isinstance(chunks, list) else ():
        if isinstance(chunk, dict):
            yield chunk.get("chunk"), chunk.get("function_tags")


FORMAT = Format(
    name="thought-anchors",
    title="thought-anchors base solutions",
    looks_for="prompt, solution and full_cot",
    detect=_detect,
    read=_read,
)
