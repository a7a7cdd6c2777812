"""Simulated |d_TS| with one hump and with two, in questions whose sentences are alike or not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from rdpt_core.analysis.run.sensitivity import suggested_beta

Draw = Callable[[np.random.Generator, int, int], np.ndarray]
"""From a generator, a number of questions and of sentences of each to (n_questions, n_sentences) values."""

SIZES = ((10, 20), (30, 30), (100, 60))
"""Questions, and sentences of each."""

WIDTH = 0.1
"""Standard deviation within each of two humps."""


def _own_width(rng: np.random.Generator, n_questions: int, n_sentences: int) -> np.ndarray:
    width = np.exp(rng.normal(-1.5, 0.5, (n_questions, 1)))
    return np.abs(width * rng.normal(size=(n_questions, n_sentences)))


def _own_level(rng: np.random.Generator, n_questions: int, n_sentences: int) -> np.ndarray:
    level, rest = rng.normal(size=(n_questions, 1)), rng.normal(size=(n_questions, n_sentences))
    return np.asarray(ndtr(np.sqrt(0.3) * level + np.sqrt(0.7) * rest))


ONE_HUMP: dict[str, Draw] = {
    "half-normal": lambda rng, n, m: np.abs(rng.normal(0, 0.2, (n, m))),
    "exponential": lambda rng, n, m: rng.exponential(0.1, (n, m)),
    "t with 3 df": lambda rng, n, m: 0.1 * np.abs(rng.standard_t(3, (n, m))),
    "uniform": lambda rng, n, m: rng.random((n, m)),
    "half-normal, questions of different widths": _own_width,
    "uniform, a third of it between questions": _own_level,
}


def two_humps(distance: float, *, spread: float = 0.0) -> Draw:
    """A half-normal hump at 0, and one of 30% of the sentences at `distance` standard deviations.

    Args:
        spread: standard deviation, over questions, of the part that the second hump has of a question.
    """

    def draw(rng: np.random.Generator, n_questions: int, n_sentences: int) -> np.ndarray:
        part = np.clip(0.3 + spread * rng.normal(size=(n_questions, 1)), 0, 1)
        is_second = rng.random((n_questions, n_sentences)) < part
        values = rng.normal(0, WIDTH, (n_questions, n_sentences))
        return np.abs(np.where(is_second, WIDTH * distance + values, values))

    return draw


def histogram(values: np.ndarray, range_end: float | None = None) -> tuple[np.ndarray, float]:
    """Shapes: (n_questions, n_sentences) to (n_questions, N_BINS + 1), as `suggest_beta` takes them; and the range."""
    most = float(np.quantile(values, 0.99)) if range_end is None else range_end
    n_bins = suggested_beta.N_BINS
    bins = np.minimum((values / most * n_bins).astype(np.int64), n_bins)
    counts = np.zeros((len(values), n_bins + 1))
    np.add.at(counts, (np.repeat(np.arange(len(values)), values.shape[1]), bins.ravel()), 1)
    return counts, most


def part_with_beta(draw: Draw, n_questions: int, n_sentences: int, n_sets: int) -> float:
    """The part of simulated data sets for which a β is suggested."""
    found = 0
    for seed in range(n_sets):
        values = draw(np.random.default_rng(seed), n_questions, n_sentences)
        found += suggested_beta.suggest_beta(*histogram(values)).beta is not None
    return found / n_sets
