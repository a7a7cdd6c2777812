"""ThinkARM: `data/raw/MODEL.json`, the responses of a model; the episodes of their sentences are in other files.

The sentences of response `index` stand in `data/label/MODEL/INDEX.json` (`sentence-category`, by a model) and some in
`data/ground_truth/MODEL/INDEX.json` (`human_label`). They become `meta.sentence_tags`; those that people gave end with
` (human)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response
from rdpt_core.traces.formats.fields import gold_of, kind_of, messages_for, rest_of, short_text

_NEEDED = {"Question ID", "Instruction", "Response", "index"}
_USED = frozenset({*_NEEDED, "Correct Answer", "Rationale", "domain", "difficulty", "source"})
_LABELS = (("label", "sentence-category", ""), ("ground_truth", "human_label", " (human)"))
_LABEL_BYTES = 32 << 20


def _detect(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= _NEEDED


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    if not _detect(value) or not isinstance(value["Instruction"], str) or not isinstance(value["Response"], str):
        raise RecordError(f"expected Question ID, Instruction, Response and index; got {kind_of(value)}")
    model = PurePosixPath(context.name).stem
    yield Draft(
        Response.verbatim(value["Response"]),
        messages=messages_for(value["Instruction"]),
        source_id=short_text(value["Question ID"]),
        model=short_text(model),
        benchmark=short_text(value.get("source")),
        domain=_first(value.get("domain")),
        difficulty=short_text(value.get("difficulty")),
        gold=gold_of(value.get("Correct Answer")),
        meta=rest_of(value, _USED),
        tagged=tuple(_tagged(context, model, value["index"])),
    )


def _first(value: Any) -> str | None:
    """A domain, which is a list of paths of subjects: its first."""
    return short_text(value[0] if isinstance(value, list) and value else value)


def _tagged(context: Context, model: str, index: Any) -> Iterator[tuple[tuple[Any, Any], ...]]:
    """The sentences of a response with their episodes, by a model and by people."""
    if type(index) is not int or index < 0:  # it names a file
        return
    for folder, column, suffix in _LABELS:
        found = context.nearby(f"../{folder}/{model}/{index}.json", _LABEL_BYTES)
        sentences = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        yield tuple((one.get("sentence"), f"{one[column]}{suffix}") for one in sentences if column in one)


FORMAT = Format(
    name="thinkarm",
    title="ThinkARM responses, with the episodes of their sentences",
    looks_for="Question ID, Instruction, Response and index",
    detect=_detect,
    read=_read,
)
