"""The parts of streams as a file has them: all of one behind one another, or those of several in turn."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.reading import bodies_of, recordings_of
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.scoring.backends.recorded.streams.chunks import Chunks
from rdpt_core.scoring.backends.recorded.streams.events import Events, is_event
from rdpt_core.scoring.backends.recorded.streams.joining import Joined, Kind
from rdpt_core.scoring.backends.recorded.streams.lines import Gemini, LlamaCpp, Ollama, SGLang, TextGenerationInference

_KINDS: tuple[Kind, ...] = (Chunks(), Ollama(), LlamaCpp(), Gemini(), TextGenerationInference(), SGLang())

MAX_WAITING = 64
"""So many ended streams wait for the count of their tokens, which may come behind parts of others."""


@dataclass(frozen=True, slots=True)
class _Open:
    source: str
    outer: Mapping[str, Any]
    stream: Joined


class StreamReader:
    """Gathers the parts of every stream of a file. A stream that never ended is a recording up to where it goes.

    Memory: the parts of the streams that are open, and of `MAX_WAITING` that have ended.

    Attributes:
        finished: what the streams held.
        silent: where streams began that held no logprobs.
    """

    def __init__(self) -> None:
        self.finished: list[Recording] = []
        self.silent: list[str] = []
        self._open: dict[Hashable, _Open] = {}
        self._events = Events()

    def add(self, value: Any, source: str) -> bool:
        """Take a record, or a list of them, if it is part of a stream; False if it is none."""
        if isinstance(value, list):
            return bool(value) and _is_part(value[0]) and all([self.add(one, source) for one in value])
        for body in bodies_of(value) if isinstance(value, Mapping) else ():
            if is_event(body):
                found = self._events.add(body, source)
                if found is not None:
                    self._keep(found, source)
                return True
            for kind in _KINDS:
                name = kind.name_of(body)
                if name is not None:
                    return self._add(kind, name, value, body, source)
        return False

    def finish(self) -> None:
        """The file is over."""
        for name in list(self._open):
            self._flush(name)
        for source, found in self._events.finish():
            self._keep(found, source)

    def _add(self, kind: Kind, name: Hashable, value: Mapping[str, Any], body: Mapping[str, Any], source: str) -> bool:
        held = self._open.get(name)
        if held is not None and not held.stream.takes(body):
            self._flush(name)
            held = None
        if held is None:
            if not kind.begins(body):
                # The usage of a stream that is not waited for any more, or else a whole reply.
                return body.get("choices") == []
            held = self._open[name] = _Open(source, value, kind.new())
        held.stream.add(body)
        if held.stream.is_over:
            if not held.stream.waits:
                self._flush(name)
            waiting = [other for other, one in self._open.items() if one.stream.is_over]
            if len(waiting) > MAX_WAITING:
                self._flush(waiting[0])
        return True

    def _flush(self, name: Hashable) -> None:
        held = self._open.pop(name)
        outer = {key: value for key, value in held.outer.items() if key != "response"}
        self._keep(recordings_of({**outer, **held.stream.whole()}, held.source), held.source)

    def _keep(self, found: list[Recording], source: str) -> None:
        self.finished += found
        if not found:
            self.silent.append(source)


def _is_part(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    return any(is_event(body) or any(kind.name_of(body) is not None for kind in _KINDS) for body in bodies_of(value))
