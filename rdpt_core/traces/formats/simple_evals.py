"""Results of simple-evals (`…_allresults.json`): one document with the conversations of an evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, each
from rdpt_core.traces.formats.conversation import messages_of, turns_of
from rdpt_core.traces.formats.fields import kind_of, rest_of
from rdpt_core.traces.formats.turn import build


def _detect(value: Any) -> bool:
    return isinstance(value, dict) and "htmls" in value and isinstance(value.get("convos"), list)


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected htmls and convos; got {kind_of(value)}")
    metadata = value.get("metadata")
    given = metadata.get("example_level_metadata") if isinstance(metadata, dict) else None
    about = given if isinstance(given, list) and len(given) == len(value["convos"]) else [None] * len(value["convos"])
    yield from each(zip(value["convos"], about, strict=True), record.line, _conversation)


def _conversation(pair: tuple[Any, Any]) -> Iterator[Draft]:
    convo, about = pair
    if not convo:
        raise RecordError("the example keeps no conversation")
    turns = turns_of(convo)
    role, last = turns[-1]
    if role != "assistant" or len(turns) < 2:
        raise RecordError(
            f"the conversation ends with a turn of {role} after {len(turns) - 1} others, not with an answer"
        )
    draft = build(last, None)
    draft.messages = messages_of(turns[:-1])
    draft.meta.update(rest_of(about, ()) if isinstance(about, dict) else {})
    yield draft


FORMAT = Format(
    name="simple-evals",
    title="simple-evals results with conversations",
    looks_for="htmls and convos",
    detect=_detect,
    read=_read,
)
