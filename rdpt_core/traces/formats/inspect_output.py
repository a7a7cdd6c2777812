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


class Originals:
    """The messages of a sample as they were generated.

    Args:
        sample: the sample, its attachments not yet put back into its events.
    """

    def __init__(self, sample: Mapping[str, Any]) -> None:
        self._sample = sample
        self._generated = _generated(sample.get("events"))
        self._kept = _calls_in(sample.get("messages"))

    def of(self, message: Mapping[str, Any]) -> Written:
        """An output message as the model wrote it."""
        identity = message.get("id")
        found = self._generated.get(identity) if isinstance(identity, str) else None
        if found is None:
            return self._without_submitted(message)
        event, output = found
        output = with_attachments(output, self._sample.get("attachments"))
        logged, own = _text(message), _text(output)
        if logged == own:
            return Written(message)
        # Agents strip a text to which they append.
        kept = next((text for text in (own, own.strip()) if logged.startswith(text)), "")
        extra = logged[len(kept) :]
        submitted = next((text for text in _arguments(output.get("tool_calls")) if extra.endswith(text)), None)
        return Written(output, extra, submitted, _input(event, self._sample))

    def _without_submitted(self, message: Mapping[str, Any]) -> Written:
        """A message without the answer that was appended to it, if the conversation has lost the call that gave it."""
        calls, content = message.get("tool_calls"), message.get("content")
        if self._kept is None or not isinstance(calls, list):
            return Written(message)
        named = [call for call in calls if isinstance(call, dict) and isinstance(call.get("id"), str)]
        answers = set(_arguments([call for call in named if call["id"] not in self._kept]))
        if isinstance(content, list):
            last = content[-1] if content else None
            text = last.get("text") if isinstance(last, dict) and last.get("type") == "text" else None
            if isinstance(text, str) and text in answers:
                return Written({**message, "content": content[:-1]}, text, text)
        elif isinstance(content, str):
            for answer in sorted(answers, key=len, reverse=True):
                if content == answer or content.endswith(_DELIMITER + answer):
                    own = content.removesuffix(answer).removesuffix(_DELIMITER)
                    return Written({**message, "content": own}, content[len(own) :], answer)
        return Written(message)


def with_output_beyond_limit(sample: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
    """The output of the last model event, and the sample with its message, for a sample that a limit left without any.

    Inspect 0.3 counts the tokens of a response before it hands it on, so the one that crosses the limit is in the
    events and in no message.
    """
    events, messages = sample.get("events"), sample.get("messages")
    outputs = [
        event.get("output")
        for event in (events if isinstance(events, list) else [])
        if isinstance(event, dict) and event.get("event") == "model"
    ]
    last = outputs[-1] if outputs else None
    choices = last.get("choices") if isinstance(last, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(message, dict):
        return None, sample
    return last, {**sample, "messages": [*(messages if isinstance(messages, list) else []), message]}


def _generated(events: Any) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """By message id: the model event that gave it, and the message in that event."""
    found: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
    for event in events if isinstance(events, list) else []:
        output = event.get("output") if isinstance(event, dict) and event.get("event") == "model" else None
        choices = output.get("choices") if isinstance(output, dict) else None
        for choice in choices if isinstance(choices, list) else []:
            message = choice.get("message") if isinstance(choice, dict) else None
            if isinstance(message, dict) and isinstance(message.get("id"), str) and message["id"]:
                found[message["id"]] = event, message
    return found


def _calls_in(messages: Any) -> set[str] | None:
    """The ids of the tool calls in a conversation; None if the log has none."""
    if not isinstance(messages, list):
        return None
    calls: set[str] = set()
    for turn in messages:
        made = turn.get("tool_calls") if isinstance(turn, dict) else None
        calls |= {
            call["id"]
            for call in (made if isinstance(made, list) else [])
            if isinstance(call, dict) and isinstance(call.get("id"), str)
        }
    return calls


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
