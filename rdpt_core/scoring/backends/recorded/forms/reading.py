"""Which form a JSON value has, and every stream of tokens that it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from rdpt_core.scoring.backends.recorded.forms.cohere import of_pieces
from rdpt_core.scoring.backends.recorded.forms.gemini import of_candidates
from rdpt_core.scoring.backends.recorded.forms.inspect_ai import of_samples
from rdpt_core.scoring.backends.recorded.forms.lists import of_lists
from rdpt_core.scoring.backends.recorded.forms.llama_cpp import of_native
from rdpt_core.scoring.backends.recorded.forms.ollama import of_ollama
from rdpt_core.scoring.backends.recorded.forms.openai import of_choices
from rdpt_core.scoring.backends.recorded.forms.responses import of_responses
from rdpt_core.scoring.backends.recorded.forms.sampling import completed, sampling_of
from rdpt_core.scoring.backends.recorded.forms.sglang import of_meta_info
from rdpt_core.scoring.backends.recorded.forms.tgi import of_details
from rdpt_core.scoring.backends.recorded.forms.together import of_echo
from rdpt_core.scoring.backends.recorded.forms.values import mappings
from rdpt_core.scoring.backends.recorded.forms.vllm import of_outputs
from rdpt_core.scoring.backends.recorded.recording import Recording

KEY_FIELDS = ("trace_id", "sample_uuid", "uuid", "custom_id", "key", "request_id", "id", "responseId", "response_id")
"""Fields that name a record; one of them may be the id of a trace."""

_Form: TypeAlias = Callable[[Mapping[str, Any], str, tuple[str, ...]], Iterator[Recording]]

_FORMS: dict[_Form, str | None] = {
    of_choices: None,
    of_details: "tgi",
    of_meta_info: "sglang",
    of_outputs: "vllm",
    of_responses: None,
    of_candidates: None,
    of_samples: None,
    of_ollama: "ollama",
    of_native: "llama.cpp",
    of_pieces: None,
    of_echo: None,
    of_lists: None,
}
"""Every form, and the kind of server that writes it if no other one does."""


def recordings_of(value: Any, source: str) -> list[Recording]:
    """Every stream of tokens with logprobs that a JSON value holds; none if it is no recording."""
    recordings: list[Recording] = []
    for outer in _objects(value):
        keys = keys_of(outer)
        for body in bodies_of(outer):
            found = [
                _sampled(one, outer, body, server)
                for form, server in _FORMS.items()
                for one in form(body, source, keys)
            ]
            recordings += found
            if found:
                break
    return recordings


def keys_of(outer: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of a record."""
    return tuple(str(outer[name]) for name in KEY_FIELDS if isinstance(outer.get(name), str | int))


def _sampled(one: Recording, outer: Mapping[str, Any], body: Mapping[str, Any], server: str | None) -> Recording:
    """A recording with what its record says about the sampling, where its form has not read it already."""
    return replace(one, sampling=completed(one.sampling, sampling_of(outer, body, server=server)))


def why_none(value: Any) -> str:
    """Why a record holds no recording, for a reader."""
    for outer in _objects(value):
        for body in bodies_of(outer):
            answers = [*mappings(body.get("choices")), *mappings(body.get("outputs"))]
            if answers and all(_is_empty(answer.get("logprobs")) for answer in answers):
                return "an answer without logprobs: the list of them is missing or empty; ask the server for logprobs"
    return "no logprobs in a form that is known"


def _is_empty(value: Any) -> bool:
    return not any(value.values()) if isinstance(value, Mapping) else not value


def bodies_of(outer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The objects that may hold an answer: a record itself, or what a batch line or a logged request wraps."""
    yield outer
    wrapped = outer.get("response")
    if isinstance(wrapped, Mapping):
        yield wrapped["body"] if isinstance(wrapped.get("body"), Mapping) else wrapped


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for element in value:
            yield from _objects(element)
    elif isinstance(value, Mapping):
        yield value
