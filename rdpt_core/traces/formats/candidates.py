"""Several responses a question: a list of texts and parallel lists about them (open-r1), or a list of objects.

An object is one response with what is said of it: its model, its verdict, why it ended, its reasoning if that is apart.
It may be a turn of the assistant, or a list with one, as trainers log completions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.asked import asked
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, each
from rdpt_core.traces.formats.conversation import is_conversation
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    CANDIDATES,
    CORRECT,
    CORRECT_LISTS,
    DIFFICULTY,
    DOMAIN,
    FINISH,
    GOLD,
    IDENTITY,
    MODEL,
    QUESTION,
    REASONING,
    TEACHER,
    gold_of,
    kind_of,
    pick,
    rest_of,
    short_text,
    strings,
    text_of,
    thought_of,
)
from rdpt_core.traces.formats.reasoning import put_back
from rdpt_core.traces.formats.turn import build
from rdpt_core.traces.formats.verdicts import verdict_in

# Objects with a text under these names are as often passages that a search found.
_PASSAGES = frozenset({"candidates", "samples"})
# One turn under a name in the singular is the answer of a conversation, which `messages` reads.
_TURNS = frozenset({"generations", "responses", "completions", "outputs"})
_TEXT = ("response", "text", "generated_text", "generation", "output", "completion", "content")


def _found(value: Mapping[str, Any]) -> tuple[str, str]:
    """The question's field and the candidates' field, or two empty strings."""
    for name in CANDIDATES:
        given = value.get(name)
        is_found = (
            strings(given) is not None
            or (name not in _PASSAGES and _are_objects(given))
            or (name in _TURNS and _are_turns(given))
        )
        if is_found:
            question, given = pick(value, [question for question in QUESTION if question != name])
            if isinstance(given, str) or is_conversation(given):
                return question, name
    return "", ""


def _are_objects(value: Any) -> bool:
    """Whether a value is a list of responses that are objects, and no conversation."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) for item in value)
        and "role" not in value[0]
        and "from" not in value[0]
        and isinstance(pick(value[0], _TEXT)[1], str)
    )


def _turn_of(item: Any) -> Mapping[str, Any] | None:
    """The assistant's turn that an item is, or that is all that it holds; None if it is none."""
    turn = item[0] if isinstance(item, list) and len(item) == 1 else item
    return turn if isinstance(turn, dict) and turn.get("role") == "assistant" and "content" in turn else None


def _are_turns(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_turn_of(item) is not None for item in value)


def _detect(value: Any) -> bool:
    return isinstance(value, dict) and all(_found(value))


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    value = record.value
    question, name = _found(value) if isinstance(value, dict) else ("", "")
    if not name:
        raise RecordError(f"expected a question and a list of responses; got {kind_of(value)}")
    if _are_objects(value[name]):
        # Several models answer in one record: then the place in the list says nothing of the sample.
        is_one_model = len({short_text(pick(item, MODEL)[1]) for item in value[name]}) == 1
        whole = _draft(value, question, name)
        for number, drafts in enumerate(each(value[name], record.line, lambda item: _of_object(whole, name, item))):
            if isinstance(drafts, Draft) and is_one_model:
                drafts.sample = number
            yield drafts
        return
    texts: list[Any] = value[name]
    lists = [key for key in value if _is_parallel(value[key], len(texts)) and key not in (name, question, *GOLD)]
    whole = _draft(value, question, name, lists)
    measures = frozenset(key for key in lists if _is_measure(value[key]))
    yield from each(range(len(texts)), record.line, lambda index: _of_text(value, name, whole, lists, measures, index))


def _of_text(
    value: Mapping[str, Any], name: str, whole: Draft, lists: list[str], measures: frozenset[str], index: int
) -> Iterator[Draft]:
    given, own = value[name][index], {key: value[key][index] for key in lists}
    draft = replace(whole, sample=index, meta=dict(whole.meta), model=short_text(pick(own, MODEL)[1]) or whole.model)
    turn = _turn_of(given)
    if turn is not None:
        built = build(turn, draft.model)
        draft.response, draft.reasoning = built.response, built.reasoning
        own |= built.meta
    else:
        key, thought = next(
            ((key, text) for key in REASONING if (text := thought_of(own.get(key), given)) is not None), ("", None)
        )
        parts = [("reasoning", thought)] if thought is not None else []
        draft.response, draft.reasoning = put_back([*parts, ("text", given)], draft.model)
        own.pop(key, None)
    draft.correct, draft.verdict = _verdict(own, measures)
    draft.truncated = own.get("is_reasoning_complete") is False
    draft.finish_reason = short_text(pick(own, ("finish_reasons", *FINISH))[1])
    routed = _route(draft, own)
    _keep(draft.meta, {key: kept for key, kept in own.items() if key != routed})
    yield draft


