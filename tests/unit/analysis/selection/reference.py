"""Every strategy written naively from its formula: plain Python over one candidate's sentences and tokens."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

BETA, DAS_GAP, RANK_CAP = 0.1, 0.3, 100


@dataclass(frozen=True)
class Sentence:
    """Token logprobs of both models, the student's ranks, and the student's logprobs with local context."""

    teacher: list[float]
    student: list[float]
    ranks: list[int]
    local: list[float]

    @property
    def gap(self) -> float:
        return p(self.teacher) - p(self.student)


Response = list[Sentence]


def p(logprobs: list[float]) -> float:
    return math.exp(math.fsum(logprobs) / len(logprobs))


def tokens(response: Response) -> list[float]:
    return [logprob for sentence in response for logprob in sentence.student]


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def count(response: Response) -> float:
    return sum(1 for sentence in response if sentence.gap > BETA)


# Larger is better here: the strategies that keep the smallest have a minus.
WORTH: dict[str, Callable[[Response], float]] = {
    "teacher-count": count,
    "teacher-share": lambda response: count(response) / len(response),
    "teacher-fewest": lambda response: -count(response),
    "longest": lambda response: len(tokens(response)),
    "shortest": lambda response: -len(tokens(response)),
    "grape": lambda response: mean(tokens(response)),
    "lalp": lambda response: mean([mean(sentence.local) for sentence in response]),
    "step-drop": lambda response: mean([logprob for sentence in response for logprob in sentence.student[1:]]),
    "rsr": lambda response: (
        -sum(min(rank, RANK_CAP) for sentence in response for rank in sentence.ranks) / -math.fsum(tokens(response))
    ),
    "das": lambda response: (
        sum(len(sentence.student) for sentence in response if sentence.gap > DAS_GAP) / len(tokens(response))
    ),
    "expression": lambda response: count(response) - 0.01 * len(tokens(response)),
}


def evidence(response: Response) -> float:
    return math.fsum(max(0.0, sentence.gap - BETA) for sentence in response)


def apart(response: Response) -> float:
    gaps = [(len(sentence.student), sentence.gap - DAS_GAP) for sentence in response]
    return math.fsum(n * max(0.0, gap) for n, gap in gaps) / len(tokens(response))


# What decides between equal scores, larger is better; all others go by the evidence. A token is one byte here.
TIES: dict[str, Callable[[Response], float]] = {
    "teacher-share": lambda response: evidence(response) / len(response),
    "teacher-fewest": lambda response: -evidence(response),
    "longest": lambda response: len(tokens(response)),
    "shortest": lambda response: -len(tokens(response)),
    "das": apart,
}


def text_number(text: str) -> int:
    """The first half of a text's MD5 digest."""
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:8], "little")


def best_of(keys: list[tuple[float, float, int, int]], k: int) -> list[int]:
    """Positions of the k best by worth and then tie score, the smaller numbers first; no worth, no pick."""
    known = [position for position, (worth, *_) in enumerate(keys) if math.isfinite(worth)]
    return sorted(known, key=lambda position: (-keys[position][0], -keys[position][1], *keys[position][2:]))[:k]


def to_twelve_digits(value: float) -> float:
    return float(f"{value:.11e}")
