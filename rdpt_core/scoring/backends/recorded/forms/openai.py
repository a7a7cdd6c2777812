"""OpenAI's chat and text completions, and the servers that speak like them.

As DeepSeek's API documentation has it, `logprobs.reasoning_content` holds the tokens of the reasoning, and
`logprobs.content` only those of the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.llama_cpp import after_samplers
from rdpt_core.scoring.backends.recorded.forms.values import mappings, of_entries, recording
from rdpt_core.scoring.backends.recorded.forms.vllm import of_vllm
from rdpt_core.scoring.backends.recorded.recording import Recording


def of_choices(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """OpenAI's chat and completions, and vLLM's additions to them."""
    prompt = body.get("prompt") if isinstance(body.get("prompt"), str) else None
    for choice in mappings(body.get("choices")):
        lists = choice.get("logprobs")
        if isinstance(lists, Mapping) and {"content", "reasoning_content"} & lists.keys():
            reasoning, answer = mappings(lists.get("reasoning_content")), mappings(lists.get("content"))
            entries = [*reasoning, *answer]
            seams = (len(reasoning),) if reasoning and answer else ()
            fault = after_samplers(entries)
            if entries:
                yield of_entries(entries, source, keys, text="token", prompt=prompt, seams=seams, fault=fault)
        if isinstance(lists, Mapping) and isinstance(lists.get("tokens"), list):
            ids = choice.get("token_ids", lists.get("token_ids"))
            texts = [str(text) for text in lists["tokens"]]
            values = lists.get("token_logprobs")
            if isinstance(values, list) and len(values) == len(texts):
                known = ids if isinstance(ids, list) and len(ids) == len(texts) else None
                yield recording(source, keys, known, values, texts=texts, prompt=prompt)
        entries = choice.get("prompt_logprobs", body.get("prompt_logprobs"))
        ids = choice.get("prompt_token_ids", body.get("prompt_token_ids"))
        if isinstance(entries, list):
            yield of_vllm(entries, ids, source, keys, is_prompt=True, prompt=prompt)
