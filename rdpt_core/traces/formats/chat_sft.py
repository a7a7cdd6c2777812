"""Conversations for training: `messages` (OpenAI, TRL), `conversations` (ShareGPT), and preference pairs.

The last turn is the response and must be the model's; what comes before it is the conversation. Of a preference pair
the chosen answer becomes the trace; the rejected one stays in `meta`. Conversations may be JSON texts, as in CSV files.

Turns of the AM sets carry an `info` of their own, with the reference answer and the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.asked import is_python_notation, refuse_python_notation, unpacked
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError
from rdpt_core.traces.formats.conversation import content_of, is_conversation, messages_of, parts_of, turns_of
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    CORRECT,
    DIFFICULTY,
    DOMAIN,
    FINISH,
    GOLD,
    IDENTITY,
    MODEL,
    TEACHER,
    gold_of,
    kind_of,
    messages_for,
    pick,
    rest_of,
    short_text,
)
from rdpt_core.traces.formats.turn import build
from rdpt_core.traces.formats.verdicts import verdict_in

_LISTS = ("messages", "conversations", "conversation")
_USED = frozenset({*_LISTS, "system", "prompt", "completion", "chosen", "rejected"})

Turns = list[tuple[str, Mapping[str, Any]]]


def _turns(value: Mapping[str, Any]) -> Turns | None:
    """The whole conversation of a record with its answer, or None if it has no conversation."""
    for answer in ("chosen", "completion"):
        for asked in ("prompt", *_LISTS):
            if is_conversation(value.get(asked)) and value.get(answer) is not None:
                return turns_of(value[asked]) + _answer(value[answer])
        if isinstance(value.get("prompt"), str) and is_conversation(value.get(answer)):
            turns = turns_of(value[answer])
            # Some preference sets repeat the prompt in the chosen conversation.
            return turns if turns[0][0] != "assistant" else [("user", {"content": value["prompt"]}), *turns]
        if is_conversation(value.get(answer)) and len(value[answer]) > 1:
            return turns_of(value[answer])
    for name in _LISTS:
        if is_conversation(value.get(name)):
            return turns_of(value[name])
    return None


def _answer(given: Any) -> Turns:
    if isinstance(given, str):
        return [("assistant", {"content": given})]
    return turns_of(given if isinstance(given, list) else [given])


def _opened(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record with its conversations as lists, where they are JSON texts.

    A completion may be such a text because the model wrote it; it is a turn only beside a prompt that is a list.
    """
    names = [*_LISTS, "prompt", "chosen", "rejected"]
    if is_conversation(unpacked(value.get("prompt"))):
        names.append("completion")
    return {**value, **{name: unpacked(value[name]) for name in names if isinstance(value.get(name), str)}}


def _detect(value: Any) -> bool:
    if not isinstance(value, dict) or isinstance(value.get("response"), str):
        return False
    if any(is_python_notation(value.get(name)) for name in _LISTS):
        return True
    try:
        return _turns(_opened(value)) is not None
    except RecordError:
        return True


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    if isinstance(value, dict):
        for name in _LISTS:
            refuse_python_notation(value.get(name), name)
        value = _opened(value)
    turns = _turns(value) if isinstance(value, dict) else None
    if turns is None:
        raise RecordError(f"expected messages or conversations; got {kind_of(value)}")
    role, last = turns[-1]
    if role != "assistant":
        raise RecordError(f"the conversation ends with a turn of {role}, not with the model's answer")
    if len(turns) == 1:
        raise RecordError("the conversation holds an answer but no question")
    draft = build(last, short_text(pick(value, MODEL)[1]))
    system = value.get("system")
    before = messages_for("", system)[:1] if isinstance(system, str) and system and turns[0][0] != "system" else ()
    draft.messages = before + messages_of(turns[:-1])
    identity, source_id = pick(value, IDENTITY)
    gold, verdict = pick(value, GOLD), pick(value, CORRECT)
    draft.source_id, draft.id_is_global = short_text(source_id), "uuid" in identity
    draft.benchmark = short_text(pick(value, BENCHMARK)[1])
    draft.domain = short_text(pick(value, DOMAIN)[1])
    draft.difficulty = short_text(pick(value, DIFFICULTY)[1])
    routed, teacher = pick(value, TEACHER)
    draft.teacher_id = short_text(teacher)
    draft.finish_reason = short_text(pick(value, FINISH)[1])
    draft.gold = gold_of(gold[1])
    draft.correct, draft.verdict = verdict_in(*verdict)
    draft.meta.update(rest_of(value, {*_USED, identity, gold[0], *([routed] if draft.teacher_id is not None else [])}))
    _add_info(draft, turns)
    if value.get("rejected"):
        draft.meta["rejected"] = [parts_of(content_of(turn)).text() for _, turn in _answer(value["rejected"])][-1]
    yield draft


def _add_info(draft: Draft, turns: Turns) -> None:
    """Take over what the last question and its answer say of themselves; thinking and answer only repeat the text."""
    infos = [turn["info"] for _, turn in turns[-2:] if isinstance(turn.get("info"), dict)]
    for info in infos:
        reference, source = info.get("reference_answer"), pick(info, BENCHMARK)
        if draft.gold is None and reference is not None:
            draft.gold = gold_of(reference)
        draft.benchmark = draft.benchmark or short_text(source[1])
        rest = rest_of(info, {"reference_answer", "think_content", "answer_content", source[0]})
        if rest:
            draft.meta["info"] = draft.meta.get("info", {}) | rest


FORMAT = Format(
    name="messages",
    title="chat training files: messages, ShareGPT conversations, preference pairs",
    looks_for="messages or conversations, a list of turns with role and content or from and value",
    detect=_detect,
    read=_read,
)
