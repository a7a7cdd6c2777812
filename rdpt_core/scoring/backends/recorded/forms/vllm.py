"""vLLM's own request outputs, and the entries with which it adds to other forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import alternatives_of, mappings, recording
from rdpt_core.scoring.backends.recorded.recording import Recording


def of_outputs(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """vLLM's own request outputs, dumped."""
    prompt = body.get("prompt") if isinstance(body.get("prompt"), str) else None
    for output in mappings(body.get("outputs")):
        entries = output.get("logprobs")
        if isinstance(entries, Mapping):
            entries = _unflattened(entries)
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
    places = [_present(entry) for entry in entries]
    chosen_ids: list[Any] = []
    values: list[Any] = []
    texts: list[str | None] = []
    fault = None
    for number, place in enumerate(places):
        if not place:
            # The first token of a prompt has nothing before it.
            chosen_ids.append(known[number] if known else None)
            values.append(None)
            texts.append("")
            continue
        if known is None and len(place) > 1:
            fault = "the recording has several tokens at one place and no ids that say which one stood there"
        key = str(known[number]) if known else next(iter(place))
        chosen = place.get(key)
        if chosen is None:
            fault = f"the recording has no logprob of token {number}, id {key}"
        chosen_ids.append(int(key) if key.isdecimal() else None)
        values.append(_logprob(chosen))
        text = chosen.get("decoded_token") if isinstance(chosen, Mapping) else None
        texts.append(text if isinstance(text, str) else None)
    return recording(
        source,
        keys,
        chosen_ids,
        values,
        texts=None if any(text is None for text in texts) else [text or "" for text in texts],
        prompt=prompt,
        is_prompt=is_prompt,
        alternatives=alternatives_of([_logprob(one) for one in place.values()] for place in places),
        fault=fault,
    )


def _unflattened(flat: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """What `FlatLogprobs` holds: the tokens of all places in one list, with the numbers at which each begins and ends.

    None if it is something else.
    """
    lists = [flat.get(name) for name in ("start_indices", "end_indices", "token_ids", "logprobs")]
    if not all(isinstance(one, list) for one in lists):
        return None
    starts, ends, ids, values = (one or [] for one in lists)
    texts = flat.get("decoded_tokens")
    if not isinstance(texts, list) or len(texts) != len(ids):
        texts = [None] * len(ids)
    if not starts or len(starts) != len(ends) or len(ids) != len(values):
        return None
    if any(type(one) is not int or not 0 <= one <= len(ids) for one in (*starts, *ends)):
        return None
    # Places that share entries would make a small file fill the memory.
    if any(end > start for end, start in zip(ends, starts[1:], strict=False)):
        return None
    return [
        {str(ids[number]): {"logprob": values[number], "decoded_token": texts[number]} for number in range(start, end)}
        for start, end in zip(starts, ends, strict=True)
    ]


def _present(entry: Any) -> Mapping[str, Any]:
    """The tokens at one place. Where a table was made of objects, each has all ids of the file, most of them empty."""
    if not isinstance(entry, Mapping):
        return {}
    return {key: one for key, one in entry.items() if one is not None} if None in entry.values() else entry


def _logprob(one: Any) -> Any:
    """An object with a logprob, or, in old versions, the logprob itself."""
    return one.get("logprob") if isinstance(one, Mapping) else one
