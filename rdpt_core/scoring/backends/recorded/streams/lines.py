"""Streams whose parts look like the whole replies of their programs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.gemini import field_of
from rdpt_core.scoring.backends.recorded.forms.values import mappings
from rdpt_core.scoring.backends.recorded.streams.joining import Joined, extend, names_in
from rdpt_core.traces.formats.fields import whole

_LLAMA_CPP = frozenset({"generation_settings", "tokens_predicted", "id_slot", "slot_id", "completion_probabilities"})


class Ollama:
    """The lines of a reply share no id; the last says `done`."""

    def name_of(self, value: Mapping[str, Any]) -> Hashable | None:
        is_reply = isinstance(value.get("response"), str) or isinstance(value.get("message"), Mapping)
        if not is_reply or not isinstance(value.get("done"), bool):
            return None
        return ("ollama", str(value.get("model")), *names_in(value))

    def begins(self, value: Mapping[str, Any]) -> bool:
        return value["done"] is False

    def new(self) -> Joined:
        return _Lines("logprobs", "done", repeats=False)


class LlamaCpp:
    """The lines of an answer share the slot that made them; the last says `stop`."""

    def name_of(self, value: Mapping[str, Any]) -> Hashable | None:
        is_answer = isinstance(value.get("content"), str) and isinstance(value.get("stop"), bool)
        if not is_answer or not _LLAMA_CPP & value.keys():
            return None
        slot = whole(value.get("id_slot", value.get("slot_id")))
        return ("llama.cpp", slot, whole(value.get("index")), *names_in(value))

    def begins(self, value: Mapping[str, Any]) -> bool:
        return value["stop"] is False

    def new(self) -> Joined:
        return _Lines("completion_probabilities", "stop", repeats=True)


@dataclass(slots=True)
class _Lines:
    """A list that grows from line to line, in a field called `name`, until one says `end`.

    `repeats`: the last line may repeat the whole list, as llama.cpp had it until the end of 2024.
    """

    name: str
    end: str
    repeats: bool
    held: dict[str, Any] = field(default_factory=dict)
    entries: list[Any] = field(default_factory=list)
    n_predicted: int = 0
    is_over: bool = False
    waits: bool = False

    def takes(self, part: Mapping[str, Any]) -> bool:
        """llama.cpp counts the tokens: where it starts anew, the stream before was cut."""
        n = whole(part.get("tokens_predicted"))
        return n is None or n >= self.n_predicted

    def add(self, part: Mapping[str, Any]) -> None:
        self.n_predicted = whole(part.get("tokens_predicted")) or self.n_predicted
        self.held.update(part)
        self.is_over = part[self.end] is True
        given = part.get(self.name)
        if self.is_over and self.repeats and isinstance(given, list) and given[: len(self.entries)] == self.entries:
            self.entries = []
        extend(self.entries, given)

    def whole(self) -> Mapping[str, Any]:
        return {**self.held, self.name: self.entries}


class Gemini:
    """The responses of a stream share their id; the last says why each candidate ended."""

    def name_of(self, value: Mapping[str, Any]) -> Hashable | None:
        name = field_of(value, "responseId")
        return ("gemini", name) if isinstance(name, str) and mappings(value.get("candidates")) else None

    def begins(self, value: Mapping[str, Any]) -> bool:
        return any(field_of(candidate, "finishReason") is None for candidate in mappings(value["candidates"]))

    def new(self) -> Joined:
        return _Candidates()


@dataclass(slots=True)
class _Candidates:
    held: dict[str, Any] = field(default_factory=dict)
    lists: dict[int, dict[str, list[Any]]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    waits: bool = False

    @property
    def is_over(self) -> bool:
        return bool(self.lists) and self.ended >= self.lists.keys()

    def takes(self, part: Mapping[str, Any]) -> bool:
        return True

    def add(self, part: Mapping[str, Any]) -> None:
        self.held.update(part)
        for number, candidate in enumerate(mappings(part.get("candidates"))):
            index = whole(candidate.get("index"))
            index = number if index is None else index
            lists = self.lists.setdefault(index, {"chosenCandidates": [], "topCandidates": []})
            result = field_of(candidate, "logprobsResult")
            for name, values in lists.items() if isinstance(result, Mapping) else ():
                extend(values, field_of(result, name))
            if field_of(candidate, "finishReason") is not None:
                self.ended.add(index)

    def whole(self) -> Mapping[str, Any]:
        candidates = [{"index": index, "logprobsResult": lists} for index, lists in sorted(self.lists.items())]
        return {**self.held, "candidates": candidates}


class TextGenerationInference:
    """One part a token; the last has the whole text and the details."""

    def name_of(self, value: Mapping[str, Any]) -> Hashable | None:
        token = value.get("token")
        is_part = isinstance(token, Mapping) and "logprob" in token and "generated_text" in value
        return ("tgi", *names_in(value)) if is_part else None

    def begins(self, value: Mapping[str, Any]) -> bool:
        return True

    def new(self) -> Joined:
        return _Tokens()


@dataclass(slots=True)
class _Tokens:
    held: dict[str, Any] = field(default_factory=dict)
    tokens: list[Any] = field(default_factory=list)
    top_tokens: list[Any] = field(default_factory=list)
    is_over: bool = False
    waits: bool = False

    def takes(self, part: Mapping[str, Any]) -> bool:
        return True

    def add(self, part: Mapping[str, Any]) -> None:
        self.held.update(part)
        self.tokens.append(part["token"])
        self.top_tokens.append(part.get("top_tokens") or [])
        self.is_over = part["generated_text"] is not None

    def whole(self) -> Mapping[str, Any]:
        given = self.held.get("details")
        details = dict(given) if isinstance(given, Mapping) else {}
        details["tokens"] = self.tokens
        if any(self.top_tokens):
            details["top_tokens"] = self.top_tokens
        return {**self.held, "details": details}


class SGLang:
    """Each part has the tokens from the first on, or those that are new; the last says why it ended."""

    def name_of(self, value: Mapping[str, Any]) -> Hashable | None:
        meta = value.get("meta_info")
        name = meta.get("id") if isinstance(meta, Mapping) else None
        return ("sglang", name, whole(value.get("index"))) if isinstance(name, str) else None

    def begins(self, value: Mapping[str, Any]) -> bool:
        meta = value["meta_info"]
        return "finish_reason" in meta and meta["finish_reason"] is None

    def new(self) -> Joined:
        return _Growing()


@dataclass(slots=True)
class _Growing:
    held: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, list[Any]] = field(default_factory=dict)
    waits: bool = False

    @property
    def is_over(self) -> bool:
        return self.meta.get("finish_reason") is not None

    def takes(self, part: Mapping[str, Any]) -> bool:
        return True

    def add(self, part: Mapping[str, Any]) -> None:
        self.held.update(part)
        self.meta.update(part["meta_info"])
        for name, values in part["meta_info"].items():
            if isinstance(values, list):
                before = self.lists.get(name, [])
                self.lists[name] = values if values[: len(before)] == before else [*before, *values]

    def whole(self) -> Mapping[str, Any]:
        return {**self.held, "meta_info": {**self.meta, **self.lists}}
