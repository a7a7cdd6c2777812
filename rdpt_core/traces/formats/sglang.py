"""SGLang's native `/generate`: `text` and `meta_info`. The question is in the record if a log keeps it there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    CORRECT,
    GOLD,
    IDENTITY,
    MODEL,
    SAMPLE,
    gold_of,
    kind_of,
    pick,
    rest_of,
    short_text,
    whole,
)
from rdpt_core.traces.formats.requests import NOTHING, Asked, asked_in, asked_of
from rdpt_core.traces.formats.verdicts import verdict_in

_USED = frozenset({"text", "output_ids", "meta_info", "request", "response", "prompt", "messages"})


def _output(value: Any) -> Any:
    """The server's answer: the record itself, or the response of a logged request."""
    inner = value.get("response") if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) and "meta_info" in inner else value


def _detect(value: Any) -> bool:
    output = _output(value)
    return isinstance(output, dict) and "text" in output and isinstance(output.get("meta_info"), dict)


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value, output = record.value, _output(record.value)
    if not _detect(value) or not isinstance(output["text"], str):
        raise RecordError(f"expected text and meta_info; got {kind_of(output)}")
    about: Mapping[str, Any] = output["meta_info"]
    given = about.get("finish_reason")
    reason = given.get("type") if isinstance(given, dict) else given
    if reason == "abort" and not output["text"]:
        said = given.get("message") if isinstance(given, dict) else None
        raise RecordError(f"the request was aborted{f': {said}'[:300] if said else ''}")
    draft = Draft(Response.verbatim(output["text"]), model=short_text(pick(value, MODEL)[1]))
    draft.messages, draft.prompt = _asked(value)
    draft.source_id = short_text(pick(value, IDENTITY)[1]) or short_text(about.get("id"))
    draft.sample = whole(pick(value, SAMPLE)[1])
    draft.benchmark = short_text(pick(value, BENCHMARK)[1])
    draft.gold = gold_of(pick(value, GOLD)[1])
    draft.correct, draft.verdict = verdict_in(*pick(value, CORRECT))
    draft.finish_reason, draft.truncated = short_text(reason), reason == "abort"
    asked = draft.messages[-1].content if draft.messages else None
    draft.meta = rest_of(value, {*_USED, *(name for name in ("question", "problem") if value.get(name) == asked)})
    yield draft


def _asked(value: Mapping[str, Any]) -> Asked:
    request = value.get("request")
    if isinstance(request, dict):
        # The server's own name for the prompt.
        asked = asked_of(request.get("text"), is_prompt=True)
        if asked != NOTHING:
            return asked
    return asked_in(request if isinstance(request, dict) else value)


FORMAT = Format(
    name="sglang",
    title="SGLang's native generate responses",
    looks_for="text and meta_info",
    detect=_detect,
    read=_read,
)
