"""What Together adds to OpenAI's forms: with `echo`, the tokens of the prompt in a list of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings, recording
from rdpt_core.scoring.backends.recorded.recording import Recording


def of_echo(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """The prompt, of which the response may be the end; its first token has no logprob."""
    for part in mappings(body.get("prompt")):
        lists = part.get("logprobs")
        if not isinstance(lists, Mapping):
            continue
        texts, values, ids = (lists.get(name) for name in ("tokens", "token_logprobs", "token_ids"))
        if isinstance(texts, list) and isinstance(values, list) and len(texts) == len(values):
            known = ids if isinstance(ids, list) and len(ids) == len(values) else None
            yield recording(source, keys, known, values, texts=[str(text) for text in texts], is_prompt=True)
