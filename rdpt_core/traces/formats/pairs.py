"""Plain pairs of question and response under the names that real files use, and columns that the user maps by hand.

With `--map question=prompt,response=output` the names on the left are ours, those on the right the file's; a dot goes
into nested objects. What is not mapped is looked for under its usual names.

A reasoning column is put in front of the response only if it holds a thought: switches such as `on` stay in `meta`, and
so does a column whose text the response brings already. ms-swift's results repeat the response as the last turn of
`messages` and keep the reference in `labels`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.asked import asked
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError
from rdpt_core.traces.formats.conversation import is_conversation
from rdpt_core.traces.formats.fields import (
    BENCHMARK,
    CORRECT,
    DIFFICULTY,
    DOMAIN,
    FINISH,
    GOLD,
    IDENTITY,
    MODEL,
    QUESTION,
    REASONING,
    RESPONSE,
    SAMPLE,
    TEACHER,
    brings_thinking,
    gold_of,
    is_switch,
    kind_of,
    optional_text,
    pick,
    reference_of,
    rest_of,
    short_text,
    spellings,
    text_of,
    whole,
)
from rdpt_core.traces.formats.reasoning import put_back
from rdpt_core.traces.formats.verdicts import verdict_in

_RESPONSE = (*RESPONSE, "prediction")
NAMES: Mapping[str, tuple[str, ...]] = {
    "question": ("messages", *QUESTION),
    "response": _RESPONSE,
    "reasoning": REASONING,
    "prompt": ("prompt",),
    "system": ("system", "system_prompt"),
    "gold": GOLD,
    "correct": CORRECT,
    "trace_id": ("trace_id",),
    "question_id": IDENTITY,
    "sample": SAMPLE,
    "benchmark": BENCHMARK,
    "domain": DOMAIN,
    "model": MODEL,
    "difficulty": DIFFICULTY,
    "teacher_id": TEACHER,
    "finish_reason": FINISH,
}
"""Our names, which are the left sides of a column map, and where each is looked for without one."""


class _Row:
    """A record's fields under our names, and which of its own were used."""

    def __init__(self, value: Mapping[str, Any], column_map: Mapping[str, str]) -> None:
        self.value = value
        self.used: set[str] = set()
        self.lists_cut: dict[str, int] = {}
        self._map = column_map
        self._mapped = frozenset(column_map.values())
        self._spelled = spellings(value)

    def has(self, path: str) -> bool:
        """Whether there is such a column, if only an empty one."""
        return path in self.value or _nested(self.value, path) is not None

    def get(self, name: str) -> Any:
        """The value of a field of ours; None if there is none."""
        return self.found(name)[1]

    def found(self, name: str) -> tuple[str, Any]:
        """The column that holds a field of ours, and its value."""
        if name in self._map:
            path = self._map[name]
            self.used.add(path.split(".")[0])
            value = self.value.get(path)
            if value is None and "." in path:
                value = _nested(self.value, path)
                self._note_cut_list(path)
            return path, value
        field, value = pick(self.value, self._free(NAMES[name]), self._spelled)
        if value is not None:
            self.used.add(field)
        return field, value

    def thought(self, response: str) -> str | None:
        """The reasoning that belongs in front of the response; a column that was mapped is taken at its word."""
        if "reasoning" in self._map:
            value = self.get("reasoning")
            return value if isinstance(value, str) else None
        names = self._free(REASONING)
        field, value = pick(self.value, names, self._spelled)
        if is_switch(value):
            names = [name for name in names if not is_switch(self.value.get(name))]
            field, value = pick(self.value, names, self._spelled)
        # Looking through the response comes last: most records have no such column.
        if not isinstance(value, str) or is_switch(value) or brings_thinking(response):
            return None
        self.used.add(field)
        return value

    def _free(self, names: tuple[str, ...]) -> list[str]:
        return [name for name in names if name not in self.used and name not in self._mapped]

    def _note_cut_list(self, path: str) -> None:
        """Note the length of a list of which the path takes one element, and the others are lost."""
        parts = path.split(".")
        for depth, part in enumerate(parts[1:], 1):
            inner = _nested(self.value, ".".join(parts[:depth])) if part.isascii() and part.isdigit() else None
            if isinstance(inner, list) and len(inner) > 1:
                self.lists_cut[path] = max(self.lists_cut.get(path, 0), len(inner))


