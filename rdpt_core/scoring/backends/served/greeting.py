"""What stands in for the weights of a served model, which nobody here can hash: its answer to one fixed question.

Another checkpoint, another quantisation, an adapter or another mode of logprobs under the same served name answers
otherwise. Where a server stands changes no number; how exactly it answers varies a little with what computes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from rdpt_core.errors import ModelError
from rdpt_core.scoring.backends.served.dialects import Answer
from rdpt_core.scoring.backends.served.refusals import LOGITS_HINT

GREETING = ("Which one comes next?", "One, two, three, and so on.")
"""Prompt and response. Plain words on purpose."""

TOLERANCE_NATS = 0.05
"""Answers that differ by no more than this a token, on average, are one model's."""

_WORSE_THAN_CHANCE_NATS = 10.0
"""A model that was trained on little else than its own texts lies 5 nats below chance on plain words; logits that are
all below 0, further."""

_DIGITS = 3


@dataclass(frozen=True, slots=True)
class ServedAs:
    """A served model as it was met.

    Attributes:
        address: the server's, which holds no key.
        dialect: in which it answered.
        logprobs: of the greeting's tokens, in nats; None where there is no number.
    """

    address: str
    dialect: str
    logprobs: tuple[float | None, ...]

    @classmethod
    def of(cls, address: str, dialect: str, answer: Answer) -> Self:
        """Rounded, as it is stored."""
        values = (round(float(value), _DIGITS) if math.isfinite(value) else None for value in answer.logprob)
        return cls(address, dialect, tuple(values))

    @classmethod
    def from_json(cls, stored: object) -> Self | None:
        """What `to_json` gave; None for anything else, since a database may come from anywhere."""
        if not isinstance(stored, Mapping) or not isinstance(logprobs := stored.get("logprobs"), list):
            return None
        texts = [stored.get(name) for name in ("address", "dialect")]
        if not all(isinstance(text, str) for text in texts):
            return None
        if not all(value is None or (type(value) in (int, float) and abs(value) < 1e9) for value in logprobs):
            return None
        return cls(str(texts[0]), str(texts[1]), tuple(logprobs))

    def to_json(self) -> dict[str, Any]:
        """As it is stored with a run."""
        return {**asdict(self), "logprobs": list(self.logprobs)}

    def distance(self, other: ServedAs) -> float:
        """Mean over the tokens of |Δ logprob|, in nats; infinite if one has a number where the other has none."""
        a, b = (np.array(one.logprobs, dtype=np.float64) for one in (self, other))
        if a.shape != b.shape or (np.isnan(a) != np.isnan(b)).any():
            return math.inf
        gaps = np.abs(a - b)[~np.isnan(a)]
        return float(gaps.mean()) if gaps.size else 0.0


def check_same_model(now: ServedAs, before: ServedAs | None, where: str) -> None:
    """Refuse a server that answers otherwise than before, or than nobody knows.

    Raises:
        ModelError: the answers are not one model's.
    """
    distance = math.inf if before is None else now.distance(before)
    if distance > TOLERANCE_NATS:
        raise ModelError(
            "the server answers otherwise than when this run was begun",
            where=f"{where} at {now.address}",
            expected=f"logprobs of the fixed greeting within {TOLERANCE_NATS:g} nats a token",
            got=f"{distance:.2f} nats a token" if math.isfinite(distance) else "others altogether",
            hint="Serve the model that the run was begun with. If it is another one on purpose, name it by a "
            "`revision` of your choice, and it makes a run of its own.",
        )


def check_spelling(answer: Answer, where: str, show: Callable[[str], str]) -> None:
    """Refuse a server that spells the greeting's ids otherwise: they stand for other text in its own tokenizer.

    Args:
        answer: to the greeting.
        where: the model and its address.
        show: strikes the key out of what a server says.

    Raises:
        ModelError: it does. A server that gives no spellings is not refused.
    """
    expected, got = ("".join(text.split()) for text in (GREETING[1], "".join(answer.texts).replace("▁", " ")))
    if got.isascii() and got and all(answer.texts) and got != expected:
        raise ModelError(
            "the served model has another tokenizer",
            where=where,
            expected=f"tokens that spell {GREETING[1]!r}",
            got=repr(show(got)[:80]),
            hint="Name the folder or hub name of its tokenizer: tokenizer = …",
        )


def check_level(answer: Answer, vocabulary_size: int, where: str) -> None:
    """Refuse numbers with which plain words are far less likely than by chance, as logits below 0 are.

    Raises:
        ModelError: the greeting's mean lies `_WORSE_THAN_CHANCE_NATS` or more below that of a guess.
    """
    known = answer.logprob[np.isfinite(answer.logprob)]
    by_chance = -math.log(vocabulary_size)
    if known.size and known.mean() < by_chance - _WORSE_THAN_CHANCE_NATS:
        raise ModelError(
            "the server's numbers are no logprobs of this tokenizer's tokens",
            where=where,
            expected=f"about {by_chance:.1f} nats a token or more for plain words: a guess among "
            f"{vocabulary_size:,} tokens",
            got=f"{known.mean():.1f} nats a token",
            hint=f"{LOGITS_HINT} Or `tokenizer` is another model's.",
        )
