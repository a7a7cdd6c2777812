"""SGLang's own `/generate`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import alternatives_of, number_among, place, recording
from rdpt_core.scoring.backends.recorded.recording import Alternatives, Recording
from rdpt_core.traces.formats.fields import whole


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
                n_generated=None if is_prompt else whole(meta.get("completion_tokens")),
                alternatives=_alternatives(entries, meta.get(name.replace("token", "top"))),
            )


def _alternatives(entries: Sequence[Any], listed: Any) -> Alternatives | None:
    if not isinstance(listed, list) or len(listed) != len(entries):
        return None
    return alternatives_of(_places(entries, listed))


def _places(entries: Sequence[Any], listed: Sequence[Any]) -> Iterator[list[Any]]:
    for entry, given in zip(entries, listed, strict=True):
        others = [one for one in given if isinstance(one, list) and len(one) >= 2] if isinstance(given, list) else []
        values = [one[0] for one in others]
        yield place(entry[0], values, number_among(entry[1], entry[0], [one[1] for one in others], values))
