"""References: logprob sums under models of which none taught anything, and runs in a file that have such models.

Sums vary more the longer a sentence is, and from sentence to sentence; those of one question lean the same way under
one model. The first model is the one that is tested; like all others it is one more draw, except where something is
planted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rdpt_core.records import RunKey
from tests.support import companions, synthetic

Array = npt.NDArray[Any]
TAILS = ("normal", "heavy", "skew")
"""Student's t with 3 degrees of freedom is heavy; a negative gamma of shape 1/2 is skew: now and then a model knows
nothing of a sentence."""


@dataclass(frozen=True)
class Drawn:
    """One data set.

    Attributes:
        sums: (1 + M, n), the tested model first.
        n_tokens: (n,).
        question: (n,).
        is_planted: (n,), where the tested model is likelier.
    """

    sums: Array
    n_tokens: Array
    question: Array
    is_planted: Array

    @property
    def halves(self) -> tuple[Array, tuple[Array, ...]]:
        """The tested model and the references, each less the references' mean, in half precision."""
        near = (self.sums - self.sums[1:].mean(axis=0)).astype(np.float16)
        return near[0], tuple(near[1:])


def draw(
    n_references: int,
    tail: str,
    seed: int,
    *,
    n_questions: int = 50,
    n_per_question: int = 10,
    planted: float = 0.0,
    shift: float = 8.0,
) -> Drawn:
    """One data set.

    Args:
        tail: one of `TAILS`.
        planted: the part of the sentences that the tested model finds likelier.
        shift: by how many standard deviations.
    """
    rng = np.random.default_rng(seed)
    n = n_questions * n_per_question
    question = np.repeat(np.arange(n_questions), n_per_question)
    n_tokens = np.maximum(1, rng.poisson(12, n))
    spread = np.sqrt(n_tokens) * np.exp(0.5 * rng.standard_normal(n))
    leaning = _noise(rng, tail, (1 + n_references, n_questions))[:, question]
    sums = (_noise(rng, tail, (1 + n_references, n)) + 0.5 * leaning) * spread - 2.0 * n_tokens
    is_planted = rng.random(n) < planted
    sums[0, is_planted] += shift * spread[is_planted]
    return Drawn(sums, n_tokens.astype(np.uint16), question, is_planted)


def _noise(rng: np.random.Generator, tail: str, shape: tuple[int, ...]) -> Array:
    if tail == "normal":
        return rng.standard_normal(shape)
    return rng.standard_t(3, shape) if tail == "heavy" else -rng.gamma(0.5, size=shape)


def build(path: Path, n_references: int, traces: Sequence[synthetic.Sketch] | None = None) -> RunKey:
    """A run in a file with controls `a`, `b`, …, which differ a little from each other and know no Teacher sentence.

    Args:
        traces: those of `synthetic.sketches` and one without a number by default.
    """
    sketches = [*synthetic.sketches(), synthetic.unscored_sketch()] if traces is None else traces
    run = companions.build(path, sketches, ("checkpoint:200",), models=companions.named_teacher())
    rng = np.random.default_rng(0)
    for place in range(n_references):
        own = {
            kind: min(0.99, p * float(np.exp(0.15 * rng.standard_normal())))
            for kind, p in companions.PROBABILITIES["control:decoy"].items()
        }
        companions.add(path, run, sketches, f"control:{chr(ord('a') + place)}", probabilities=own)
    return run
