"""Requests that are kept beside recordings, as batches have them: they say how the texts were sampled."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.reading import keys_of
from rdpt_core.scoring.backends.recorded.forms.sampling import agreed, completed, sampling_of
from rdpt_core.scoring.backends.recorded.recording import Recording, Sampling

_LOGGER = logging.getLogger(__name__)

_WRAPPERS = ("body", "request", "params")
_ASKED = frozenset({"messages", "prompt", "input", "inputs", "contents"})
_ANSWERED = frozenset(
    {"choices", "outputs", "output", "response", "responses", "candidates", "completion", "generated_text", "details"}
    | {"meta_info", "answer", "error", "result"}
)


class Requests:
    """What requests say, by their keys. A request says something only of recordings that have a key of it."""

    def __init__(self) -> None:
        self.sources: list[str] = []
        self._by_key: dict[str, Sampling] = {}
        self._shared: dict[Sampling, Sampling] = {}

    def add(self, value: Any, source: str) -> bool:
        """Take a record, if it is a request and no answer."""
        if not _is_request(value):
            return False
        self.sources.append(source)
        sampling = sampling_of(value, value)
        if sampling is not None:
            # Thousands of requests say the same.
            sampling = self._shared.setdefault(sampling, sampling)
            for key in keys_of(value):
                # Two requests of one name: which of them was answered is unknown.
                known = self._by_key.get(key, sampling)
                self._by_key[key] = known if known == sampling else agreed(known, sampling)
        return True

    def completed(self, recordings: Sequence[Recording]) -> list[Recording]:
        """The recordings, with what their requests say where they are silent themselves."""
        if not self._by_key:
            return list(recordings)
        if all(self._by_key.keys().isdisjoint(recording.keys) for recording in recordings):
            _LOGGER.warning(
                "no recording has the id of any of the %s requests beside them (the first: %s), so that these say "
                "nothing of how the recordings were sampled",
                f"{len(self.sources):,}",
                self.sources[0],
            )
        return [self._completed(recording) for recording in recordings]

    def _completed(self, recording: Recording) -> Recording:
        said: Sampling | None = None
        for key in recording.keys:
            found = self._by_key.get(key)
            if found is not None:
                said = found if said is None else agreed(said, found)
        return recording if said is None else replace(recording, sampling=completed(recording.sampling, said))


def _is_request(value: Any) -> bool:
    """A named object around a question, or a question with its sampling; in either case without any answer."""
    if not isinstance(value, Mapping) or _has(value, _ANSWERED):
        return False
    for name in _WRAPPERS:
        inner = value.get(name)
        if isinstance(inner, Mapping):
            return _has(inner, _ASKED) and not _has(inner, _ANSWERED)
    return _has(value, _ASKED) and sampling_of(value, value) is not None


def _has(value: Mapping[str, Any], names: frozenset[str]) -> bool:
    return any(value.get(name) is not None for name in names)
