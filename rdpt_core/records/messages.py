"""The turns of a conversation before a response: who spoke, what was said, and which tools were called."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rdpt_core.records.nesting import is_deep


def arguments_text(arguments: object) -> str:
    """The arguments of a tool call as text: a text as it is, an object as its JSON, none as an empty object."""
    if isinstance(arguments, str):
        return arguments
    return json.dumps({} if arguments is None else arguments, ensure_ascii=False)


_MAX_DEPTH = 50
"""Arguments that are nested more deeply stay text."""


class ToolCall(NamedTuple):
    """A function that the model asked for in an earlier turn.

    Attributes:
        arguments: as text, which is JSON unless the model wrote something else.
        id: what the turn with the result names it by; None if the source gives none.
    """

    name: str
    arguments: str
    id: str | None = None

    def to_json(self, *, as_object: bool = False) -> dict[str, Any]:
        """In the shape of OpenAI's API.

        Args:
            as_object: give the arguments as the object that they are, where they are one.
        """
        parsed = self.arguments_object() if as_object else None
        function = {"name": self.name, "arguments": self.arguments if parsed is None else parsed}
        called = {"type": "function", "function": function}
        return called if self.id is None else {"id": self.id, **called}

    def arguments_object(self) -> dict[str, Any] | None:
        """The object that the arguments are; None if they are none, or one that could not be written again.

        That is so for a name that occurs twice, for NaN and infinity, and for halves of surrogate pairs.
        """
        try:
            value = json.loads(self.arguments, object_pairs_hook=_without_repeats)
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) and not is_deep(value, _MAX_DEPTH) else None


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation before the response.

    Attributes:
        content: its text; empty for a turn of nothing but tool calls.
        tool_calls: of a turn of the assistant.
        tool_call_id: of a tool's turn: the call that it answers.
        name: of a tool's turn, the tool; of another one, the speaker.
        left_out: of a turn just imported, a word for each part that is neither text nor a tool call. They are counted
            in `meta` and belong to no trace.
    """

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    left_out: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_plain(self) -> bool:
        """Whether the turn is a role and a text, and nothing else."""
        return not self.tool_calls and self.tool_call_id is None and self.name is None

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that is written in the turn."""
        if self.is_plain:
            return self.role, self.content
        parts = (self.tool_call_id, self.name, *(part for call in self.tool_calls for part in call))
        return self.role, self.content, *(part for part in parts if part is not None)

    @property
    def text(self) -> str:
        """The turn for a reader: its content, then a line for each tool call."""
        if not self.tool_calls:
            return self.content
        lines = [f"tool call: {call.name} {call.arguments}" for call in self.tool_calls]
        return "\n".join([self.content, *lines] if self.content else lines)

    @property
    def speaker(self) -> str:
        """The role for a reader, with the name if it has one."""
        return self.role if self.name is None else f"{self.role} {self.name}"

    @property
    def content_key(self) -> list[Any]:
        """What hashes are made of. Of a plain turn they know its role and its content only."""
        return [self.role, self.content] if self.is_plain else [self.role, self.content, self.to_json()]

    @classmethod
    def from_json(cls, fields: Any) -> Message:
        """What `to_json` gave.

        Raises:
            ValueError: it gave something else.
        """
        if not isinstance(fields, dict):
            raise ValueError("a message is an object")
        if fields.keys() == {"role", "content"} and all(isinstance(text, str) for text in fields.values()):
            return cls(**fields)
        try:
            calls = [
                ToolCall(call["function"]["name"], call["function"]["arguments"], call.get("id"))
                for call in fields.get("tool_calls", ())
            ]
            message = cls(
                fields["role"], fields["content"], tuple(calls), fields.get("tool_call_id"), fields.get("name")
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("the object is no message") from error
        if not all(isinstance(text, str) for text in message.texts) or message.to_json() != fields:
            raise ValueError("the object is no message")
        return message

    def to_json(self, *, objects: bool = False) -> dict[str, Any]:
        """The turn as in a canonical line, where what is absent is left out.

        Args:
            objects: give arguments of tool calls as objects, where they are some.
        """
        fields: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            fields["tool_calls"] = [call.to_json(as_object=objects) for call in self.tool_calls]
        if self.tool_call_id is not None:
            fields["tool_call_id"] = self.tool_call_id
        if self.name is not None:
            fields["name"] = self.name
        return fields


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a name occurs twice")
    return fields
