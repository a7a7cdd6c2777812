"""The `echo` and `logprobs` of the first completions endpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rdpt_core.scoring.backends.served.dialects.base import (
    BEYOND_OPENAI,
    NEUTRAL,
    Answer,
    BadReplyError,
    Sent,
    check_ids,
    first_choice,
    make_answer,
)

_SPELT_ID = re.compile(r"token_id:(\d{1,18})")
"""How a server run with `--return-tokens-as-token-ids` spells a token."""


@dataclass(frozen=True, slots=True)
class EchoDialect:
    """A completion that repeats its prompt, with logprobs; some servers insist on generating a token."""

    max_tokens: int = 0
    name: str = "echo"
    path: str = "/v1/completions"
    n_generated: int = 1
    """vLLM wants room for a token even if none is asked for."""
    optional: frozenset[str] = BEYOND_OPENAI

    def request(self, model: str, sent: Sent) -> dict[str, Any]:
        """`logprobs` is 1, since some servers take 0 for none."""
        return {
            "model": model,
            "prompt": sent.ids,
            "max_tokens": self.max_tokens,
            "echo": True,
            "logprobs": 1,
            "return_token_ids": True,
            **NEUTRAL,
        }

    def read(self, reply: Any, sent: Sent) -> Answer:
        """Parallel lists over the prompt, and over what was generated after it."""
        choice = first_choice(reply)
        check_ids(choice.get("prompt_token_ids"), sent.ids)
        lists = choice.get("logprobs")
        if not isinstance(lists, Mapping):
            raise BadReplyError("the reply has no logprobs")
        values, texts = lists.get("token_logprobs"), lists.get("tokens")
        for name, column in (("token_logprobs", values), ("tokens", texts)):
            if not isinstance(column, list) or not 0 <= len(column) - len(sent.ids) <= self.max_tokens:
                n = len(column) if isinstance(column, list) else "no"
                raise BadReplyError(f"expected {len(sent.ids)} {name}, got {n}")
        assert isinstance(values, list) and isinstance(texts, list)
        spelt = _spelt_ids(texts[: len(sent.ids)])
        check_ids(spelt, sent.ids)
        window = slice(sent.n_prompt, len(sent.ids))
        return make_answer(values[window], texts[window] if spelt is None else [""] * len(sent.response))


def _spelt_ids(texts: Sequence[Any]) -> list[int] | None:
    """The ids, if every token is spelt as one."""
    found = [_SPELT_ID.fullmatch(text) if isinstance(text, str) else None for text in texts]
    return [int(match[1]) for match in found if match] if all(found) else None
