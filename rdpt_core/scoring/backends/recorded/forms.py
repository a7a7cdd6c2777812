"""What programs write when they write logprobs down. Each function reads one form, or says that it is not its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from rdpt_core.arrays import Floats, SmallInts
from rdpt_core.scoring.backends.recorded.recording import UNKNOWN_ID, Recording

_NO_PROBABILITY = -9999.0
_ROUNDING = 1e-3
_KEY_FIELDS = ("trace_id", "custom_id", "request_id", "id")


def recordings_of(value: Any, source: str) -> list[Recording]:
    """Every stream of tokens with logprobs that a JSON value holds; none if it is no recording."""
    recordings: list[Recording] = []
    for outer, body in _bodies(value):
        keys = tuple(str(outer[name]) for name in _KEY_FIELDS if isinstance(outer.get(name), str | int))
        for streams in (_of_choices, _of_details, _of_meta_info, _of_outputs):
            recordings += streams(body, source, keys)
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


def _of_choices(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """OpenAI's chat and completions, and vLLM's additions to them."""
    prompt = body.get("prompt") if isinstance(body.get("prompt"), str) else None
    for choice in _mappings(body.get("choices")):
        lists = choice.get("logprobs")
        if isinstance(lists, Mapping) and isinstance(lists.get("content"), list):
            yield _of_entries(_mappings(lists["content"]), source, keys, text="token", prompt=prompt)
        if isinstance(lists, Mapping) and isinstance(lists.get("tokens"), list):
            ids = choice.get("token_ids")
            texts = [str(text) for text in lists["tokens"]]
            values = lists.get("token_logprobs")
            if isinstance(values, list) and len(values) == len(texts):
                known = ids if isinstance(ids, list) and len(ids) == len(texts) else None
                yield _recording(source, keys, known, values, texts=texts, prompt=prompt)
        entries = choice.get("prompt_logprobs", body.get("prompt_logprobs"))
        ids = choice.get("prompt_token_ids", body.get("prompt_token_ids"))
        if isinstance(entries, list):
            yield _of_vllm(entries, ids, source, keys, is_prompt=True, prompt=prompt)


def _of_details(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """Text generation inference: what was generated, and the prompt if it was asked for."""
    details = body.get("details")
    if isinstance(details, Mapping) and isinstance(details.get("tokens"), list):
        yield _of_entries(_mappings(details["tokens"]), source, keys, text="text")
        if details.get("prefill"):
            yield _of_entries(_mappings(details["prefill"]), source, keys, text="text", is_prompt=True)


def _of_meta_info(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
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
            yield _recording(
                source,
                keys,
                [entry[1] for entry in entries],
                [entry[0] for entry in entries],
                texts=[str(text) for text in texts] if all(isinstance(text, str) for text in texts) else None,
                is_prompt=is_prompt,
            )


def _of_outputs(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """vLLM's own request outputs, dumped."""
    prompt = body.get("prompt") if isinstance(body.get("prompt"), str) else None
    for output in _mappings(body.get("outputs")):
        entries = output.get("logprobs")
        if isinstance(entries, list):
            yield _of_vllm(entries, output.get("token_ids"), source, keys, is_prompt=False, prompt=prompt)
    entries = body.get("prompt_logprobs")
    if isinstance(entries, list) and "choices" not in body:
        yield _of_vllm(entries, body.get("prompt_token_ids"), source, keys, is_prompt=True, prompt=prompt)


def _of_vllm(
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
    return _recording(source, keys, chosen_ids, values, texts=spelled, prompt=prompt, is_prompt=is_prompt, fault=fault)


def _of_entries(
    entries: Sequence[Mapping[str, Any]],
    source: str,
    keys: tuple[str, ...],
    *,
    text: str,
    is_prompt: bool = False,
    prompt: str | None = None,
) -> Recording:
    """Objects with a text, a logprob, and sometimes an id or bytes."""
    raw = [_bytes(entry.get("bytes")) for entry in entries]
    return _recording(
        source,
        keys,
        [entry.get("id", entry.get("token_id")) for entry in entries],
        [entry.get("logprob") for entry in entries],
        texts=[str(entry.get(text, "")) for entry in entries],
        raw=None if None in raw else [data or b"" for data in raw],
        is_prompt=is_prompt,
        prompt=prompt,
    )


def _bytes(value: Any) -> bytes | None:
    is_list = isinstance(value, list) and all(type(byte) is int and 0 <= byte < 256 for byte in value)
    return bytes(value) if is_list else None


def _recording(
    source: str,
    keys: tuple[str, ...],
    ids: Sequence[Any] | None,
    values: Sequence[Any],
    **more: Any,
) -> Recording:
    return Recording(source, keys, to_ids(ids, len(values)), to_logprobs(values), **more)


def to_ids(ids: Sequence[Any] | None, n: int) -> SmallInts:
    """Ids as they were recorded, `UNKNOWN_ID` where they were not. Shape: (n,)."""
    if ids is None:
        return np.full(n, UNKNOWN_ID, dtype=np.int32)
    known = [token_id if type(token_id) is int and 0 <= token_id < 2**31 else UNKNOWN_ID for token_id in ids]
    return np.array(known, dtype=np.int32)


def to_logprobs(values: Sequence[Any]) -> Floats:
    """Nats ≤ 0; NaN where there is no number, or one that no logprob can be. Shape: (len(values),)."""
    logprobs = np.array(
        [value if isinstance(value, int | float) and not isinstance(value, bool) else np.nan for value in values],
        dtype=np.float64,
    )
    with np.errstate(invalid="ignore"):
        logprobs[~np.isfinite(logprobs) | (logprobs <= _NO_PROBABILITY) | (logprobs > _ROUNDING)] = np.nan
        return np.minimum(logprobs, 0.0).astype(np.float32)


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [element for element in value if isinstance(element, Mapping)] if isinstance(value, list) else []
