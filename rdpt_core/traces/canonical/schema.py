"""The canonical line: its fields and their checks, and the way from fields to a trace and from a trace to a line."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rdpt_core.errors import InputError
from rdpt_core.records import Message, ToolCall, Trace
from rdpt_core.records.messages import arguments_text
from rdpt_core.traces.canonical.line_errors import LineError, described


def _number_as_text(value: Any) -> Any:
    """A number as its text in JSON: levels, ids and reference answers are often written as numbers. True is none."""
    return json.dumps(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


# Kept, since making an encoder takes longer than what a short line takes.
_AS_IT_STANDS = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_SORTED = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True).encode

_Name = Annotated[str, Field(min_length=1)]
_Text = Annotated[str | None, BeforeValidator(_number_as_text)]
_Id = Annotated[_Name | None, BeforeValidator(_number_as_text)]


class _FunctionModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    name: _Name
    arguments: Any = None


class _ToolCallModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    function: _FunctionModel
    id: _Name | None = None
    type: Literal["function"] | None = None


class _MessageModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    role: _Name
    content: str | None = None
    tool_calls: list[_ToolCallModel] | None = None
    tool_call_id: str | None = None
    name: str | None = None


class _TraceModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    response: str
    question: _Name | None = None
    messages: Annotated[list[_MessageModel], Field(min_length=1)] | None = None
    prompt: _Name | None = None
    trace_id: _Id = None
    question_id: _Id = None
    benchmark: _Text = None
    domain: _Text = None
    model: _Text = None
    difficulty: _Text = None
    teacher_id: _Text = None
    gold: _Text = None
    correct: bool | None = None
    sample: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    meta: dict[str, Any] | None = None


_EXPECTED = {
    "response": "a string",
    "question": "a string that is not empty",
    "messages": "a list of {role, content} with at least one message",
    "role": "a string that is not empty",
    "content": "a string",
    "tool_calls": "a list of {id, type, function: {name, arguments}}",
    "function": "an object with name and arguments",
    "name": "a string that is not empty",
    "type": "`function`",
    "id": "a string that is not empty",
    "prompt": "a string that is not empty",
    "trace_id": "a string that is not empty, or a number",
    "question_id": "a string that is not empty, or a number",
    **dict.fromkeys(("benchmark", "domain", "model", "difficulty", "teacher_id", "gold"), "a string, a number or null"),
    "correct": "true, false or null",
    "sample": "an integer from 0 to 2147483647",
    "meta": "an object",
}


def trace_of(fields: dict[str, Any]) -> tuple[Trace, bool]:
    """The trace of a line's fields, and whether its `trace_id` was made here.

    Raises:
        LineError: a field is missing or is not what it must be, or two fields contradict each other.
    """
    try:
        line = _TraceModel.model_validate(fields)
    except ValidationError as error:
        raise _line_error(error) from error
    messages = _conversation(line)
    benchmark = "unknown" if line.benchmark is None else line.benchmark
    sample = line.sample or 0
    asked = [m.content_key for m in messages] or line.prompt
    question_id = line.question_id or "q-" + _digest([asked, benchmark])
    trace_id = line.trace_id or "t-" + _digest([question_id, line.response, sample, line.model])
    trace = Trace(
        trace_id=trace_id,
        question_id=question_id,
        response=line.response,
        messages=messages,
        prompt=line.prompt,
        benchmark=benchmark,
        domain=line.domain,
        model=line.model,
        difficulty=line.difficulty,
        gold=line.gold,
        correct=line.correct,
        sample=sample,
        teacher_id=line.teacher_id,
        meta=_meta(line),
    )
    return trace, line.trace_id is None


def _conversation(line: _TraceModel) -> tuple[Message, ...]:
    if line.messages is None:
        if line.question is not None:
            return (Message("user", line.question),)
        if line.prompt is None:
            raise LineError("expected one of `question`, `messages` and `prompt`; got none of them")
        return ()
    messages = tuple(_message(m, index) for index, m in enumerate(line.messages))
    if messages[-1].role == "assistant":
        raise LineError(
            "`messages`: expected the conversation before the response; got one that ends with an assistant message"
        )
    if line.question is not None:
        asked = next((m.content for m in reversed(messages) if m.role == "user"), None)
        if asked != line.question:
            raise LineError(
                "`question`: expected the last user message of `messages`, or only one of the two fields; "
                f"got {described(line.question)} beside {described(asked)}"
            )
    return messages


def message_in(value: Any, index: int) -> Message:
    """One element of a line's `messages`, which must hold nothing that a message has no room for.

    Raises:
        LineError: it is no message, or holds more.
    """
    try:
        given = _MessageModel.model_validate(value)
    except ValidationError as error:
        raise _line_error(error, ("messages", index)) from error
    others = _extra(given) | _extra_of_calls(given)
    if others:
        raise LineError(f"`messages[{index}]`: expected only the fields of a message; got {', '.join(others)[:200]}")
    return _message(given, index)


def _message(given: _MessageModel, index: int) -> Message:
    content = given.content
    if content is None:
        if not given.tool_calls:
            got = "null" if "content" in given.model_fields_set else "nothing"
            raise LineError(f"`messages[{index}].content`: expected a string, or null beside `tool_calls`; got {got}")
        content = ""
    if not (given.tool_calls or given.tool_call_id or given.name):
        return Message(given.role, content)
    calls = []
    for number, call in enumerate(given.tool_calls or ()):
        arguments = call.function.arguments
        if not isinstance(arguments, str | dict | None):
            raise LineError(
                f"`messages[{index}].tool_calls[{number}].function.arguments`: expected an object, or its JSON as a "
                f"string; got {described(arguments)}"
            )
        calls.append(ToolCall(call.function.name, arguments_text(arguments), call.id))
    return Message(given.role, content, tuple(calls), given.tool_call_id or None, given.name or None)


def _meta(line: _TraceModel) -> dict[str, Any]:
    meta = dict(line.meta or {})
    extra = dict(line.__pydantic_extra__ or {})
    for index, message in enumerate(line.messages or ()):
        extra |= _extra(message, f"messages[{index}].") | _extra_of_calls(message, f"messages[{index}].")
    if extra:
        kept = meta.get("extra", {})
        if not isinstance(kept, dict) or kept.keys() & extra.keys():
            names = ", ".join(f"`{name}`" for name in extra)
            raise LineError(f"expected only known fields, or room for others in `meta.extra`; got {names}")
        meta["extra"] = kept | extra
    return meta


def _extra(given: BaseModel, place: str = "") -> dict[str, Any]:
    return {f"{place}{name}": value for name, value in (given.__pydantic_extra__ or {}).items()}


def _extra_of_calls(message: _MessageModel, place: str = "") -> dict[str, Any]:
    extra: dict[str, Any] = {}
    for number, call in enumerate(message.tool_calls or ()):
        name = f"{place}tool_calls[{number}]."
        extra |= _extra(call, name) | _extra(call.function, f"{name}function.")
    return extra


def _digest(content: object) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _line_error(error: ValidationError, place: tuple[str | int, ...] = ()) -> LineError:
    return LineError("; ".join(_explained(problem, place) for problem in error.errors(include_url=False)))


def _explained(problem: Any, place: tuple[str | int, ...]) -> str:
    location = (*place, *problem["loc"])
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    last = location[-1]
    expected = _EXPECTED.get(last, "a string or null")
    if isinstance(last, int):
        is_call = location[-2] == "tool_calls"
        expected = "an object with id, type and function" if is_call else "an object with role and content"
    got = "nothing" if problem["type"] == "missing" else described(problem["input"])
    return f"`{name}`: expected {expected}; got {got}"


def trace_to_json(trace: Trace) -> str:
    """A trace as one canonical line, without its line break.

    Fields stand in a fixed order, the keys of `meta` sorted; absent ones are left out. Reading the line gives an equal
    trace.

    Raises:
        InputError: if `meta` holds what JSON cannot say, or a text holds a lone surrogate.
    """
    record: dict[str, Any] = {"trace_id": trace.trace_id, "question_id": trace.question_id}
    record |= {
        name: value
        for name in ("benchmark", "domain", "model", "difficulty", "teacher_id", "sample", "correct", "gold")
        if (value := getattr(trace, name)) is not None
    }
    first = trace.messages[0] if len(trace.messages) == 1 else None
    if first is not None and first.role == "user" and first.content and first.is_plain:
        record["question"] = first.content
    elif trace.messages:
        record["messages"] = [message.to_json() for message in trace.messages]
    if trace.prompt is not None:
        record["prompt"] = trace.prompt
    record["response"] = trace.response
    try:
        line = _AS_IT_STANDS(record)
        if trace.meta:
            # Sorted apart from the fields above, whose order is ours.
            line = f'{line[:-1]}, "meta": {_SORTED(dict(trace.meta))}}}'
        line.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            "a trace cannot be written as JSON", where=f"trace {trace.trace_id}", got=str(error)
        ) from error
    return line
