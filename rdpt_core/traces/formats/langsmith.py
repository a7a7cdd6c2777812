"""Runs of LangSmith, with messages in LangChain's or in OpenAI's shape. Runs of type llm are model calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.answered import answers_of
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, each_part
from rdpt_core.traces.formats.fields import kind_of, rest_of, short_text
from rdpt_core.traces.formats.requests import Asked, asked_in, asked_of

_META = ("name", "tags", "trace_id", "session_name", "feedback_stats")
_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "chat": "user", "function": "tool"}


def _detect(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("run_type"), str) and {"inputs", "outputs"} <= value.keys()


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected a run with run_type, inputs and outputs; got {kind_of(value)}")
    if value["run_type"] != "llm":
        context.set_aside[f"{value['run_type'][:40]} runs"] += 1
        return
    outputs = value["outputs"]
    if not isinstance(outputs, dict) or not outputs:
        error = value.get("error")
        raise RecordError(f"the run gave no output{f': {str(error)[:300]}' if error else ''}")
    asked, model = _asked(value["inputs"]), _model(value)
    for draft in _answers(outputs, model, context, record.line):
        if isinstance(draft, Draft):
            draft.messages, draft.prompt = asked
            draft.source_id, draft.id_is_global = short_text(value.get("id")), True
            draft.meta.update(rest_of({name: value.get(name) for name in _META}, ()))
        yield draft


def _answers(outputs: Mapping[str, Any], model: str | None, context: Context, line: int) -> Iterator[Draft | Bad]:
    generations = _inner(outputs.get("generations"))
    if not isinstance(generations, list) or not generations:
        messages = outputs.get("messages", outputs.get("message"))
        yield from answers_of(_turns(messages) or messages or outputs, model, context, line)
        return

    def draft_of(numbered: tuple[int, Any]) -> Iterator[Draft | Bad]:
        index, generation = numbered
        turns = _turns([generation.get("message")]) if isinstance(generation, dict) else None
        for draft in answers_of(turns or generation, model, context, line):
            if isinstance(draft, Draft):
                about = generation.get("generation_info") if isinstance(generation, dict) else None
                if isinstance(about, dict):
                    draft.finish_reason = short_text(about.get("finish_reason")) or draft.finish_reason
                draft.sample = index if len(generations) > 1 else None
            yield draft

    yield from each_part(list(enumerate(generations)), line, draft_of)


def _asked(inputs: Any) -> Asked:
    if not isinstance(inputs, dict):
        return asked_of(inputs)
    turns = _turns(_inner(inputs.get("messages")))
    if turns:
        return asked_of(turns)
    prompts = inputs.get("prompts")
    if isinstance(prompts, list) and len(prompts) == 1:
        return asked_of(prompts[0], is_prompt=True)
    return asked_in(inputs)


def _inner(value: Any) -> Any:
    """A batch of one, which is how LangChain calls a model, without the list around it."""
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list) else value


def _turns(value: Any) -> list[dict[str, Any]] | None:
    """LangChain's messages as turns, or None if they are of another kind."""
    turns: list[dict[str, Any]] = []
    for message in value if isinstance(value, list) else [value]:
        given = message.get("kwargs", message.get("data")) if isinstance(message, dict) else None
        if not isinstance(given, dict):
            return None
        names = message.get("id")
        kind = given.get("type") or (message.get("type") if "data" in message else None)
        if isinstance(names, list) and names:
            kind = str(names[-1]).removesuffix("Chunk").removesuffix("Message")
        extra = given.get("additional_kwargs")
        extra = extra if isinstance(extra, dict) else {}
        role = given.get("role") or _ROLES.get(str(kind).lower())
        if role is None:
            return None
        turns.append({**extra, **given, "role": role, "content": given.get("content")})
    return turns or None


def _model(value: Mapping[str, Any]) -> str | None:
    extra = value.get("extra")
    extra = extra if isinstance(extra, dict) else {}
    for place, names in (("metadata", ("ls_model_name",)), ("invocation_params", ("model", "model_name"))):
        about = extra.get(place)
        for name in names:
            if isinstance(about, dict) and (model := short_text(about.get(name))):
                return model
    return None


FORMAT = Format(
    name="langsmith",
    title="LangSmith runs",
    looks_for="run_type with inputs and outputs",
    detect=_detect,
    read=_read,
)
