"""How a text was sampled, as the record that holds it says, or the request that is kept with it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from rdpt_core.scoring.backends.recorded.recording import Sampling

_HOLDERS = (
    "generation_settings",
    "__verbose",
    "sampling_params",
    "generation_config",
    "generationConfig",
    "parameters",
    "params",
    "config",
    "options",
    "extra_body",
    "details",
    "request",
    "body",
)
"""Objects in which programs keep settings. What a server says that it did stands before what it was asked for."""

_DEPTH = 3
_LLAMA_CPP_BUILD = re.compile(r"b\d+-[0-9a-f]+")


def sampling_of(outer: Mapping[str, Any], body: Mapping[str, Any], *, server: str | None = None) -> Sampling | None:
    """What a record says about how its text was sampled; None if it says nothing.

    The reply itself is asked before what stands around it, so that a request is believed only where the reply is
    silent. Nothing is inferred: a value that no object states is None.

    Args:
        outer: the whole record, with the request if one is kept there.
        body: the reply in it; the record itself if nothing is wrapped.
        server: the kind of server, where the record's form tells it.
    """
    places = [*_settings(body), *([] if body is outer else _settings(outer))]
    sampling = Sampling(
        temperature=_first(places, "temperature"),
        top_p=_first(places, "top_p", "topP"),
        top_k=_whole(_first(places, "top_k", "topK")),
        min_p=_first(places, "min_p", "minP"),
        seed=next((seed for place in places if (seed := _seed(place.get("seed"))) is not None), None),
        mode=next((mode for place in places if (mode := _mode(place)) is not None), None),
        server=server or _server(body),
    )
    return None if sampling == Sampling() else sampling


def completed(own: Sampling | None, other: Sampling | None) -> Sampling | None:
    """What `own` says, and what `other` says where `own` is silent."""
    if own is None or other is None:
        return own or other
    silent = {name: getattr(other, name) for name in _NAMES if getattr(own, name) is None}
    return replace(own, **silent)


def agreed(one: Sampling, other: Sampling) -> Sampling:
    """What both say alike."""
    unlike = {name: None for name in _NAMES if getattr(one, name) != getattr(other, name)}
    return replace(one, **unlike)


_NAMES = tuple(field.name for field in fields(Sampling))


def _settings(place: Mapping[str, Any], depth: int = _DEPTH) -> Iterator[Mapping[str, Any]]:
    """An object, and the settings that it holds, nearest first."""
    yield place
    if depth:
        for name in _HOLDERS:
            inner = place.get(name)
            if isinstance(inner, Mapping):
                yield from _settings(inner, depth - 1)


def _first(places: list[Mapping[str, Any]], *names: str) -> float | None:
    return next(
        (value for place in places for name in names if (value := _number(place.get(name))) is not None),
        None,
    )


def _number(value: Any) -> float | None:
    """A finite number, also one that a table gives as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _whole(value: float | None) -> int | None:
    return int(value) if value is not None and value.is_integer() else None


def _seed(value: Any) -> int | None:
    """Seeds have up to 64 bits, of which a float keeps 53."""
    if isinstance(value, str):
        text = value.strip()
        return int(text) if len(text) <= 20 and re.fullmatch(r"-?[0-9]+", text) else None
    return value if type(value) is int else _whole(_number(value))


def _mode(place: Mapping[str, Any]) -> str | None:
    mode = place.get("logprobs_mode", place.get("logprobs-mode"))
    return mode if isinstance(mode, str) and mode else None


def _server(body: Mapping[str, Any]) -> str | None:
    """The kind of server that speaks OpenAI's language, where its reply has a field that only this server writes."""
    fingerprint = body.get("system_fingerprint")
    if isinstance(fingerprint, str) and fingerprint.startswith("vllm-"):
        return "vllm"
    if isinstance(fingerprint, str) and _LLAMA_CPP_BUILD.fullmatch(fingerprint):
        return "llama.cpp"
    metadata, choices = body.get("metadata"), body.get("choices")
    if isinstance(metadata, Mapping) and "weight_version" in metadata:
        return "sglang"
    is_sglang = isinstance(choices, list) and any(isinstance(one, Mapping) and "matched_stop" in one for one in choices)
    return "sglang" if is_sglang else None
