"""Chunks of chat and text completions. All of one stream have its id; one chunk may speak of several choices.

The chunk that says why a choice ended is its last with tokens. The one with the usage comes behind it, or never.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings
from rdpt_core.scoring.backends.recorded.streams.joining import Joined, extend, names_in
from rdpt_core.traces.formats.fields import whole

_TEXTS = ("content", "reasoning_content", "reasoning")


class Chunks:
    """Streams of OpenAI's completions, and of the servers that speak like them."""

    def name_of(self, value: Mapping[str, Any]) -> Hashable | None:
        if not isinstance(value.get("choices"), list):
            return None
        is_text = value.get("object") == "text_completion" and isinstance(value.get("id"), str)
        return ("chunks", *names_in(value)) if _is_chat(value) or is_text else None

    def begins(self, value: Mapping[str, Any]) -> bool:
        """A chunk of text looks like a whole reply, except that nothing has ended."""
        choices = mappings(value["choices"])
        if _is_chat(value):
            return bool(choices)
        return any("finish_reason" in choice and choice["finish_reason"] is None for choice in choices)

    def new(self) -> Joined:
        return _Completion()


def _is_chat(value: Mapping[str, Any]) -> bool:
    if value.get("object") == "chat.completion.chunk":
        return True
    return any(isinstance(choice.get("delta"), Mapping) for choice in mappings(value.get("choices")))


@dataclass(slots=True)
class _Choice:
    lists: dict[str, list[Any]] = field(default_factory=dict)
    token_ids: list[Any] = field(default_factory=list)
    finish_reason: Any = None


@dataclass(slots=True)
class _Completion:
    held: dict[str, Any] = field(default_factory=dict)
    choices: dict[int, _Choice] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return bool(self.choices) and all(choice.finish_reason is not None for choice in self.choices.values())

    @property
    def waits(self) -> bool:
        return not isinstance(self.held.get("usage"), Mapping)

    def takes(self, part: Mapping[str, Any]) -> bool:
        return not any(
            held.finish_reason is not None and _says(choice)
            for choice in mappings(part.get("choices"))
            if (held := self.choices.get(_index(choice))) is not None
        )

    def add(self, part: Mapping[str, Any]) -> None:
        self.held.update({name: value for name, value in part.items() if value is not None})
        for choice in mappings(part.get("choices")):
            held = self.choices.setdefault(_index(choice), _Choice())
            held.finish_reason = choice.get("finish_reason") or held.finish_reason
            extend(held.token_ids, choice.get("token_ids"))
            _add(held.lists, _lists(choice))

    def whole(self) -> Mapping[str, Any]:
        choices = [
            {
                "index": index,
                "finish_reason": held.finish_reason,
                "logprobs": held.lists,
                **({"token_ids": held.token_ids} if held.token_ids else {}),
            }
            for index, held in sorted(self.choices.items())
        ]
        return {**self.held, "choices": choices}


def _index(choice: Mapping[str, Any]) -> int:
    return whole(choice.get("index")) or 0


def _says(choice: Mapping[str, Any]) -> bool:
    """Whether a chunk has anything for a choice beside its end."""
    delta = choice.get("delta")
    texts = [delta.get(name) for name in _TEXTS] if isinstance(delta, Mapping) else [choice.get("text")]
    return any(isinstance(text, str) and text for text in texts) or choice.get("logprobs") is not None


def _lists(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    """The logprobs of a chunk, also of one that has a single number for the token of its delta."""
    given = choice.get("logprobs")
    if isinstance(given, Mapping):
        return given
    delta = choice.get("delta")
    if not isinstance(given, int | float) or isinstance(given, bool) or not isinstance(delta, Mapping):
        return {}
    text = next((delta[name] for name in _TEXTS if isinstance(delta.get(name), str)), "")
    return {"tokens": [text], "token_logprobs": [given], "token_ids": [delta.get("token_id")]}


def _add(held: dict[str, list[Any]], given: Mapping[str, Any]) -> None:
    """Append a chunk's lists. Those that run beside `tokens` stay as long as these, also where a chunk lacks one."""
    tokens = given.get("tokens")
    if not isinstance(tokens, list):
        for name, values in given.items():
            extend(held.setdefault(name, []) if isinstance(values, list) else [], values)
        return
    n_before = len(held.get("tokens", ()))
    for name in held.keys() | {name for name, values in given.items() if isinstance(values, list)}:
        values = given.get(name)
        if not isinstance(values, list) or len(values) != len(tokens):
            values = [None] * len(tokens)
        held.setdefault(name, [None] * n_before).extend(values)
