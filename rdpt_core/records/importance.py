"""How much less likely the answer of a trace is without each of its sentences."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from rdpt_core.arrays import Doubles
from rdpt_core.records import Span

NO_ANSWER = "no_answer"
"""Stands in the place of a reason for a trace whose thinking never ends, or that ends with it."""


class ImportanceMethod(enum.StrEnum):
    """What takes a sentence's place: nothing, or a sentence that the distilled model draws there itself."""

    DELETION = "deletion"
    REPLACEMENT = "replacement"


@dataclass(frozen=True, slots=True)
class Sampling:
    """How sentences are drawn.

    Attributes:
        n_samples: sentences drawn in the place of each; what is stored is the mean over them.
        temperature: what logits are divided by before one is drawn.
    """

    n_samples: int = 1
    temperature: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TraceImportance:
    """One trace.

    Shapes: `logprob_drop` is (n_sentences,), NaN where missing: for the answer, what follows it, marks of format, and
    sentences without tokens.
    Units: nats; a drop is ln p(answer) with the response as it is, minus ln p(answer) without the sentence.

    Attributes:
        answer: the sentence that holds the final answer; None with a reason.
    """

    trace_no: int
    answer: Span | None
    answer_n_tokens: int | None
    answer_logprob: float | None
    logprob_drop: Doubles
    unscored_reason: str | None = None
