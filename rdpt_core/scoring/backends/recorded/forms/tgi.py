"""Text generation inference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings, of_entries
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.traces.formats.fields import whole


def of_details(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """Text generation inference: what was generated, and the prompt if it was asked for."""
    details = body.get("details")
    if isinstance(details, Mapping) and isinstance(details.get("tokens"), list):
        tokens, others = mappings(details["tokens"]), details.get("top_tokens")
        yield of_entries(
            tokens,
            source,
            keys,
            text="text",
            others=others if isinstance(others, list) and len(others) == len(tokens) else None,
            n_generated=whole(details.get("generated_tokens")),
        )
        if details.get("prefill"):
            yield of_entries(mappings(details["prefill"]), source, keys, text="text", is_prompt=True)
