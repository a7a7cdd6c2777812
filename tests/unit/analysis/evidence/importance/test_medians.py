"""Medians of groups, and those of redrawn questions, equal what sorting everything anew would give."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.evidence.importance.medians import STEPS, medians, redrawn_medians, sorted_groups
from rdpt_core.analysis.statistics.resampling import question_draws
from rdpt_core.arrays import Doubles, Floats, Ints

N_RESAMPLES = 200


def drawn(values: Floats, question: Ints, group: Ints, n_groups: int, n_questions: int) -> Doubles:
    """The naive way: repeat every sentence as often as its question is drawn, and take the median."""
    found = np.full((N_RESAMPLES, n_groups), np.nan)
    for first, counts in question_draws(np.zeros(n_questions, np.int64), N_RESAMPLES):
        for place, weight in enumerate(counts):
            for g in range(n_groups):
                of_group = group == g
                repeated = np.repeat(values[of_group], weight[question[of_group]].astype(int))
                if len(repeated):
                    found[first + place, g] = np.median(repeated)
    return found


def redrawn(values: Floats, question: Ints, group: Ints, n_groups: int, n_questions: int) -> Floats:
    order, start = sorted_groups(np.argsort(values), group, n_groups)
    return redrawn_medians(values, question, order, start, n_questions, N_RESAMPLES)


@pytest.mark.parametrize("seed", range(4))
def test_few_sentences_are_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, n_questions = 160, 12
    # Ties, too; and the last group is empty.
    values = np.round(rng.normal(0, 1, n), seed % 3 or 8).astype(np.float32)
    question, group = rng.integers(0, n_questions, n), rng.integers(0, 4, n)
    order, start = sorted_groups(np.argsort(values), group, 5)
    expected = [np.median(values[group == g]) for g in range(4)]
    np.testing.assert_allclose(medians(values, order, start), [*expected, np.nan], rtol=1e-6)
    np.testing.assert_allclose(
        redrawn(values, question, group, 5, n_questions), drawn(values, question, group, 5, n_questions), rtol=1e-6
    )


def test_many_sentences_are_near() -> None:
    rng = np.random.default_rng(1)
    n, n_questions = 20_000, 60
    question = rng.integers(0, n_questions, n)
    values = (rng.exponential(1, n) ** 2 + rng.normal(0, 0.3, n_questions)[question]).astype(np.float32)
    group = np.zeros(n, np.int64)
    ours, naive = (of(values, question, group, 1, n_questions)[:, 0] for of in (redrawn, drawn))
    assert len(np.unique(ours)) > 20 and len(np.unique(values)) > 10 * STEPS
    # Steps are an eighth of a standard error wide.
    spread = naive.std()
    assert np.abs(ours - naive).max() < 0.2 * spread
    assert abs(ours.mean() - naive.mean()) < 0.02 * spread


def test_a_question_that_is_alone_brings_its_own_median_or_none() -> None:
    values, question = np.array([1, 2, 9], np.float32), np.array([0, 0, 0])
    found = redrawn(values, question, np.zeros(3, np.int64), 1, 9)[:, 0]
    assert set(found[np.isfinite(found)].tolist()) == {2.0}
    assert np.isnan(found).any()


def test_groups_are_the_same_however_many_there_are() -> None:
    rng = np.random.default_rng(2)
    n, n_groups, n_questions = 3000, 300, 10
    values, group = rng.normal(0, 1, n).astype(np.float32), rng.integers(0, n_groups, n)
    question = rng.integers(0, n_questions, n)
    together = redrawn(values, question, group, n_groups, n_questions)
    for g in (0, 150, 299):
        alone = group == g
        one = redrawn(values[alone], question[alone], np.zeros(alone.sum(), np.int64), 1, n_questions)
        np.testing.assert_array_equal(together[:, g], one[:, 0])
