"""SGLang's own `/generate`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import recording
from rdpt_core.scoring.backends.recorded.recording import Recording


def of_meta_info(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """SGLang: lists of [logprob, id, text]."""
    meta = body.get("meta_info")
    if not isinstance(meta, Mapping):
        return
    for name, is_prompt in (("output_token_logprobs", False), ("input_token_logprobs", True)):
        entries = meta.get(name)
        if not isinstance(entries, list) or not entries:
            continue
        if all(isinstance(entry, list) and len(entry) >= 2 for entry in entries):
            texts = [entry[2] if len(entry) > 2 else None for entry in entries]
            yield recording(
                source,
                keys,
                [entry[1] for entry in entries],
                [entry[0] for entry in entries],
                texts=[str(text) for text in texts] if all(isinstance(text, str) for text in texts) else None,
                is_prompt=is_prompt,
            )
