"""Ollama's own API: `/api/generate` and `/api/chat`, whole or streamed, alone or with the request beside it.

The lines of a stream share no id, so each ends with the line that says `done`. Memory: one stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rdpt_core.traces.files.record import Bad, Record, snippet
from rdpt_core.traces.formats.answered import logged_response
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, why
from rdpt_core.traces.formats.fields import BENCHMARK, CORRECT, GOLD, gold_of, kind_of, pick, rest_of, short_text
from rdpt_core.traces.formats.requests import asked_in
from rdpt_core.traces.formats.turn import build
from rdpt_core.traces.formats.verdicts import verdict_in

_USED = frozenset({"model", "created_at", "response", "message", "done", "done_reason", "context", "thinking",
                   "request", "prompt", "messages", "system", "total_duration", "load_duration", "prompt_eval_count",
                   "prompt_eval_duration", "eval_count", "eval_duration", "logprobs"})  # fmt: skip


def _detect(value: Any) -> bool:
    output = logged_response(value)
    if not isinstance(output, dict) or not isinstance(output.get("done"), bool) or "created_at" not in output:
        return False
    return isinstance(output.get("response"), str) or isinstance(output.get("message"), dict)


@dataclass(slots=True)
class _Stream:
    line: int
    asked: Mapping[str, Any]
    model: str | None
    thinking: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)

    def add(self, output: Mapping[str, Any]) -> None:
        message = output.get("message")
        turn = message if isinstance(message, dict) else {**output, "content": output.get("response")}
        for pieces, given in ((self.thinking, turn.get("thinking")), (self.text, turn.get("content"))):
            if isinstance(given, str):
                pieces.append(given)
        calls = turn.get("tool_calls")
        self.calls += calls if isinstance(calls, list) else []

    def turn(self) -> dict[str, Any]:
        content = "".join(self.text)
        has_words = content or not self.calls
        return {"content": content if has_words else None, "thinking": "".join(self.thinking), "tool_calls": self.calls}


def _gather(records: Iterable[Record], context: Context) -> Iterator[Draft | Bad]:
    stream: _Stream | None = None
    for record in records:
        value, output = record.value, logged_response(record.value)
        try:
            if not _detect(value):
                raise RecordError(_failure(value) or f"expected a response or message with done; got {kind_of(value)}")
            model = short_text(output.get("model"))
            if stream is not None and stream.model != model:
                yield from _finished(stream, {})
                stream = None
            stream = stream or _Stream(record.line, value, model)
            stream.add(output)
            if output["done"]:
                held, stream = stream, None
                yield from _finished(held, output)
        except (RecordError, RecursionError) as error:
            yield Bad(record.line, why(error), record.text or snippet(value))
    if stream is not None:
        yield from _finished(stream, {})


def _finished(stream: _Stream, last: Mapping[str, Any]) -> Iterator[Draft | Bad]:
    """The draft of a stream, which was cut if no line said `done`."""
    value, reason = stream.asked, short_text(last.get("done_reason"))
    turn = stream.turn()
    try:
        if reason in ("load", "unload") and not turn["content"]:
            raise RecordError(f"nothing was generated: the request served to {reason} the model")
        draft = build(turn, stream.model)
        asked = value.get("request")
        draft.messages, draft.prompt = asked_in(asked if isinstance(asked, dict) else value)
    except (RecordError, RecursionError) as error:
        yield Bad(stream.line, why(error), snippet(value))
        return
    draft.line = stream.line
    draft.benchmark = short_text(pick(value, BENCHMARK)[1])
    draft.gold = gold_of(pick(value, GOLD)[1])
    draft.correct, draft.verdict = verdict_in(*pick(value, CORRECT))
    draft.finish_reason, draft.truncated = reason, not last
    draft.meta.update(rest_of(value, _USED))
    yield draft


def _failure(value: Any) -> str | None:
    error = logged_response(value).get("error") if isinstance(value, dict) else None
    return f"the request failed: {error[:300]}" if isinstance(error, str) else None


FORMAT = Format(
    name="ollama",
    title="Ollama's generate and chat responses, whole or streamed",
    looks_for="model, created_at and done, with response or message",
    detect=_detect,
    gather=_gather,
)
