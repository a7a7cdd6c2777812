"""OpenAI's Responses API, asked with `include=["message.output_text.logprobs"]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings, of_entries
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.traces.formats.fields import whole


def of_responses(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """The text of a response: every part of every message behind one another."""
    entries: list[Mapping[str, Any]] = []
    seams: list[int] = []
    items = mappings(body.get("output"))
    for item in items:
        if item.get("type") != "message":
            continue
        found = [entry for part in mappings(item.get("content")) for entry in mappings(part.get("logprobs"))]
        if entries and found:
            seams.append(len(entries))
        entries += found
    if entries:
        n_generated = _count(body.get("usage")) if all(item.get("type") == "message" for item in items) else None
        yield of_entries(entries, source, keys, text="token", seams=tuple(seams), n_generated=n_generated)


def _count(usage: Any) -> int | None:
    """How many tokens were made, if all of them were to be said."""
    if not isinstance(usage, Mapping):
        return None
    details = usage.get("output_tokens_details")
    n_thought = details.get("reasoning_tokens") if isinstance(details, Mapping) else None
    return None if n_thought else whole(usage.get("output_tokens"))
