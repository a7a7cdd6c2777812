"""OpenAI's Responses API, asked with `include=["message.output_text.logprobs"]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings, of_entries
from rdpt_core.scoring.backends.recorded.recording import Recording


def of_responses(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """The text of a response: every part of every message behind one another."""
    entries: list[Mapping[str, Any]] = []
    seams: list[int] = []
    for item in mappings(body.get("output")):
        if item.get("type") != "message":
            continue
        found = [entry for part in mappings(item.get("content")) for entry in mappings(part.get("logprobs"))]
        if entries and found:
            seams.append(len(entries))
        entries += found
    if entries:
        yield of_entries(entries, source, keys, text="token", seams=tuple(seams))