def _nested(value: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def _detect(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    row = _Row(value, {})
    response, question = row.get("response"), row.get("question")
    return isinstance(response, str) and (isinstance(question, str) or is_conversation(question))


def has_mapped_columns(value: Any, column_map: Mapping[str, str]) -> bool:
    """Whether a value has what a column map names: a response, and a question that is no column of questions."""
    if not isinstance(value, dict):
        return False
    row = _Row(value, column_map)
    question = row.get("question") if "question" in column_map else ""
    is_question = isinstance(question, str) or is_conversation(question)
    return is_question and ("response" not in column_map or row.get("response") is not None)


def _read(record: Record, context: Context) -> Iterator[Draft]:
    value = record.value
    if not isinstance(value, dict):
        raise RecordError(f"expected an object or a row; got {kind_of(value)}")
    row = _Row(value, context.column_map)
    context.columns_found.update(path for path in context.column_map.values() if row.has(path))
    given = row.get("response")
    if given is None:
        where = context.column_map.get("response", "response")
        raise RecordError(f"there is no {where}; the record is {kind_of(value)}")
    responses = given if isinstance(given, list) and given else [given]
    messages, prompt = _question(row)
    if len(responses) == 1:
        messages = _without_answer(messages, responses[0])
    thinking = row.thought(responses[0]) if len(responses) == 1 and isinstance(responses[0], str) else None
    draft_of = _facts(row)
    for path, n in row.lists_cut.items():
        n_records, longest = context.lists_cut.get(path, (0, 0))
        context.lists_cut[path] = (n_records + 1, max(longest, n))
    for index, response in enumerate(responses):
        draft = draft_of()
        parts = [("reasoning", thinking)] if thinking is not None else []
        text = text_of(response, "the response")
        draft.response, draft.reasoning = put_back([*parts, ("text", text)], draft.model)
        draft.messages, draft.prompt = messages, prompt
        if len(responses) > 1:
            # The id is that of the row, and one verdict for several responses says nothing of any of them.
            draft.trace_id, draft.sample = None, index
            draft.correct = draft.verdict = None
        yield draft


def _question(row: _Row) -> tuple[tuple[Message, ...], str | None]:
    question, rendered, system = row.get("question"), row.get("prompt"), row.get("system")
    prompt = rendered if isinstance(rendered, str) else None
    if question is None:
        return (), prompt
    extra = row.value.get("input")
    # Alpaca's rule: an instruction's input follows it on a line of its own.
    if isinstance(question, str) and "instruction" in row.used and isinstance(extra, str) and extra:
        row.used.add("input")
        question = f"{question}\n{extra}"
    messages, rendered = asked(question, "the question", system)
    if Message("system", system) not in messages:
        row.used -= {"system", "system_prompt"}
    return messages, rendered if rendered is not None else prompt


def _without_answer(messages: tuple[Message, ...], response: Any) -> tuple[Message, ...]:
    """The conversation before the response, where the source's conversation ends with the response itself.

    Raises:
        RecordError: it ends with another answer, so that one of the two is not what the model wrote.
    """
    last = messages[-1] if messages else None
    if last is None or last.role != "assistant" or last.tool_calls or not isinstance(response, str):
        return messages
    if last.content != response:
        raise RecordError(
            "the conversation ends with an answer that is not the response; expected the conversation before it; got "
            f"{last.content[:100]!r} beside {response[:100]!r}"
        )
    return messages[:-1]


def _facts(row: _Row) -> Callable[[], Draft]:
    """A maker of drafts with everything but the response, the same for each response of the row."""
    gold, verdict = row.get("gold"), row.found("correct")
    if gold is None and "messages" in row.used and (gold := reference_of(row.value.get("labels"))) is not None:
        row.used.add("labels")
    trace_id, identity = row.get("trace_id"), row.get("question_id")
    sample, finish = row.get("sample"), row.get("finish_reason")
    benchmark, domain, model, difficulty = (
        short_text(row.get(name)) for name in ("benchmark", "domain", "model", "difficulty")
    )
    routed, teacher = row.found("teacher_id")
    teacher_id = short_text(teacher)
    if teacher_id is None:
        row.used.discard(routed)
    correct, from_field = verdict_in(*verdict)
    meta = rest_of(row.value, row.used)

    def make() -> Draft:
        return Draft(
            put_back([], None)[0],
            trace_id=optional_text(trace_id) or None,
            source_id=short_text(identity),
            sample=whole(sample),
            gold=gold_of(gold),
            correct=correct,
            verdict=from_field,
            finish_reason=short_text(finish),
            meta=dict(meta),
            benchmark=benchmark,
            domain=domain,
            model=model,
            difficulty=difficulty,
            teacher_id=teacher_id,
        )

    return make


FORMAT = Format(
    name="pairs",
    title="plain question and response columns, or any columns with --map",
    looks_for=f"a question ({', '.join(QUESTION)}) and a response ({', '.join(_RESPONSE)})",
    detect=_detect,
    read=_read,
)
