"""The permutation test within questions: against a plain loop, its limit, and worlds without an effect."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.run.positions.areas import position_scores
from rdpt_core.analysis.run.positions.tables import absolute_table
from rdpt_core.analysis.statistics.permutation import SMALLEST_P, permute_within_questions
from tests.support.simulation import World, draw


def plain_permutations(score: np.ndarray, correct: np.ndarray, question: np.ndarray, n: int) -> float:
    """The p-value by shuffling question after question."""
    rng = np.random.default_rng(8)

    def statistic(y: np.ndarray) -> float:
        means = np.array([y[question == q].mean() for q in question])
        return float(abs(((y - means) * score).sum()))

    observed, hits = statistic(correct), 0
    for _ in range(n):
        shuffled = correct.copy()
        for q in np.unique(question):
            shuffled[question == q] = rng.permutation(shuffled[question == q])
        hits += statistic(shuffled) >= observed - 1e-9
    return (1 + hits) / (1 + n)


def test_permutation_agrees_with_a_plain_loop_and_with_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    question = np.repeat(np.arange(15), 4)
    correct = rng.random(60) < 0.5
    score = rng.normal(size=60) + 0.4 * correct + 5 * rng.normal(size=15)[question]
    shuffled_test = permute_within_questions(score[:, None], correct, question)
    assert shuffled_test.is_exact and shuffled_test.refused is None
    slow = plain_permutations(score, correct.astype(float), question, 1000)
    assert shuffled_test.p_value[0] == pytest.approx(slow, abs=0.03)
    monkeypatch.setattr("rdpt_core.analysis.statistics.permutation._MAX_VALUES", 1)
    limit = permute_within_questions(score[:, None], correct, question)
    assert not limit.is_exact and limit.p_value[0] == pytest.approx(shuffled_test.p_value[0], abs=0.02)


def test_permutation_is_refused_without_informative_questions() -> None:
    score = np.arange(8.0)[:, None]
    none = permute_within_questions(score, np.arange(8) < 4, np.arange(8) // 4)
    assert none.n_informative == 0 and none.refused is not None and np.isnan(none.p_value[0])
    few = permute_within_questions(score, np.array([1, 0, 1, 0, 1, 1, 1, 1], bool), np.arange(8) // 2)
    assert few.n_informative == 2 and "only 2 questions" in str(few.refused) and np.isfinite(few.value[0])


def test_p_values_are_uniform_without_an_effect() -> None:
    p = []
    for seed in range(60):
        sample = draw(World(effect=0.0), seed)
        table = absolute_table(sample.gaps, sample.codes, sample.rows, 4)
        score = position_scores(table.amount)[:, :1]
        p.append(permute_within_questions(score, sample.traces.correct == 1, sample.traces.question).p_value[0])
    # Fixed seeds; a uniform p is below 0.1 in 6 of 60 on average.
    assert 1 <= sum(value < 0.1 for value in p) <= 12 and np.mean(p) == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("n_questions", [50, 2000])
def test_rounding_is_no_difference(n_questions: int) -> None:
    # A third of three times a tenth is not a tenth: equal scores differ from their mean by rounding.
    question = np.repeat(np.arange(n_questions), 3)
    correct = np.tile([True, False, False], n_questions)
    test = permute_within_questions(np.full((3 * n_questions, 1), 0.1), correct, question)
    assert test.is_exact == (n_questions == 50)
    assert test.p_value[0] == 1.0


def test_no_p_value_is_smaller_than_shuffles_can_tell() -> None:
    question = np.repeat(np.arange(2000), 4)
    correct = np.tile([True, False, False, False], 2000)
    test = permute_within_questions(correct[:, None].astype(float), correct, question)
    assert not test.is_exact and test.p_value[0] == SMALLEST_P > 0
