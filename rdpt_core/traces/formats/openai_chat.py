"""Chat and text completions in OpenAI's shape, as most servers answer: alone, in batch outputs, or with the request.

A batch output has no questions. They are looked up by `custom_id` in the batch's request file if that is among the
sources, and in the record itself where a log keeps request and response together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response
from rdpt_core.traces.formats.conversation import is_conversation, is_rendered, messages_of, turns_in, turns_of
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    CORRECT,
    GOLD,
    gold_of,
    kind_of,
    messages_for,
    pick,
    rest_of,
    short_text,
    whole,
)
from rdpt_core.traces.formats.turn import build, continues_last_turn
from rdpt_core.traces.formats.verdicts import verdict_in

_NOT_META = frozenset({"choices", "response", "request", "body", "messages", "prompt", "error", "object", "created",
                       "usage", "system_fingerprint", "model", "prompt_token_ids", "prompt_logprobs"})  # fmt: skip


def _is_completion(value: Any) -> bool:
    choices = value.get("choices") if isinstance(value, dict) else None
    return isinstance(choices, list) and (
        any(isinstance(choice, dict) and ("message" in choice or "text" in choice) for choice in choices)
        or value.get("object") in ("chat.completion", "text_completion")
    )


def _inner(value: Any) -> Any:
    """The completion inside a batch line or a log of requests; the value itself if it is one."""
    for name in ("response", "body", "completion", "output"):
        if isinstance(value, dict) and not _is_completion(value) and isinstance(value.get(name), dict):
            value = value[name]
    return value


def _detect(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return is_batch_line(value) or _is_completion(_inner(value))


def is_batch_line(value: Mapping[str, Any]) -> bool:
    """Whether a record is a line of a batch output, also of a request that failed."""
    return "custom_id" in value and "response" in value and "error" in value


def _read(record: Record, context: Context) -> Iterator[Draft]:
    outer = record.value if isinstance(record.value, dict) else {}
    completion = _inner(record.value)
    if not _is_completion(completion):
        raise RecordError(_failure(outer) or f"expected a completion with choices; got {kind_of(completion)}")
    if not completion["choices"]:
        raise RecordError("the completion has no choices")
    yield from completion_drafts(completion, outer, context)


def _failure(outer: Mapping[str, Any]) -> str | None:
    error = outer.get("error")
    response = outer.get("response")
    if error is None and isinstance(response, dict):
        body = response.get("body")
        error = body.get("error") if isinstance(body, dict) else None
        error = (
            error
            or response.get("error")
            or (f"status {response['status_code']}" if "status_code" in response else None)
        )
    message = error.get("message") if isinstance(error, dict) else error
    return f"the request failed: {str(message)[:300]}" if message else None


def completion_drafts(completion: Mapping[str, Any], outer: Mapping[str, Any], context: Context) -> Iterator[Draft]:
    """The drafts of a completion, one a choice.

    Raises:
        RecordError: a choice holds neither a message nor text.
    """
    choices = completion["choices"]
    messages, prompt = question_of(completion, outer, context)
    model = short_text(completion.get("model"))
    gold, verdict = pick(outer, GOLD)[1], pick(outer, CORRECT)
    for number, choice in enumerate(choices):
        if not isinstance(choice, dict):
            raise RecordError(f"choice {number} must be an object; got {kind_of(choice)}")
        if isinstance(choice.get("message"), dict):
            draft = build(choice["message"], model)
        elif isinstance(choice.get("text"), str):
            draft = Draft(Response.verbatim(choice["text"]), model=model)
        else:
            raise RecordError(f"choice {number} holds neither a message nor text")
        index = whole(choice.get("index"))
        draft.messages, draft.prompt = messages, prompt
        draft.continues = continues_last_turn(outer.get("request"), outer, completion)
        draft.source_id = short_text(outer.get("custom_id")) or short_text(completion.get("id"))
        draft.id_is_global = "custom_id" not in outer
        draft.sample = (number if index is None else index) if len(choices) > 1 else None
        draft.benchmark = short_text(pick(outer, BENCHMARK)[1])
        draft.gold = gold_of(gold)
        if len(choices) == 1:
            draft.correct, draft.verdict = verdict_in(*verdict)
        draft.finish_reason = short_text(choice.get("finish_reason"))
        draft.meta.update(rest_of(outer, _NOT_META))
        usage = completion.get("usage")
        if isinstance(usage, dict):
            draft.meta["usage"] = {key: n for key, n in usage.items() if isinstance(n, int)}
        yield draft


def question_of(
    completion: Mapping[str, Any], outer: Mapping[str, Any], context: Context
) -> tuple[tuple[Message, ...], str | None]:
    """The conversation and rendered prompt that a completion answers, from wherever a log keeps them."""
    custom_id = outer.get("custom_id")
    if isinstance(custom_id, str) and custom_id in context.requests:
        return context.requests[custom_id], None
    body = outer.get("body")
    for holder in (outer.get("request"), body, outer, completion):
        if isinstance(holder, dict):
            inner = holder.get("body")
            for asked in (inner, holder) if isinstance(inner, dict) else (holder,):
                question = _asked(asked)
                if question != ((), None):
                    return question
    return (), None


def _asked(request: Mapping[str, Any]) -> tuple[tuple[Message, ...], str | None]:
    for name in ("messages", "prompt", "input"):
        value = request.get(name)
        if is_conversation(value):
            return messages_of(turns_of(value)), None
        if isinstance(value, str) and value:
            if is_rendered(value):
                return turns_in(value), value
            return messages_for(value), value if name == "prompt" else None
    question = request.get("question", request.get("problem"))
    return (messages_for(question) if isinstance(question, str) else (), None)


def request_of(value: Any) -> tuple[str, tuple[Message, ...]] | None:
    """(custom_id, conversation) of a line of a batch *request* file, or None if it is none."""
    if not isinstance(value, dict) or not isinstance(value.get("custom_id"), str):
        return None
    body = value.get("body") or value.get("params")
    if "response" in value or not isinstance(body, dict):
        return None
    try:
        messages, _ = _asked(body)
    except RecordError:
        return None
    return (value["custom_id"], messages) if messages else None


FORMAT = Format(
    name="openai",
    title="OpenAI-style chat and text completions and batch outputs",
    looks_for="choices with message or text, or custom_id with response and error",
    detect=_detect,
    read=_read,
)
