"""What the model of an Inspect log wrote, where a solver changed its message afterwards.

Agents that answer through a tool append the submitted answer to the text of the last message and may take the call
out of the conversation; multiple choice with shuffled options replaces text and question by those of the original
order. The log's model events keep the message as it was generated, under the same id. Where they are missing, an
appended answer is known by its call, which stands in the output and no longer in the conversation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rdpt_core.traces.formats.base import RecordError
from rdpt_core.traces.formats.conversation import content_of, is_conversation, parts_of

_DELIMITER = "\n\n"
"""What agents put before an answer that they append, unless they are told otherwise."""

_ATTACHMENT = "attachment://"
_MAX_DEPTH = 8


class Written(NamedTuple):
    """A message as the model wrote it.

    Attributes:
        message: the message, its text the model's own.
        set_aside: text of the log's message that the model did not write as text.
        submitted: the answer of a tool call that was appended to the text, or None.
        shown: the conversation that the model was shown, where the log's own was changed, too; None if it stands.
    """

    message: Mapping[str, Any]
    set_aside: str = ""
    submitted: str | None = None
    shown: list[Any] | None = None


def as_written(message: Mapping[str, Any], sample: Mapping[str, Any]) -> Written:
    """An output message of a sample as the model wrote it."""
    generated = _generated(message, sample)
    if generated is not None:
        event, output = generated
        logged, own = _text(message), _text(output)
        if logged == own:
            return Written(message)
        extra = logged[len(own) :] if logged.startswith(own) else logged
        submitted = extra.removeprefix(_DELIMITER)
        is_answer = submitted in set(_arguments(output.get("tool_calls")))
        return Written(output, extra, submitted if is_answer else None, _input(event, sample))
    return _without_submitted(message, sample)


def _generated(
    message: Mapping[str, Any], sample: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """The model event that a message came from, and the message in it."""
    identity, events = message.get("id"), sample.get("events")
    if not isinstance(identity, str) or not identity or not isinstance(events, list):
        return None
    for event in reversed(events):
        output = event.get("output") if isinstance(event, dict) and event.get("event") == "model" else None
        choices = output.get("choices") if isinstance(output, dict) else None
        for choice in choices if isinstance(choices, list) else []:
            written = choice.get("message") if isinstance(choice, dict) else None
            if isinstance(written, dict) and written.get("id") == identity:
                return event, with_attachments(written, sample.get("attachments"))
    return None


def _text(message: Mapping[str, Any]) -> str:
    return parts_of(content_of(message)).text()


def _input(event: Mapping[str, Any], sample: Mapping[str, Any]) -> list[Any] | None:
    """The conversation of a model event: in it, or as half-open ranges of the messages that the events share."""
    given, ranges, data = event.get("input"), event.get("input_refs"), sample.get("events_data")
    pool = data.get("messages") if isinstance(data, dict) else None
    if not is_conversation(given) and isinstance(ranges, list) and isinstance(pool, list):
        given = []
        for pair in ranges:
            if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(end, int) for end in pair)):
                return None
            given += pool[max(0, pair[0]) : max(0, pair[1])]
            if len(given) > 10 * len(pool):
                raise RecordError("the ranges of a model event name its messages again and again")
    return with_attachments(given, sample.get("attachments")) if is_conversation(given) else None


def _without_submitted(message: Mapping[str, Any], sample: Mapping[str, Any]) -> Written:
    """A message without the answer that was appended to it, if the conversation has lost the call that gave it."""
    shown = sample.get("messages")
    calls = message.get("tool_calls")
    if not isinstance(shown, list) or not isinstance(calls, list):
        return Written(message)
    kept = {
        call.get("id")
        for turn in shown
        if isinstance(turn, dict) and isinstance(turn.get("tool_calls"), list)
        for call in turn["tool_calls"]
        if isinstance(call, dict) and isinstance(call.get("id"), str)
    }
    taken = [call for call in calls if isinstance(call, dict) and isinstance(call.get("id"), str)]
    content = message.get("content")
    for answer in _arguments([call for call in taken if call["id"] not in kept]):
        if isinstance(content, list):
            last = content[-1] if content else None
            if isinstance(last, dict) and last.get("type") == "text" and last.get("text") == answer:
                return Written({**message, "content": content[:-1]}, answer, answer)
        elif isinstance(content, str) and content == answer:
            return Written({**message, "content": ""}, answer, answer)
        elif isinstance(content, str) and content.endswith(_DELIMITER + answer):
            own = content.removesuffix(_DELIMITER + answer)
            return Written({**message, "content": own}, _DELIMITER + answer, answer)
    return Written(message)


def _arguments(calls: Any) -> Iterator[str]:
    """The arguments of tool calls that are text; empty ones are no answer."""
    for call in calls if isinstance(calls, list) else []:
        arguments = call.get("arguments") if isinstance(call, dict) else None
        for value in arguments.values() if isinstance(arguments, dict) else ():
            if isinstance(value, str) and value:
                yield value


def with_attachments(value: Any, attachments: Any, depth: int = 0) -> Any:
    """A copy with references to texts that a log keeps apart replaced. Deeper than messages are, none is looked for."""
    if not isinstance(attachments, dict) or not attachments:
        return value
    if isinstance(value, str) and value.startswith(_ATTACHMENT):
        return attachments.get(value.removeprefix(_ATTACHMENT), value)
    if depth < _MAX_DEPTH and isinstance(value, list):
        return [with_attachments(item, attachments, depth + 1) for item in value]
    if depth < _MAX_DEPTH and isinstance(value, dict):
        return {key: with_attachments(item, attachments, depth + 1) for key, item in value.items()}
    return value
