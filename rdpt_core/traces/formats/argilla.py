"""Records of Argilla 2: the model's text is one of `fields`; what people or models said of it stays in `meta`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats import chat_sft, pairs
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError
from rdpt_core.traces.formats.fields import kind_of, rest_of, short_text

_PARTS = frozenset({"suggestions", "responses", "vectors", "metadata", "status"})


def _reader(value: Any) -> Format | None:
    """The format that reads the fields, which are named as their dataset has them."""
    fields = value.get("fields") if isinstance(value, dict) else None
    if not isinstance(fields, dict) or len(_PARTS & value.keys()) < 3:
        return None
    return next((known for known in (pairs.FORMAT, chat_sft.FORMAT) if known.detect(fields)), None)


def _detect(value: Any) -> bool:
    return _reader(value) is not None


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    value, reader = record.value, _reader(record.value)
    if reader is None or reader.read is None:
        raise RecordError(f"expected fields with a question and a response; got {kind_of(record.value)}")
    for draft in reader.read(Record(record.line, value["fields"], ""), Context(context.name, context.path)):
        if isinstance(draft, Draft):
            draft.source_id = draft.source_id or short_text(value.get("id"))
            draft.meta.update(rest_of(value, {"fields", "id", "vectors", "_server_id"}))
        yield draft


FORMAT = Format(
    name="argilla",
    title="Argilla records",
    looks_for="fields with a question and a response, beside suggestions, responses and metadata",
    detect=_detect,
    read=_read,
)
