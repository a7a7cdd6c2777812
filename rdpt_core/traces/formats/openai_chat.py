"""Chat and text completions in OpenAI's shape, as most servers answer: alone, in batch outputs, or with the request.

A batch output has no questions. They are looked up by `custom_id` in the batch's request file if that is among the
sources, and in the record itself where a log keeps request and response together: as `request` or `body`, in `inputs`
(Weave), or beside the response (LiteLLM).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats import fastchat
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, each_part
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    CORRECT,
    GOLD,
    gold_of,
    kind_of,
    pick,
    rest_of,
    short_text,
    whole,
)
from rdpt_core.traces.formats.requests import NOTHING, Asked, asked_in
from rdpt_core.traces.formats.turn import build, continues_last_turn
from rdpt_core.traces.formats.verdicts import verdict_in

_ASKED = ("messages", "prompt", "input", "contents")
_NOT_META = frozenset({"choices", "response", "request", "body", "completion", "output", "inputs", "error", "object",
                       "created", "usage", "system_fingerprint", "model", "prompt_token_ids", "prompt_logprobs",
                       *_ASKED})  # fmt: skip


def is_completion(value: Any) -> bool:
    """Whether a value is a chat or text completion."""
    choices = value.get("choices") if isinstance(value, dict) else None
    return isinstance(choices, list) and (
        any(isinstance(choice, dict) and ("message" in choice or "text" in choice) for choice in choices)
        or value.get("object") in ("chat.completion", "text_completion")
    )


def _inner(value: Any) -> Any:
    """The completion inside a batch line or a log of requests; the value itself if it is one."""
    for name in ("response", "body", "completion", "output"):
        if isinstance(value, dict) and not is_completion(value) and isinstance(value.get(name), dict):
            value = value[name]
    return value


def _detect(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return is_batch_line(value) or is_completion(_inner(value))


def is_batch_line(value: Mapping[str, Any]) -> bool:
    """Whether a record is a line of a batch output, also of a request that failed."""
    return "custom_id" in value and "response" in value and "error" in value


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    outer = record.value if isinstance(record.value, dict) else {}
    completion = _inner(record.value)
    if not is_completion(completion):
        raise RecordError(failure_in(outer) or f"expected a completion with choices; got {kind_of(completion)}")
    if not completion["choices"]:
        raise RecordError(failure_in(outer) or "the completion has no choices")
    yield from completion_drafts(completion, outer, context, record.line)


def failure_in(outer: Mapping[str, Any]) -> str | None:
    """Why a request failed, in the server's words, or None if the record does not say that it did.

    Batch lines keep the words beside the response or in its body, some servers one level deeper.
    """
    response = outer.get("response")
    response = response if isinstance(response, dict) else {}
    body = response.get("body", response)
    places = (outer.get("error"), body, response.get("error"), outer.get("error_str"), outer.get("exception"))
    words = next((text for place in places if (text := _words(place))), None)
    status = response.get("status_code")
    if words is None and status is None:
        return None
    code = f" (status {status})" if status is not None else ""
    if words is None:
        words = "the body of the response is empty" if body in (None, "", {}) else "its body holds no completion"
    return f"the request failed{code}: {words[:300]}"


def _words(error: Any) -> str | None:
    """What an error says, also where it is wrapped in others."""
    for _ in range(3):
        if isinstance(error, dict) and error.get("error"):
            error = error["error"]
    if isinstance(error, dict):
        said = (error.get(name) for name in ("message", "detail", "code"))
        error = next((words for words in said if isinstance(words, str | int) and words), None)
    return str(error) if isinstance(error, str | int) and error else None


def completion_drafts(
    completion: Mapping[str, Any], outer: Mapping[str, Any], context: Context, line: int
) -> Iterator[Draft | Bad]:
    """The drafts of a completion, one a choice. A choice without text is rejected and stops no other.

    Args:
        completion: an object with `choices`, which are not empty.
        outer: the record around it, where the question, a reference answer and the like are looked for.
        context: where the file is, and the requests of its batch.
        line: where the record stands.
    """
    choices = completion["choices"]
    messages, prompt = question_of(completion, outer, context)
    model = short_text(completion.get("model")) or short_text(outer.get("model"))
    gold, verdict = pick(outer, GOLD)[1], pick(outer, CORRECT)
    meta = rest_of(outer, _NOT_META)
    usage = completion.get("usage")
    if isinstance(usage, dict):
        meta["usage"] = {key: n for key, n in usage.items() if isinstance(n, int)}
    inputs = outer.get("inputs")
    if isinstance(inputs, dict) and (others := rest_of(inputs, ("model", "self", *_ASKED))):
        meta["inputs"] = others

    def draft_of(numbered: tuple[int, Any]) -> Iterator[Draft]:
        number, choice = numbered
        draft = _choice(number, choice, model)
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
        draft.meta.update(meta)
        yield draft

    yield from each_part(list(enumerate(choices)), line, draft_of)


def _choice(number: int, choice: Any, model: str | None) -> Draft:
    if not isinstance(choice, dict):
        raise RecordError(f"choice {number} must be an object; got {kind_of(choice)}")
    if isinstance(choice.get("message"), dict):
        return build(choice["message"], model)
    if isinstance(choice.get("text"), str):
        return Draft(Response.verbatim(choice["text"]), model=model)
    raise RecordError(f"choice {number} holds neither a message nor text")


def question_of(completion: Mapping[str, Any], outer: Mapping[str, Any], context: Context) -> Asked:
    """The conversation and rendered prompt that a completion answers, from wherever a log keeps them."""
    custom_id = outer.get("custom_id")
    if isinstance(custom_id, str) and custom_id in context.requests:
        return context.requests[custom_id]
    for holder in (outer.get("request"), outer.get("body"), outer.get("inputs"), outer, completion):
        if isinstance(holder, dict):
            inner = holder.get("body")
            for request in (inner, holder) if isinstance(inner, dict) else (holder,):
                question = asked_in(request)
                if question != NOTHING:
                    return question
    return NOTHING


def request_of(value: Any) -> tuple[str, Asked] | None:
    """(id, conversation or rendered prompt) of a line of a batch *request* file, or None if it is none.

    The id is `custom_id`, or `key` in the batches of Gemini; questions of FastChat count as requests.
    """
    if not isinstance(value, dict) or "response" in value:
        return None
    if (question := fastchat.question_of(value)) is not None:
        return question[0], (question[1], None)
    name = value.get("custom_id")
    body = value.get("body") or value.get("params")
    if name is None and isinstance(value.get("request"), dict) and "contents" in value["request"]:
        name, body = value.get("key"), value["request"]
    if not isinstance(name, str) or not isinstance(body, dict):
        return None
    try:
        asked = asked_in(body)
    except RecordError:
        return None
    return None if asked == NOTHING else (name, asked)


FORMAT = Format(
    name="openai",
    title="OpenAI-style chat and text completions and batch outputs",
    looks_for="choices with message or text, or custom_id with response and error",
    detect=_detect,
    read=_read,
)
