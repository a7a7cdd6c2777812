"""Published sets of reasoning traces whose columns have names of their own, so that nothing has to be guessed.

In these sets `answer` is here the response and there the reference, and one row may hold the responses of two models.
Each set is known by columns that occur together in no other. Sets whose columns have the usual names are read by
`messages` (OpenThoughts, Mixture-of-Thoughts, Bespoke-Stratos, Light-R1, AM), `candidates` (OpenR1-Math,
NaturalReasoning) and `pairs` (Nemotron's `input` and `output`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.asked import asked, unpacked
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, each
from rdpt_core.traces.formats.conversation import is_conversation, messages_of, turns_of
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    DIFFICULTY,
    DOMAIN,
    IDENTITY,
    MODEL,
    SAMPLE,
    gold_of,
    is_switch,
    kind_of,
    optional_text,
    pick,
    rest_of,
    short_text,
    strings,
    thought_of,
    whole,
)
from rdpt_core.traces.formats.reasoning import put_back
from rdpt_core.traces.formats.verdicts import verdict_in


@dataclass(frozen=True, slots=True)
class _Answer:
    """The columns of one response: its text, its thinking if that is apart, its verdict, and whose it is."""

    text: str
    thought: str | None = None
    grade: str = ""
    model: str | None = None


@dataclass(frozen=True, slots=True)
class _Set:
    """The columns of a data set.

    Attributes:
        needs: the columns by which the set is known.
        asked: the columns of the question, the best first.
        gold: where the reference answer is; a dot goes into an object, also into one that is a JSON text.
        gold_is_long: the reference is a whole solution, which grades nothing: it is taken beside a verdict only.
        must_think: the thinking must be there, because without it `answer` would be the reference.
    """

    name: str
    needs: frozenset[str]
    asked: tuple[str, ...]
    answers: tuple[_Answer, ...]
    gold: str | None = None
    before: str | None = None
    options: str | None = None
    benchmark: tuple[str, ...] = BENCHMARK
    domain: tuple[str, ...] = DOMAIN
    trace_id: str | None = None
    gold_is_long: bool = False
    must_think: bool = False


_SETS = (
    _Set(
        "OpenMathReasoning",
        frozenset({"problem", "generated_solution", "expected_answer"}),
        asked=("problem",),
        answers=(_Answer("generated_solution"),),
        gold="expected_answer",
        domain=(),
    ),
    _Set(
        "GeneralThought",
        frozenset({"question", "model_answer", "model_reasoning", "reference_answer"}),
        asked=("question",),
        answers=(_Answer("model_answer", "model_reasoning", "verifier_score"),),
        gold="reference_answer",
        before="prev_messages",
        benchmark=("question_source",),
        domain=("task",),
    ),
    _Set(
        "DeepMath",
        frozenset({"question", "final_answer", "r1_solution_1"}),
        asked=("question",),
        answers=tuple(_Answer(f"r1_solution_{number}") for number in (1, 2, 3)),
        gold="final_answer",
        domain=("topic",),
    ),
    _Set(
        "SYNTHETIC",
        frozenset({"prompt", "llm_response", "verification_info"}),
        asked=("prompt",),
        answers=(_Answer("llm_response", grade="score"),),
        gold="verification_info.ground_truth",
        domain=("task_type",),
        trace_id="response_id",
    ),
    _Set(
        "s1K-1.1",
        frozenset({"question", "deepseek_attempt", "deepseek_thinking_trajectory"}),
        asked=("question",),
        answers=(
            _Answer("deepseek_attempt", "deepseek_thinking_trajectory", "deepseek_grade", "deepseek"),
            _Answer("gemini_attempt", "gemini_thinking_trajectory", "gemini_grade", "gemini"),
        ),
        gold="solution",
        benchmark=("source_type",),
        domain=("cot_type",),
        gold_is_long=True,
    ),
    _Set(
        "s1K",
        frozenset({"question", "attempt", "thinking_trajectories"}),
        asked=("question",),
        answers=(_Answer("attempt", "thinking_trajectories"),),
        gold="solution",
        benchmark=("source_type",),
        domain=("cot_type",),
        gold_is_long=True,
    ),
    _Set(
        "dolphin-r1",
        frozenset({"messages", "reasoning", "answer"}),
        asked=("messages",),
        answers=(_Answer("answer", "reasoning"),),
        must_think=True,
    ),
    _Set(
        "MathArena outputs",
        frozenset({"problem", "answer", "gold_answer", "idx_answer"}),
        asked=("user_message", "problem"),
        answers=(_Answer("answer", grade="correct"),),
        gold="gold_answer",
    ),
    _Set(
        "MMLU-Pro outputs",
        frozenset({"question", "options", "model_outputs"}),
        asked=("question",),
        answers=(_Answer("model_outputs"),),
        gold="answer",
        options="options",
        benchmark=(),
    ),
)


def _set_of(value: Any) -> _Set | None:
    """The set that a record is of, or None."""
    for known in _SETS if isinstance(value, dict) else ():
        if known.needs <= value.keys() and _question(value, known)[0] and _answers(value, known):
            return known
    return None


def _question(value: Mapping[str, Any], known: _Set) -> tuple[str, Any]:
    for name in known.asked:
        given = unpacked(value.get(name))
        if isinstance(given, str) and given:
            return name, given
        if is_conversation(given) and turns_of(given[-1:])[0][0] != "assistant":
            return name, given
    return "", None


def _answers(value: Mapping[str, Any], known: _Set) -> list[_Answer]:
    """The answers that are there. The text may be a list of several samples."""
    texts = {answer: value.get(answer.text) for answer in known.answers}
    found = [answer for answer, text in texts.items() if isinstance(text, str) or strings(text) is not None]
    if known.must_think:
        found = [answer for answer in found if _thought(value, answer) and not is_switch(_thought(value, answer))]
    return found


def _thought(value: Mapping[str, Any], answer: _Answer) -> Any:
    """What a thinking column holds: a text, also as the only one of a list."""
    given = value.get(answer.thought) if answer.thought is not None else None
    texts = strings(given)
    return texts[0] if texts is not None and len(texts) == 1 else given


def _detect(value: Any) -> bool:
    try:
        return _set_of(value) is not None
    except RecordError:
        return False


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    value, known = record.value, _set_of(record.value)
    if known is None:
        names = ", ".join(each_set.name for each_set in _SETS)
        raise RecordError(f"expected a row of {names}; got {kind_of(value)}")
    common, used = _common(value, known)
    answers: list[tuple[_Answer, str]] = []
    for answer in _answers(value, known):
        texts = strings(value[answer.text]) or [value[answer.text]]
        # One grade for several texts says nothing of any of them.
        answers += [(answer if len(texts) == 1 else replace(answer, grade=""), text) for text in texts]
    numbered = len(answers) > 1 and len({answer.model for answer, _ in answers}) == 1
    for number, item in enumerate(each(answers, record.line, lambda item: _draft(value, known, common, used, *item))):
        if isinstance(item, Draft) and numbered:
            item.sample = number
        yield item


def _common(value: Mapping[str, Any], known: _Set) -> tuple[Draft, set[str]]:
    """What a row says of all of its responses, and the columns that are used so far."""
    name, given = _question(value, known)
    messages, prompt = asked(given, name, value.get("system"))
    identity, source_id = pick(value, IDENTITY)
    used = {name, identity, known.gold or "", *(answer.text for answer in known.answers)}
    if any(message.role == "system" and message.content == value.get("system") for message in messages):
        used.add("system")
    options = strings(value.get(known.options)) if known.options is not None else None
    if options is not None and prompt is None:
        lettered = "\n".join(f"{letter}. {option}" for letter, option in zip(ascii_uppercase, options, strict=False))
        messages = (*messages[:-1], replace(messages[-1], content=f"{messages[-1].content}\n{lettered}"))
    before = value.get(known.before) if known.before is not None else None
    if is_conversation(before):
        messages = (*messages_of(turns_of(before)), *messages)
        used.add(known.before or "")
    draft = Draft(
        Response.verbatim(""),
        messages=messages,
        prompt=prompt,
        source_id=short_text(source_id),
        id_is_global="uuid" in identity,
        sample=whole(pick(value, SAMPLE)[1]),
        benchmark=short_text(pick(value, known.benchmark)[1]),
        domain=short_text(pick(value, known.domain)[1]),
        difficulty=short_text(pick(value, DIFFICULTY)[1]),
        model=short_text(pick(value, MODEL)[1]),
        gold=gold_of(_at(value, known.gold)) if known.gold is not None else None,
        candidates=tuple(options or ()),
    )
    return draft, used


def _draft(
    value: Mapping[str, Any], known: _Set, common: Draft, used: set[str], answer: _Answer, text: str
) -> Iterator[Draft]:
    model = common.model or answer.model
    if text.strip().lower() == "n/a" == (model or "").lower():
        raise RecordError(f"{answer.text} is {text!r}, and so is the model: a question without a response")
    thought = thought_of(_thought(value, answer), text)
    parts = [("reasoning", thought)] if thought is not None else []
    response, reasoning = put_back([*parts, ("text", text)], model)
    # The thinking of the row's other responses is theirs; this one's stays in `meta` if the response brings it already.
    thoughts = {other.thought or "" for other in known.answers if other is not answer or thought is not None}
    correct, verdict = verdict_in(answer.grade, value.get(answer.grade) if answer.grade else None)
    yield replace(
        common,
        response=response,
        reasoning=reasoning,
        model=model,
        gold=None if known.gold_is_long and correct is None else common.gold,
        correct=correct,
        verdict=verdict,
        trace_id=(optional_text(value.get(known.trace_id)) or None) if known.trace_id is not None else None,
        meta=rest_of(value, used | thoughts),
    )


def _at(value: Mapping[str, Any], path: str) -> Any:
    """The value at a path with dots, through objects that are JSON texts as well; None if there is none."""
    found: Any = value
    for part in path.split("."):
        if isinstance(found, str):
            try:
                found = json.loads(found)
            except (ValueError, RecursionError):
                return None
        found = found.get(part) if isinstance(found, dict) else None
    return found


FORMAT = Format(
    name="datasets",
    title="published reasoning data sets under their own column names",
    looks_for=f"the columns of {', '.join(known.name for known in _SETS)}",
    detect=_detect,
    read=_read,
)
