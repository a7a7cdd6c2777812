"""SGLang's own `/generate`, with logprobs of its input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdpt_core.scoring.backends.served.dialects.base import (
    NEUTRAL,
    Answer,
    BadReplyError,
    Sent,
    as_object,
    list_of,
    make_answer,
    other_tokens,
)


class SglangDialect:
    """Logprobs of the input from the last prompt token on. An input of exactly the context's length is refused."""

    name = "sglang"
    path = "/generate"
    n_generated = 1
    optional: frozenset[str] = frozenset()

    def request(self, model: str, sent: Sent) -> dict[str, Any]:
        """A server has one model, so none is named."""
        return {
            "input_ids": sent.ids,
            "sampling_params": {"max_new_tokens": 0, **NEUTRAL},
            "return_logprob": True,
            "logprob_start_len": sent.n_prompt - 1,
            "return_text_in_logprobs": True,
        }

    def read(self, reply: Any, sent: Sent) -> Answer:
        """The entry of the last prompt token may be null: nothing is wanted of it."""
        meta = as_object(reply).get("meta_info")
        entries = meta.get("input_token_logprobs") if isinstance(meta, Mapping) else None
        expected = sent.ids[sent.n_prompt - 1 :]
        entries = list_of(entries, len(expected), "input_token_logprobs")
        logprobs, texts = [], []
        for offset, (entry, id_sent) in enumerate(zip(entries, expected, strict=True)):
            if not isinstance(entry, list) or len(entry) < 2:
                raise BadReplyError(f"input_token_logprobs[{offset}] is no [logprob, id, text]")
            if entry[1] != id_sent:
                raise other_tokens(sent.n_prompt - 1 + offset, id_sent, str(entry[1]))
            logprobs.append(entry[0])
            texts.append(entry[2] if len(entry) > 2 else "")
        return make_answer(logprobs[1:], texts[1:])
