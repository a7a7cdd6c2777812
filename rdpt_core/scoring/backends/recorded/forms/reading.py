"""Which form a JSON value has, and every stream of tokens that it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.openai import of_choices
from rdpt_core.scoring.backends.recorded.forms.sampling import completed, sampling_of
from rdpt_core.scoring.backends.recorded.forms.sglang import of_meta_info
from rdpt_core.scoring.backends.recorded.forms.tgi import of_details
from rdpt_core.scoring.backends.recorded.forms.vllm import of_outputs
from rdpt_core.scoring.backends.recorded.recording import Recording

_SERVERS = {of_details: "tgi", of_meta_info: "sglang", of_outputs: "vllm"}
"""Which server writes a form that no other one writes."""

_KEY_FIELDS = ("trace_id", "custom_id", "request_id", "id")


def recordings_of(value: Any, source: str) -> list[Recording]:
    """Every stream of tokens with logprobs that a JSON value holds; none if it is no recording."""
    recordings: list[Recording] = []
    for outer, body in _bodies(value):
        keys = tuple(str(outer[name]) for name in _KEY_FIELDS if isinstance(outer.get(name), str | int))
        for streams in (of_choices, of_details, of_meta_info, of_outputs):
            found = list(streams(body, source, keys))
            sampling = sampling_of(outer, body, server=_SERVERS.get(streams)) if found else None
            recordings += [replace(one, sampling=completed(one.sampling, sampling)) for one in found]
    return recordings


def _bodies(value: Any) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The objects that hold results, each with the one that names it: a batch line wraps its body."""
    if isinstance(value, list):
        for element in value:
            yield from _bodies(element)
    elif isinstance(value, Mapping):
        wrapped = value.get("response")
        body = wrapped.get("body") if isinstance(wrapped, Mapping) else None
        yield value, body if isinstance(body, Mapping) else value
