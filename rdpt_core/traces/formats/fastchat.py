"""Answers of FastChat's judges (MT-bench, Arena-Hard, LiveBench): a question's id, and turns of answers.

The questions lie in a file of their own. If it is among the sources, the last turn is the response and those before
it, with their questions, are the conversation; otherwise the traces have no question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, each_part
from rdpt_core.traces.formats.fields import MODEL, kind_of, optional_text, pick, rest_of, short_text, strings, whole
from rdpt_core.traces.formats.requests import NOTHING

_USED = frozenset({"choices", "question_id", "model_id", "answer_id", "tstamp"})
_KEY = "question_id "
"""Before the ids of questions, so that they meet no `custom_id` of a batch."""


def _turns(value: Any) -> list[str] | None:
    """Turns as texts: some copies keep each in an object."""
    if not isinstance(value, list):
        return None
    return strings([turn.get("content") if isinstance(turn, dict) else turn for turn in value])


def _detect(value: Any) -> bool:
    choices = value.get("choices") if isinstance(value, dict) and "question_id" in value else None
    return isinstance(choices, list) and bool(choices) and isinstance(choices[0], dict) and "turns" in choices[0]


def question_of(value: Any) -> tuple[str, tuple[Message, ...]] | None:
    """(key, the user's turns) of a line of a file of questions, or None if it is none."""
    if not isinstance(value, dict) or "question_id" not in value or "choices" in value:
        return None
    turns = _turns(value.get("turns"))
    name = optional_text(value["question_id"])
    return (_KEY + name, tuple(Message("user", text) for text in turns)) if turns and name else None


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected question_id and choices with turns; got {kind_of(value)}")
    asked, _ = context.requests.get(_KEY + (optional_text(value["question_id"]) or ""), NOTHING)
    choices = value["choices"]

    def draft_of(numbered: tuple[int, Any]) -> Iterator[Draft]:
        number, choice = numbered
        yield _choice(number, choice, value, asked, len(choices))

    yield from each_part(list(enumerate(choices)), record.line, draft_of)


def _choice(number: int, choice: Any, value: Mapping[str, Any], asked: tuple[Message, ...], n: int) -> Draft:
    turns = _turns(choice.get("turns")) if isinstance(choice, dict) else None
    if turns is None:
        raise RecordError(f"choice {number} has no turns of text; got {kind_of(choice)}")
    draft = Draft(Response.verbatim(turns[-1]), model=short_text(pick(value, MODEL)[1]))
    draft.meta = {**rest_of(value, _USED), "turns": len(turns)}
    if len(asked) == len(turns):
        pairs = zip(asked[:-1], turns, strict=False)
        before = [message for question, answer in pairs for message in (question, Message("assistant", answer))]
        draft.messages = (*before, asked[-1])
    else:
        draft.meta.update(rest_of({"earlier_turns": turns[:-1] or None}, ()))
        if asked:
            draft.meta["questions"] = f"not used: {len(asked)} for {len(turns)} turns"
    index = whole(choice.get("index"))
    draft.source_id = short_text(value["question_id"])
    draft.sample = (number if index is None else index) if n > 1 else None
    return draft


FORMAT = Format(
    name="fastchat",
    title="FastChat answers (MT-bench, Arena-Hard); give the file of questions too",
    looks_for="question_id, and choices with turns",
    detect=_detect,
    read=_read,
)
