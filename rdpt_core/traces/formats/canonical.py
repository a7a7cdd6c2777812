"""Our own JSON Lines. They pass through unchanged: no new ids, no grading, nothing added to `meta`.

A file without `question_id` but with the same field names is read by `pairs` instead, which gives it the ids that it
lacks, and a grade.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.records import Message, Trace
from rdpt_core.traces.canonical.line_errors import LineError
from rdpt_core.traces.canonical.schema import message_in
from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response
from rdpt_core.traces.formats.fields import kind_of, optional_text, whole

_NAMES = ("benchmark", "domain", "model", "difficulty", "teacher_id", "gold")
_FIELDS = frozenset(
    {"response", "question", "messages", "trace_id", "question_id", "prompt", "correct", "sample", "meta", *_NAMES}
)


def _detect(value: Any) -> bool:
    return isinstance(value, dict) and {"trace_id", "question_id", "response"} <= value.keys() <= _FIELDS


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected a canonical trace with trace_id, question_id and response; got {kind_of(value)}")
    if not isinstance(value["response"], str):
        raise RecordError(f"response must be a string; got {kind_of(value['response'])}")
    texts = {name: optional_text(value.get(name)) for name in ("trace_id", "question_id", *_NAMES)}
    for name in ("trace_id", "question_id"):
        if not texts[name]:
            raise RecordError(f"{name} must be a string that is not empty, or a number; got {kind_of(value[name])}")
    for name in _NAMES:
        if texts[name] is None and value.get(name) is not None:
            raise RecordError(f"{name} must be a string or a number; got {kind_of(value[name])}")
    prompt = value.get("prompt")
    if not isinstance(prompt, str | None):
        raise RecordError(f"prompt must be a string; got {kind_of(prompt)}")
    if not isinstance(value.get("correct"), bool | None):
        raise RecordError(f"correct must be true, false or null; got {kind_of(value['correct'])}")
    sample, meta = whole(value.get("sample", 0)), value.get("meta")
    if sample is None or not isinstance(meta, dict | None):
        raise RecordError("sample must be a whole number and meta an object")
    trace = Trace(
        trace_id=texts["trace_id"] or "",
        question_id=texts["question_id"] or "",
        response=value["response"],
        messages=_messages(value),
        prompt=prompt,
        benchmark=texts["benchmark"] or "unknown",
        domain=texts["domain"],
        model=texts["model"],
        difficulty=texts["difficulty"],
        gold=texts["gold"],
        correct=value.get("correct"),
        sample=sample,
        teacher_id=texts["teacher_id"],
        meta=meta or {},
    )
    yield Draft(Response.verbatim(trace.response), canonical=trace)


def _messages(value: Mapping[str, Any]) -> tuple[Message, ...]:
    given = value.get("messages")
    if given is None:
        question = value.get("question")
        if question is None and value.get("prompt") is None:
            raise RecordError("there is none of question, messages and prompt")
        if not isinstance(question, str | None):
            raise RecordError(f"question must be a string; got {kind_of(question)}")
        return (Message("user", question),) if question is not None else ()
    turns = given if isinstance(given, list) else [given]
    try:
        return tuple(_message(turn, index) for index, turn in enumerate(turns))
    except LineError as error:
        raise RecordError(str(error)) from error


def _message(turn: Any, index: int) -> Message:
    if isinstance(turn, dict) and turn.keys() == {"role", "content"}:
        role, content = turn["role"], turn["content"]
        if isinstance(role, str) and isinstance(content, str):
            return Message(role, content)
    return message_in(turn, index)


FORMAT = Format(
    name="canonical",
    title="RDPT's own JSON Lines; passes through unchanged",
    looks_for="trace_id, question_id, response, and no field that is not canonical",
    detect=_detect,
    read=_read,
)
