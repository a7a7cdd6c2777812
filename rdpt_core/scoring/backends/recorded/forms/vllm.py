"""vLLM's own request outputs, and the entries with which it adds to other forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings, recording
from rdpt_core.scoring.backends.recorded.recording import Recording


def of_outputs(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """vLLM's own request outputs, dumped."""
    prompt = body.get("prompt") if isinstance(body.get("prompt"), str) else None
    for output in mappings(body.get("outputs")):
        entries = output.get("logprobs")
        if isinstance(entries, list):
            yield of_vllm(entries, output.get("token_ids"), source, keys, is_prompt=False, prompt=prompt)
    entries = body.get("prompt_logprobs")
    if isinstance(entries, list) and "choices" not in body:
        yield of_vllm(entries, body.get("prompt_token_ids"), source, keys, is_prompt=True, prompt=prompt)


def of_vllm(
    entries: Sequence[Any],
    ids: Any,
    source: str,
    keys: tuple[str, ...],
    *,
    is_prompt: bool,
    prompt: str | None,
) -> Recording:
    """One object a token, keyed by ids: the token that stood there, and the likeliest ones beside it."""
    known = ids if isinstance(ids, list) and len(ids) == len(entries) else None
    chosen_ids: list[Any] = []
    values: list[Any] = []
    texts: list[str | None] = []
    fault = None
    for number, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or not entry:
            # The first token of a prompt has nothing before it.
            chosen_ids.append(known[number] if known else None)
            values.append(None)
            texts.append("")
            continue
        if known is None and len(entry) > 1:
            fault = "the recording has several tokens at one place and no ids that say which one stood there"
        key = str(known[number]) if known else next(iter(entry))
        chosen = entry.get(key)
        if chosen is None:
            fault = f"the recording has no logprob of token {number}, id {key}"
        chosen_ids.append(int(key) if key.isdecimal() else None)
        values.append(chosen.get("logprob") if isinstance(chosen, Mapping) else chosen)
        text = chosen.get("decoded_token") if isinstance(chosen, Mapping) else None
        texts.append(text if isinstance(text, str) else None)
    spelled = None if any(text is None for text in texts) else [text or "" for text in texts]
    return recording(source, keys, chosen_ids, values, texts=spelled, prompt=prompt, is_prompt=is_prompt, fault=fault)
