"""How far the sentences of some traces stand in training texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.arrays import Ints

MISSING = -1

COPIED, TEMPLATE, NEW = "copied", "template", "new"
"""The classes: the training texts hold the sentence word for word, or only its template, or neither."""


@dataclass(frozen=True, slots=True, eq=False)
class OverlapColumns:
    """All sentences of some traces, one trace after another. `MISSING` stands where there is nothing.

    Shapes: all are (n_sentences,).

    Attributes:
        n_verbatim: how often the training texts hold the sentence word for word; `n_template`: in its template.
        span_start, span_end: characters of the response: its longest stretch that they hold.
        span_in: the number of the training sentence in which that stretch begins.
        nearest: the number of the training sentence that it stands beside.
    """

    n_verbatim: Ints
    n_template: Ints
    span_start: Ints
    span_end: Ints
    span_in: Ints
    nearest: Ints

    @classmethod
    def unknown(cls, n_sentences: int) -> OverlapColumns:
        """Nothing is known of any."""
        return cls(*(np.full(n_sentences, MISSING, np.int64) for _ in range(6)))

    def numbers(self) -> Ints:
        """The training sentences that are referred to, ascending, each once."""
        numbers = np.unique(np.concatenate([self.span_in, self.nearest]))
        known: Ints = numbers[numbers != MISSING]
        return known
