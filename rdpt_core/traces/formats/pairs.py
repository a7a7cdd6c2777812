"""Plain pairs of question and response under the names that real files use, and columns that the user maps by hand.

With `--map question=prompt,response=output` the names on the left are ours, those on the right the file's; a dot goes
into nested objects. What is not mapped is looked for under its usual names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError
from rdpt_core.traces.formats.conversation import is_conversation, is_rendered, messages_of, turns_in, turns_of
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
    gold_of,
    kind_of,
    messages_for,
    optional_text,
    pick,
    rest_of,
    short_text,
    text_of,
    verdict_of,
    whole,
)
from rdpt_core.traces.formats.reasoning import put_back

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

    def has(self, path: str) -> bool:
        """Whether there is such a column, if only an empty one."""
        return path in self.value or _nested(self.value, path) is not None

    def get(self, name: str) -> Any:
        if name in self._map:
            path = self._map[name]
            self.used.add(path.split(".")[0])
            value = self.value.get(path)
            if value is None and "." in path:
                value = _nested(self.value, path)
                self._note_cut_list(path)
            return value
        mapped = set(self._map.values())
        field, value = pick(self.value, [n for n in NAMES[name] if n not in self.used and n not in mapped])
        if value is not None:
            self.used.add(field)
        return value

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
    thinking = row.get("reasoning") if len(responses) == 1 else None
    draft_of = _facts(row)
    for path, n in row.lists_cut.items():
        n_records, longest = context.lists_cut.get(path, (0, 0))
        context.lists_cut[path] = (n_records + 1, max(longest, n))
    for index, response in enumerate(responses):
        draft = draft_of()
        parts = [("reasoning", thinking)] if isinstance(thinking, str) else []
        text = text_of(response, "the response")
        draft.response, draft.reasoning = put_back([*parts, ("text", text)], draft.model)
        draft.messages, draft.prompt = messages, prompt
        if len(responses) > 1:
            # The id is that of the row.
            draft.trace_id, draft.sample = None, index
        yield draft


def _question(row: _Row) -> tuple[tuple[Message, ...], str | None]:
    question, rendered, system = row.get("question"), row.get("prompt"), row.get("system")
    prompt = rendered if isinstance(rendered, str) else None
    if question is None:
        return (), prompt
    if is_conversation(question):
        return messages_of(turns_of(question)), prompt
    text = text_of(question, "the question")
    if is_rendered(text):
        return turns_in(text), text
    extra = row.value.get("input")
    # Alpaca's rule: an instruction's input follows it on a line of its own.
    if "instruction" in row.used and isinstance(extra, str) and extra:
        row.used.add("input")
        text = f"{text}\n{extra}"
    return messages_for(text, system if isinstance(system, str) else None), prompt


def _facts(row: _Row) -> Callable[[], Draft]:
    """A maker of drafts with everything but the response, the same for each response of the row."""
    gold, verdict = row.get("gold"), row.get("correct")
    trace_id, identity = row.get("trace_id"), row.get("question_id")
    sample, finish = row.get("sample"), row.get("finish_reason")
    benchmark, domain, model, difficulty = (
        short_text(row.get(name)) for name in ("benchmark", "domain", "model", "difficulty")
    )
    correct = verdict_of(verdict)
    meta = rest_of(row.value, row.used)

    def make() -> Draft:
        return Draft(
            put_back([], None)[0],
            trace_id=optional_text(trace_id) or None,
            source_id=short_text(identity),
            sample=whole(sample),
            gold=gold_of(gold),
            correct=correct,
            verdict="correct" if correct is not None else None,
            finish_reason=short_text(finish),
            meta=dict(meta),
            benchmark=benchmark,
            domain=domain,
            model=model,
            difficulty=difficulty,
        )

    return make


FORMAT = Format(
    name="pairs",
    title="plain question and response columns, or any columns with --map",
    looks_for=f"a question ({', '.join(QUESTION)}) and a response ({', '.join(_RESPONSE)})",
    detect=_detect,
    read=_read,
)
