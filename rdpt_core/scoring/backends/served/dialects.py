"""How each kind of server is asked for logprobs of given tokens, and how its reply is read.

Prompt and response go as token ids, made here, as one prompt; a server that gives logprobs of its prompt is enough.
With p the prompt's and r the response's tokens, logprobs come for r only:

    sent     p p p r r r r
    vllm     - n n n n n n      one entry a token, keyed by its id; the first is null
    echo     - n n n n n n      parallel lists of token strings and logprobs; the first is null
    sglang       - n n n n      entries [logprob, id, text] from the last prompt token on, whose own may be null

A reply is checked against what was sent before any number of it is used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rdpt_core.arrays import Floats

_NO_PROBABILITY = -9999.0
"""What OpenAI-compatible servers send for a logprob of minus infinity, which JSON cannot hold."""
_ROUNDING = 1e-3
"""Logprobs this far above 0 come from rounding on the server; beyond it they are no logprobs."""


class NoAnswerError(Exception):
    """A request got no answer that can be used; another try may get one.

    Attributes:
        weight: how many tries it counts for.
        wait_s: how long the server asks to wait before the next one; None if it does not say.
    """

    def __init__(self, what: str, *, weight: int = 1, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.weight = weight
        self.wait_s = wait_s


class BadReplyError(NoAnswerError):
    """A reply that came and cannot be used."""


class OtherTokensError(BadReplyError):
    """The server scored other tokens than were sent."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The tokens of one request. `n_prompt` is at least 1; what follows is the response."""

    ids: list[int]
    n_prompt: int

    @property
    def n_response(self) -> int:
        """How many logprobs are wanted."""
        return len(self.ids) - self.n_prompt


@dataclass(frozen=True, slots=True)
class Answer:
    """Shapes: both (n_response,). Units: nats, NaN where the probability is 0 or not a number.

    `texts` are the server's own spellings of the tokens, "" where it gives none.
    """

    logprob: Floats
    texts: Sequence[str]


class Dialect(Protocol):
    """One way to ask."""

    @property
    def name(self) -> str:
        """As in messages."""
        ...

    @property
    def path(self) -> str:
        """Below the server's root."""
        ...

    @property
    def n_generated(self) -> int:
        """Tokens that the server adds to those that are sent, which must fit its context too."""
        ...

    def request(self, model: str, sent: Sent) -> dict[str, Any]:
        """The body of the request."""
        ...

    def read(self, reply: Any, sent: Sent) -> Answer:
        """Read a reply.

        Raises:
            BadReplyError: it lacks something.
            OtherTokensError: it is about other tokens.
        """
        ...


class VllmDialect:
    """vLLM's `prompt_logprobs`, with the ids of the tokens that it scored."""

    name = "vllm"
    path = "/v1/completions"
    n_generated = 1

    def request(self, model: str, sent: Sent) -> dict[str, Any]:
        """`prompt_logprobs` 0 asks for the token that is there and no alternative to it."""
        return {
            "model": model,
            "prompt": sent.ids,
            "max_tokens": 1,
            "temperature": 0.0,
            "prompt_logprobs": 0,
            "return_token_ids": True,
        }

    def read(self, reply: Any, sent: Sent) -> Answer:
        """Take from every entry the one that has the sent token's id."""
        choice = _first_choice(reply)
        _check_ids(choice.get("prompt_token_ids"), sent.ids)
        entries = _list_of(
            choice.get("prompt_logprobs", _of(reply).get("prompt_logprobs")), len(sent.ids), "prompt_logprobs"
        )
        logprobs, texts = [], []
        for position in range(sent.n_prompt, len(sent.ids)):
            entry = entries[position]
            if not isinstance(entry, Mapping):
                raise BadReplyError(f"prompt_logprobs[{position}] is no object")
            token = entry.get(str(sent.ids[position]))
            if not isinstance(token, Mapping):
                raise OtherTokensError(_other(position, sent.ids[position], ", ".join(map(str, list(entry)[:3]))))
            logprobs.append(token.get("logprob"))
            texts.append(token.get("decoded_token"))
        return _answer(logprobs, texts)


