"""OpenAI's chat and text completions, and the servers that speak like them.

As DeepSeek's API documentation has it, `logprobs.reasoning_content` holds the tokens of the reasoning, and
`logprobs.content` only those of the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.llama_cpp import after_samplers
from rdpt_core.scoring.backends.recorded.forms.values import (
    alternatives_of,
    is_telling,
    mappings,
    number_among,
    of_entries,
    place,
    recording,
)
from rdpt_core.scoring.backends.recorded.forms.vllm import of_vllm
from rdpt_core.scoring.backends.recorded.recording import Alternatives, Recording
from rdpt_core.traces.formats.fields import whole


def of_choices(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """OpenAI's chat and completions, and vLLM's additions to them."""
    prompt = body.get("prompt") if isinstance(body.get("prompt"), str) else None
    choices = mappings(body.get("choices"))
    for choice in choices:
        n_generated = _n_generated(body) if len(choices) == 1 else None
        lists = choice.get("logprobs")
        if isinstance(lists, Mapping) and {"content", "reasoning_content"} & lists.keys():
            reasoning, answer = mappings(lists.get("reasoning_content")), mappings(lists.get("content"))
            entries = [*reasoning, *answer]
            seams = (len(reasoning),) if reasoning and answer else ()
            about = {"prompt": prompt, "seams": seams, "n_generated": n_generated, "fault": after_samplers(entries)}
            if entries:
                yield of_entries(entries, source, keys, text="token", **about)
        if isinstance(lists, Mapping) and isinstance(lists.get("tokens"), list):
            ids = _first(choice.get("token_ids"), lists.get("token_ids"))
            texts = [str(text) for text in lists["tokens"]]
            values = lists.get("token_logprobs")
            if isinstance(values, list) and len(values) == len(texts):
                yield recording(
                    source,
                    keys,
                    ids if isinstance(ids, list) and len(ids) == len(texts) else None,
                    values,
                    texts=texts,
                    prompt=prompt,
                    n_generated=None if _is_echo(prompt, choice, values) else n_generated,
                    alternatives=_alternatives(texts, values, lists.get("top_logprobs")),
                )
        prompt_entries = _first(choice.get("prompt_logprobs"), body.get("prompt_logprobs"))
        ids = _first(choice.get("prompt_token_ids"), body.get("prompt_token_ids"))
        if isinstance(prompt_entries, list):
            yield of_vllm(prompt_entries, ids, source, keys, is_prompt=True, prompt=prompt)


def _first(one: Any, other: Any) -> Any:
    """A table has every field in every row, also those that are empty."""
    return other if one is None else one


def _n_generated(body: Mapping[str, Any]) -> int | None:
    usage, timings = body.get("usage"), body.get("timings")
    n = whole(usage.get("completion_tokens")) if isinstance(usage, Mapping) else None
    # llama.cpp counts here as well, also at the end of a stream that was asked for no usage.
    return whole(timings.get("predicted_n")) if n is None and isinstance(timings, Mapping) else n


def _is_echo(prompt: str | None, choice: Mapping[str, Any], values: Sequence[Any]) -> bool:
    """Whether the prompt's tokens stand before those that were made. The first of all has nothing before it."""
    text = choice.get("text")
    return values[:1] == [None] or bool(prompt and isinstance(text, str) and text.startswith(prompt))


def _alternatives(texts: Sequence[str], values: Sequence[Any], listed: Any) -> Alternatives | None:
    """From one object for each token, of texts with their logprobs. A text stands for all tokens that read like it."""
    if not isinstance(listed, list) or len(listed) != len(texts):
        return None
    return alternatives_of(_places(texts, values, listed))


def _places(texts: Sequence[str], values: Sequence[Any], listed: Sequence[Any]) -> Iterator[list[Any]]:
    for text, value, given in zip(texts, values, listed, strict=True):
        names, others = (list(given), list(given.values())) if isinstance(given, Mapping) else ([], [])
        yield place(value, others, number_among(text, value, names, others, is_unique=is_telling(text)))
