"""Which form a JSON value has, and every stream of tokens that it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.cohere import of_pieces
from rdpt_core.scoring.backends.recorded.forms.gemini import of_candidates
from rdpt_core.scoring.backends.recorded.forms.inspect_ai import of_samples
from rdpt_core.scoring.backends.recorded.forms.lists import of_lists
from rdpt_core.scoring.backends.recorded.forms.llama_cpp import of_native
from rdpt_core.scoring.backends.recorded.forms.ollama import of_ollama
from rdpt_core.scoring.backends.recorded.forms.openai import of_choices
from rdpt_core.scoring.backends.recorded.forms.responses import of_responses
from rdpt_core.scoring.backends.recorded.forms.sglang import of_meta_info
from rdpt_core.scoring.backends.recorded.forms.tgi import of_details
from rdpt_core.scoring.backends.recorded.forms.together import of_echo
from rdpt_core.scoring.backends.recorded.forms.vllm import of_outputs
from rdpt_core.scoring.backends.recorded.recording import Recording

KEY_FIELDS = ("trace_id", "sample_uuid", "uuid", "custom_id", "key", "request_id", "id", "responseId", "response_id")
"""Fields that name a record; one of them may be the id of a trace."""

_FORMS = (
    of_choices,
    of_details,
    of_meta_info,
    of_outputs,
    of_responses,
    of_candidates,
    of_samples,
    of_ollama,
    of_native,
    of_pieces,
    of_echo,
    of_lists,
)


def recordings_of(value: Any, source: str) -> list[Recording]:
    """Every stream of tokens with logprobs that a JSON value holds; none if it is no recording."""
    recordings: list[Recording] = []
    for outer in _objects(value):
        keys = tuple(str(outer[name]) for name in KEY_FIELDS if isinstance(outer.get(name), str | int))
        for body in bodies_of(outer):
            found = [one for streams in _FORMS for one in streams(body, source, keys)]
            recordings += found
            if found:
                break
    return recordings


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
