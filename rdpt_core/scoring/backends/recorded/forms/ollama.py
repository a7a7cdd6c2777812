"""Ollama's `/api/generate` and `/api/chat`, asked with `logprobs`: one list for what is thought and what is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings, of_entries
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.traces.formats.fields import whole


def of_ollama(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """A whole reply. `eval_count` says how many tokens were made."""
    entries = mappings(body.get("logprobs"))
    if isinstance(body.get("done"), bool) and entries and all("token" in entry for entry in entries):
        yield of_entries(entries, source, keys, text="token", n_generated=whole(body.get("eval_count")))
