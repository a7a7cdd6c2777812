"""Logprob sums of sentences under models of which none taught anything, simulated.

Sums vary more the longer a sentence is, and from sentence to sentence; those of one question lean the same way under
one model. The first model is the one that is tested; like all others it is one more draw, except where something is
planted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.arrays import Bools, Doubles, Ints

TAILS = ("normal", "heavy", "skew")
"""Student's t with 3 degrees of freedom is heavy; a negative gamma of shape 1/2 is skew: now and then a model knows
nothing of a sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Logprob sums of sentences under models.

    Attributes:
        sums: (n_models, n), in nats; the first model is tested against all others.
        n_tokens: (n,).
        question: (n,), from 0.
        is_planted: (n,), where the tested model is likelier.
    """

    sums: Doubles
    n_tokens: Ints
    question: Ints
    is_planted: Bools


def simulate(
    n_references: int,
    tail: str,
    seed: int,
    *,
    planted: float = 0.0,
    shift: float = 8.0,
    n_questions: int = 50,
    n_per_question: int = 10,
) -> Sums:
    """One data set.

    Args:
        tail: one of `TAILS`.
        seed: of all draws.
        planted: the part of the sentences that the tested model finds likelier.
        shift: by how many standard deviations.
        n_questions: how many there are.
        n_per_question: sentences of each.
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
    return Sums(sums, n_tokens, question, is_planted)


def _noise(rng: np.random.Generator, tail: str, shape: tuple[int, ...]) -> Doubles:
    if tail == "normal":
        return rng.standard_normal(shape)
    return rng.standard_t(3, shape) if tail == "heavy" else -rng.gamma(0.5, size=shape)
