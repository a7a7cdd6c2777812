"""Conversations with tool calls through a chat template, in the shape in which it shows them.

Templates disagree about that shape: arguments as an object or as its text, content that is empty or not there, ids of
any length or of nine letters. Which one a template shows is found out with a probe, a short conversation of which the
name and the argument must appear. Where none is shown, a trace is rendered without its calls.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from rdpt_core.records import Message, ToolCall, Trace
from rdpt_core.scoring.models.prompts.chat_template import MAX_CHARS, ChatTemplate, Refused, n_chars

_ID_CHARS = 9


class Shape(NamedTuple):
    """How tool calls are given to a template.

    Attributes:
        content: of a turn of nothing but calls.
        has_short_ids: ids are cut to the nine letters or digits that Mistral's templates insist on.
        has_objects: arguments are objects where they can be.
    """

    content: str | None
    has_short_ids: bool
    has_objects: bool


class Taken(NamedTuple):
    """The shapes that a template shows: of turns with one call, and of turns with several; None if of neither kind."""

    one: Shape | None
    several: Shape | None


class Shown(NamedTuple):
    """What a template makes of a trace.

    Attributes:
        lost: why the trace's tool calls are not in the text; None if they are, or there are none.
    """

    text: str | Refused
    lost: str | None = None


# From the one that most servers give to templates to rarer ones.
_WAYS = tuple(itertools.product((False, True), (True, False)))
_CONTENTS = ("", None)
_NO_CALLS = "the chat template shows no tool calls"
_ONE_CALL = "the chat template shows no more than one tool call a turn"

_FIRST = ToolCall("look_up_zq", '{"place_zq": "Lisbon_zq"}', "call_zq0a1b2c3d4e5")
_SECOND = ToolCall("add_up_zq", '{"items_zq": "Apples_zq"}', "call_zq6f7a8b9c0d1")
_WORDS = {_FIRST: ("look_up_zq", "place_zq", "Lisbon_zq"), _SECOND: ("add_up_zq", "items_zq", "Apples_zq")}


def render_traces(template: ChatTemplate, traces: Sequence[Trace]) -> list[Shown]:
    """The conversation of each trace through a template, with its tool calls if the template shows them.

    Raises:
        ModelError: as `ChatTemplate.render`.
    """
    shapes: list[Shape | None] = []
    lost: list[str | None] = []
    for trace in traces:
        shape, why = _shape_for(template, trace)
        shapes.append(shape)
        lost.append(why)
    given = [conversation_of(trace, shape) for trace, shape in zip(traces, shapes, strict=True)]
    texts = template.render(given)
    # A template that shows calls may still refuse these, such as those without an id.
    again = [
        place
        for place, text in enumerate(texts)
        if isinstance(text, Refused) and shapes[place] is not None and n_chars(given[place]) <= MAX_CHARS
    ]
    if again:
        others = template.render([conversation_of(traces[place]) for place in again])
        for place, text in zip(again, others, strict=True):
            if isinstance(text, str):
                lost[place] = f"the chat template refuses tool calls like these ({_detail(texts[place])})"
                texts[place] = text
    return [Shown(text, why) for text, why in zip(texts, lost, strict=True)]


def conversation_of(trace: Trace, shape: Shape | None = None) -> list[dict[str, Any]]:
    """The messages of a trace as a template takes them; without a shape, without tool calls."""
    return [_given(message, shape) for message in trace.messages]


def taken_by(template: ChatTemplate) -> Taken:
    """The shapes of tool calls that a template shows.

    Raises:
        ModelError: as `ChatTemplate.render`.
    """
    return _taken(
        template.model, template.source, json.dumps([dict(template.special_tokens), dict(template.arguments)])
    )


@functools.lru_cache(maxsize=32)
def _taken(model: str, source: str, variables: str) -> Taken:
    template = ChatTemplate(model, source, *json.loads(variables))
    return Taken(_shown_shape(template, (_FIRST,)), _shown_shape(template, (_FIRST, _SECOND)))


def _shown_shape(template: ChatTemplate, calls: tuple[ToolCall, ...]) -> Shape | None:
    results = (Message("tool", "Yes.", (), call.id, call.name) for call in calls)
    probe = Trace("", "", "", (Message("user", "Well?"), Message("assistant", "", calls), *results))
    shapes = [Shape(content, *way) for way in _WAYS for content in _CONTENTS]
    texts = dict(zip(shapes, template.render([conversation_of(probe, shape) for shape in shapes]), strict=True))
    for way in _WAYS:
        shown = [shape for content in _CONTENTS if _shows(texts[shape := Shape(content, *way)], calls)]
        if shown:
            # Some write an empty turn more for content that is empty, others `None` for content that is not there.
            return min(shown, key=lambda shape: len(str(texts[shape])))
    return None


def _shows(text: str | Refused, calls: Sequence[ToolCall]) -> bool:
    """Whether the calls stand in a prompt, neither quoted twice nor as Python would print them."""
    if isinstance(text, Refused):
        return False
    for call in calls:
        name, key, value = _WORDS[call]
        if not (name in text and key in text and value in text) or f'\\"{key}' in text or f"{{'{key}'" in text:
            return False
    return True


def _shape_for(template: ChatTemplate, trace: Trace) -> tuple[Shape | None, str | None]:
    n = _n_calls(trace)
    if not n:
        return None, None
    taken = taken_by(template)
    if taken.one is None and taken.several is None:
        return None, _NO_CALLS
    shape = taken.one if n == 1 else taken.several
    return shape, _ONE_CALL if shape is None else None


def _n_calls(trace: Trace) -> int:
    """The most tool calls of one turn."""
    return max((len(message.tool_calls) for message in trace.messages), default=0)


def _given(message: Message, shape: Shape | None) -> dict[str, Any]:
    if message.is_plain:
        return {"role": message.role, "content": message.content}
    fields = message.to_json()
    fields.pop("tool_calls", None)
    if shape is None:
        return fields
    if message.tool_calls:
        fields["tool_calls"] = [_given_call(call, shape) for call in message.tool_calls]
        fields["content"] = message.content or shape.content
    if shape.has_short_ids and message.tool_call_id is not None:
        fields["tool_call_id"] = _short(message.tool_call_id)
    return fields


def _given_call(call: ToolCall, shape: Shape) -> dict[str, Any]:
    fields = call.to_json(as_object=shape.has_objects and len(call.arguments) <= MAX_CHARS)
    if shape.has_short_ids and call.id is not None:
        fields["id"] = _short(call.id)
    return fields


def _short(call_id: str) -> str:
    letters = "".join(letter for letter in call_id if letter.isascii() and letter.isalnum())
    return letters[-_ID_CHARS:].rjust(_ID_CHARS, "0")


def _detail(text: str | Refused) -> str:
    return text.detail if isinstance(text, Refused) else ""