@dataclass(frozen=True, slots=True)
class EchoDialect:
    """The `echo` and `logprobs` of the first completions endpoints; some servers insist on generating a token."""

    max_tokens: int = 0
    name: str = "echo"
    path: str = "/v1/completions"

    @property
    def n_generated(self) -> int:
        """What `max_tokens` asks for."""
        return self.max_tokens

    def request(self, model: str, sent: Sent) -> dict[str, Any]:
        """`logprobs` is 1, since some servers take 0 for none."""
        return {
            "model": model,
            "prompt": sent.ids,
            "max_tokens": self.max_tokens,
            "temperature": 0.0,
            "echo": True,
            "logprobs": 1,
            "return_token_ids": True,
        }

    def read(self, reply: Any, sent: Sent) -> Answer:
        """Parallel lists over the prompt, and over what was generated after it."""
        choice = _first_choice(reply)
        _check_ids(choice.get("prompt_token_ids"), sent.ids)
        lists = choice.get("logprobs")
        if not isinstance(lists, Mapping):
            raise BadReplyError("the reply has no logprobs")
        values, texts = lists.get("token_logprobs"), lists.get("tokens")
        for name, column in (("token_logprobs", values), ("tokens", texts)):
            if not isinstance(column, list) or not 0 <= len(column) - len(sent.ids) <= self.max_tokens:
                n = len(column) if isinstance(column, list) else "no"
                raise BadReplyError(f"expected {len(sent.ids)} {name}, got {n}")
        window = slice(sent.n_prompt, len(sent.ids))
        assert isinstance(values, list) and isinstance(texts, list)
        return _answer(values[window], texts[window])


class SglangDialect:
    """SGLang's own `/generate`, with logprobs of its input from the last prompt token on."""

    name = "sglang"
    path = "/generate"
    n_generated = 0

    def request(self, model: str, sent: Sent) -> dict[str, Any]:
        """A server has one model, so none is named."""
        return {
            "input_ids": sent.ids,
            "sampling_params": {"max_new_tokens": 0, "temperature": 0.0},
            "return_logprob": True,
            "logprob_start_len": sent.n_prompt - 1,
            "return_text_in_logprobs": True,
        }

    def read(self, reply: Any, sent: Sent) -> Answer:
        """The entry of the last prompt token may be null: nothing is wanted of it."""
        meta = _of(reply).get("meta_info")
        entries = meta.get("input_token_logprobs") if isinstance(meta, Mapping) else None
        expected = sent.ids[sent.n_prompt - 1 :]
        entries = _list_of(entries, len(expected), "input_token_logprobs")
        logprobs, texts = [], []
        for offset, (entry, id_sent) in enumerate(zip(entries, expected, strict=True)):
            if not isinstance(entry, list) or len(entry) < 2:
                raise BadReplyError(f"input_token_logprobs[{offset}] is no [logprob, id, text]")
            if entry[1] != id_sent:
                raise OtherTokensError(_other(sent.n_prompt - 1 + offset, id_sent, str(entry[1])))
            logprobs.append(entry[0])
            texts.append(entry[2] if len(entry) > 2 else "")
        return _answer(logprobs[1:], texts[1:])


DIALECTS: dict[str, tuple[Dialect, ...]] = {
    "vllm": (VllmDialect(),),
    "echo": (EchoDialect(0), EchoDialect(1)),
    "sglang": (SglangDialect(),),
}
DIALECTS["auto"] = tuple(dialect for name in ("vllm", "sglang", "echo") for dialect in DIALECTS[name])


def _of(reply: Any) -> Mapping[str, Any]:
    if not isinstance(reply, Mapping):
        raise BadReplyError("the reply is no JSON object")
    return reply


def _first_choice(reply: Any) -> Mapping[str, Any]:
    choices = _of(reply).get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise BadReplyError("the reply has no choices")
    return choices[0]


def _list_of(value: Any, n: int, name: str) -> list[Any]:
    if not isinstance(value, list) or len(value) != n:
        raise BadReplyError(f"expected {n} {name}, got {len(value) if isinstance(value, list) else 'none'}")
    return value


def _check_ids(scored: Any, sent: Sequence[int]) -> None:
    """Compare, where the server says what it scored."""
    if scored is None:
        return
    if not isinstance(scored, list):
        raise BadReplyError("prompt_token_ids is no list")
    if scored != sent:
        position = next((i for i, (a, b) in enumerate(zip(scored, sent, strict=False)) if a != b), len(scored))
        raise OtherTokensError(
            _other(
                position,
                sent[position] if position < len(sent) else None,
                str(scored[position]) if position < len(scored) else "the end",
            )
        )


def _other(position: int, sent: int | None, got: str) -> str:
    return f"token {position} of the request: sent id {'nothing' if sent is None else sent}, the server scored {got}"


def _answer(logprobs: Sequence[Any], texts: Sequence[Any]) -> Answer:
    values = np.empty(len(logprobs), dtype=np.float32)
    for number, value in enumerate(logprobs):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadReplyError(f"the logprob of response token {number} is {'null' if value is None else 'no number'}")
        if value > _ROUNDING:
            raise BadReplyError(f"the logprob of response token {number} is above 0")
        values[number] = min(value, 0.0) if math.isfinite(value) and value > _NO_PROBABILITY else math.nan
    return Answer(values, [text if isinstance(text, str) else "" for text in texts])
