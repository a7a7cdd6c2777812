"""What a dialect is, what goes out and comes in, and the checks that all replies share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rdpt_core.arrays import Floats
from rdpt_core.scoring.backends.wire import NO_PROBABILITY, ROUNDING

NEUTRAL = {"temperature": 1.0, "top_p": 1.0, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""Sampling that changes no probability. What is not named here a model's own generation settings may fill in."""
BEYOND_OPENAI = frozenset({"top_k", "min_p", "repetition_penalty", "return_token_ids"})
"""Fields that a server which knows OpenAI's alone may refuse; a reply can be used without any of them."""


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


class NoLogprobsError(BadReplyError):
    """The reply's numbers are no logprobs."""


class UnknownToServerError(BadReplyError):
    """The server answered as one that does not know what it was asked for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The tokens of one request. `n_prompt` is at least 1; what follows is the response."""

    ids: list[int]
    n_prompt: int

    @property
    def response(self) -> list[int]:
        """The tokens whose logprobs are wanted."""
        return self.ids[self.n_prompt :]


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
        """Tokens that must fit the server's context beside those that are sent."""
        ...

    @property
    def optional(self) -> frozenset[str]:
        """Fields of a request that may be left out for a server that refuses them."""
        ...

    def request(self, model: str, sent: Sent) -> dict[str, Any]:
        """The body of the request."""
        ...

    def read(self, reply: Any, sent: Sent) -> Answer:
        """Read a reply.

        Raises:
            BadReplyError: it lacks something.
            UnknownToServerError: it lacks what this dialect is about, and always will.
            OtherTokensError: it is about other tokens.
            NoLogprobsError: its numbers are no logprobs.
        """
        ...


def as_object(reply: Any) -> Mapping[str, Any]:
    """A reply that is a JSON object.

    Raises:
        BadReplyError: it is none.
    """
    if not isinstance(reply, Mapping):
        raise BadReplyError("the reply is no JSON object")
    return reply


def first_choice(reply: Any) -> Mapping[str, Any]:
    """The only choice of a completions reply.

    Raises:
        BadReplyError: there is none.
    """
    choices = as_object(reply).get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise BadReplyError("the reply has no choices")
    return choices[0]


def list_of(value: Any, n: int, name: str) -> list[Any]:
    """A list of exactly `n`.

    Raises:
        BadReplyError: it is none, or shorter or longer.
    """
    if not isinstance(value, list) or len(value) != n:
        raise BadReplyError(f"expected {n} {name}, got {len(value) if isinstance(value, list) else 'none'}")
    return value


def check_ids(scored: Any, sent: Sequence[int]) -> None:
    """Compare, where the server says what it scored.

    Raises:
        BadReplyError: `scored` is no list.
        OtherTokensError: the two differ.
    """
    if scored is None:
        return
    if not isinstance(scored, list):
        raise BadReplyError("prompt_token_ids is no list")
    if scored != sent:
        position = next((i for i, (a, b) in enumerate(zip(scored, sent, strict=False)) if a != b), len(scored))
        raise other_tokens(
            position,
            sent[position] if position < len(sent) else None,
            str(scored[position]) if position < len(scored) else "the end",
        )


def other_tokens(position: int, sent: int | None, got: str) -> OtherTokensError:
    """The error for a token that is not the one that was sent."""
    said = f"token {position} of the request: sent id {'nothing' if sent is None else sent}, the server scored {got}"
    return OtherTokensError(said)


def make_answer(logprobs: Sequence[Any], texts: Sequence[Any]) -> Answer:
    """An answer from a reply's values. Shapes: both (n_response,).

    Raises:
        BadReplyError: a value is no number.
        NoLogprobsError: a value is above 0.
    """
    for number, value in enumerate(logprobs):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadReplyError(f"the logprob of response token {number} is {'null' if value is None else 'no number'}")
    try:
        values = np.array(logprobs, dtype=np.float64)
    except OverflowError:
        raise BadReplyError("a logprob is out of range") from None
    return Answer(checked(values), [text if isinstance(text, str) else "" for text in texts])


def checked(values: np.ndarray[Any, np.dtype[np.floating[Any]]]) -> Floats:
    """Logprobs as they are used: NaN for a probability of 0, and never above 0. Shapes: (n,) → (n,).

    Raises:
        NoLogprobsError: a value is above 0 by more than rounding.
    """
    above = np.flatnonzero(values > ROUNDING)
    if above.size:
        raise NoLogprobsError(
            f"the logprob of response token {above[0]} is above 0 ({values[above[0]]:.4g}): logits, perhaps"
        )
    known = np.isfinite(values) & (values > NO_PROBABILITY)
    return np.where(known, np.minimum(values, 0.0), math.nan).astype(np.float32)
