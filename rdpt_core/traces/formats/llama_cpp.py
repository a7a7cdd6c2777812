"""The native `/completion` of llama.cpp's server, whole or streamed, alone or with the request beside it.

A whole answer repeats its prompt. The lines of a stream end with the one that says `stop`. Memory: one stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Bad, Record, snippet
from rdpt_core.traces.formats.answered import logged_response
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, why
from rdpt_core.traces.formats.fields import BENCHMARK, CORRECT, GOLD, gold_of, kind_of, pick, rest_of, short_text
from rdpt_core.traces.formats.requests import asked_in
from rdpt_core.traces.formats.verdicts import verdict_in

_OWN = frozenset({"generation_settings", "tokens_predicted", "tokens_evaluated", "id_slot", "slot_id"})
_USED = frozenset({*_OWN, "content", "tokens", "stop", "prompt", "model", "stop_type", "stopping_word", "stopped_eos",
                   "stopped_limit", "stopped_word", "timings", "tokens_cached", "has_new_line", "index", "truncated",
                   "request", "response", "multimodal", "completion_probabilities"})  # fmt: skip


def _detect(value: Any) -> bool:
    output = logged_response(value)
    if not isinstance(output, dict) or not isinstance(output.get("content"), str):
        return False
    return isinstance(output.get("stop"), bool) and bool(_OWN & output.keys())


def _gather(records: Iterable[Record], context: Context) -> Iterator[Draft | Bad]:
    begun: Record | None = None
    texts: list[str] = []
    for record in records:
        value, output = record.value, logged_response(record.value)
        try:
            if not _detect(value):
                raise RecordError(_failure(output) or f"expected content and stop; got {kind_of(value)}")
            begun = begun or record
            texts.append(output["content"])
            if output["stop"]:
                first, pieces, begun, texts = begun, texts, None, []
                yield _draft(first, pieces, output)
        except (RecordError, RecursionError) as error:
            yield Bad(record.line, why(error), record.text or snippet(value))
    if begun is not None:
        try:
            yield _draft(begun, texts, {})
        except (RecordError, RecursionError) as error:
            yield Bad(begun.line, why(error), begun.text or snippet(begun.value))


def _draft(first: Record, texts: list[str], last: Mapping[str, Any]) -> Draft:
    """The draft of an answer, which was cut if no line said `stop`."""
    value: Mapping[str, Any] = first.value
    request = value.get("request")
    draft = Draft(Response.verbatim("".join(texts)))
    # The last line of a stream repeats the prompt, as a whole answer does.
    draft.messages, draft.prompt = asked_in(request if isinstance(request, dict) else {**last, **value})
    draft.model = short_text(last.get("model"))
    draft.benchmark = short_text(pick(value, BENCHMARK)[1])
    draft.gold = gold_of(pick(value, GOLD)[1])
    draft.correct, draft.verdict = verdict_in(*pick(value, CORRECT))
    was_cut = last.get("stop_type") == "limit" or last.get("stopped_limit") is True
    draft.finish_reason = "length" if was_cut else short_text(last.get("stop_type"))
    draft.truncated = not last
    draft.line = first.line
    draft.meta = rest_of(value, _USED)
    if last.get("truncated") is True:
        draft.meta["prompt_was_cut"] = True
    return draft


def _failure(output: Any) -> str | None:
    error = output.get("error") if isinstance(output, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return f"the request failed: {message[:300]}" if isinstance(message, str) else None


FORMAT = Format(
    name="llama-cpp",
    title="llama.cpp's native completions, whole or streamed",
    looks_for="content and stop, with generation_settings, tokens_predicted or id_slot",
    detect=_detect,
    gather=_gather,
)