def _route(draft: Draft, own: Mapping[str, Any]) -> str | None:
    """Take over the teacher that this one response was routed to; returns the field that names it, if one does."""
    field, teacher = pick(own, TEACHER)
    teacher_id = short_text(teacher)
    if teacher_id is None:
        return None
    draft.teacher_id = teacher_id
    return field


def _keep(meta: dict[str, Any], fields: Mapping[str, Any]) -> None:
    """Add fields to `meta`, and to what it left out because it was too long."""
    kept = rest_of(fields, ())
    left_out = [*meta.get("left_out", ()), *kept.pop("left_out", ())]
    meta.update(kept)
    if left_out:
        meta["left_out"] = left_out


def _draft(value: Mapping[str, Any], question: str, name: str, used: Iterable[str] = ()) -> Draft:
    """What a record says of all of its responses."""
    (identity, source_id), (gold, reference) = (
        pick(value, [key for key in names if key not in (question, name)]) for names in (IDENTITY, GOLD)
    )
    system = value.get("system")
    messages, prompt = asked(value[question], question, system)
    teacher_id = short_text(pick(value, TEACHER)[1])
    routed = TEACHER if teacher_id is not None else ()
    return Draft(
        Response.verbatim(""),
        messages=messages,
        prompt=prompt,
        source_id=short_text(source_id),
        id_is_global="uuid" in identity,
        benchmark=short_text(pick(value, BENCHMARK)[1]),
        domain=short_text(pick(value, DOMAIN)[1]),
        difficulty=short_text(pick(value, DIFFICULTY)[1]),
        model=short_text(pick(value, MODEL)[1]),
        teacher_id=teacher_id,
        gold=gold_of(reference),
        meta=rest_of(value, {*used, name, question, identity, gold, *routed, *_system(messages, system)}),
    )


def _system(messages: tuple[Message, ...], system: Any) -> tuple[str, ...]:
    return ("system",) if Message("system", system) in messages else ()


def _of_object(whole: Draft, name: str, item: Mapping[str, Any]) -> Iterator[Draft]:
    field, text = pick(item, _TEXT)
    text = text_of(text, f"a response of {name}")
    reasoning, thought = next(
        ((key, thought) for key in REASONING if (thought := thought_of(item.get(key), text)) is not None), ("", None)
    )
    draft = replace(whole, meta=dict(whole.meta))
    model, verdict = pick(item, MODEL), pick(item, CORRECT)
    draft.model = short_text(model[1]) or whole.model
    parts = [("reasoning", thought)] if thought is not None else []
    draft.response, draft.reasoning = put_back([*parts, ("text", text)], draft.model)
    draft.correct, draft.verdict = verdict_in(f"{name}.{verdict[0]}", verdict[1])
    draft.finish_reason = short_text(pick(item, FINISH)[1])
    used = (field, reasoning, model[0], _route(draft, item))
    _keep(draft.meta, {key: kept for key, kept in item.items() if key not in used})
    yield draft


def _is_parallel(value: Any, n: int) -> bool:
    return isinstance(value, list) and len(value) == n and not is_conversation(value)


def _verdict(own: Mapping[str, Any], measures: frozenset[str]) -> tuple[bool | None, str | None]:
    """The first list of verdicts that says something of this candidate: checkers leave gaps that others fill.

    Part marks are the checker's word, unless they are numbers of any size: those are measures such as rewards.
    """
    withheld = None
    for name in CORRECT_LISTS:
        if name not in own or name in measures:
            continue
        correct, field = verdict_in(name, own[name])
        if correct is not None:
            return correct, field
        withheld = withheld or field
    return None, withheld


def _is_measure(values: list[Any]) -> bool:
    return any(isinstance(value, int | float) and (value < 0 or value > 1) for value in values)


FORMAT = Format(
    name="candidates",
    title="several responses a question: texts (open-r1) or objects (NaturalReasoning)",
    looks_for="a question (question, problem, prompt …) and a list of texts, or of objects with one (generations, "
    "responses, completions …)",
    detect=_detect,
    read=_read,
)
