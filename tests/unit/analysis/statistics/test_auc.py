"""AUC against its definition, resampled questions, planted effects and dead ends."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.statistics.auc import auc_within
from tests.support import simulation
from tests.support.simulation import World, draw


def plain_auc(score: np.ndarray, correct: np.ndarray, group: np.ndarray) -> float:
    won = pairs = 0.0
    for g in np.unique(group):
        for a in score[(group == g) & correct]:
            for b in score[(group == g) & ~correct]:
                won, pairs = won + (a > b) + 0.5 * (a == b), pairs + 1
    return won / pairs


def test_auc_equals_its_definition_with_ties_and_groups() -> None:
    rng = np.random.default_rng(0)
    score, correct = rng.integers(0, 5, 80).astype(float), rng.random(80) < 0.4
    group, question = rng.integers(0, 4, 80), rng.integers(0, 30, 80)
    assert auc_within(score, correct, group, question).value == pytest.approx(plain_auc(score, correct, group))
    assert auc_within(-score, correct, group, question).value == pytest.approx(1 - plain_auc(score, correct, group))


def test_auc_interval_agrees_with_resampling_of_questions() -> None:
    sample = draw(World(n_questions=80), 1)
    score, correct, question = sample.counts[:, 0], sample.traces.correct == 1, sample.traces.question
    same_group = np.zeros(len(score), np.int64)
    clustered = auc_within(score, correct, same_group, question)
    rng, values = np.random.default_rng(3), []
    members = [np.flatnonzero(question == q) for q in np.unique(question)]
    for _ in range(400):
        rows = np.concatenate([members[q] for q in rng.integers(0, len(members), len(members))])
        values.append(auc_within(score[rows], correct[rows], same_group[rows], question[rows]).value)
    low, high = np.quantile(values, [0.025, 0.975])
    assert clustered.high - clustered.low == pytest.approx(high - low, rel=0.15)
    naive = auc_within(score, correct, same_group, np.arange(len(score)))
    assert clustered.high - clustered.low > 1.15 * (naive.high - naive.low)


@pytest.mark.parametrize("within", [False, True])
def test_the_planted_auc_is_found(within: bool) -> None:
    world = World(n_questions=300, effect=0.8)
    statistic = simulation.auc_within_questions if within else simulation.auc
    truth = statistic(simulation.large(world))[0]
    value, low, high = statistic(draw(world, 9))
    assert low < truth < high and low > 0.5 and value == pytest.approx(truth, abs=0.05)


def test_auc_refusals() -> None:
    zero = np.zeros(20, np.int64)
    score, correct = np.arange(20.0), np.arange(20) >= 10
    assert "overlap" in str(auc_within(score, correct, zero, np.arange(20)).refused)
    assert "only 4 questions" in str(auc_within(score[::-1] % 7, correct, zero, np.arange(20) // 5).refused)
    none = auc_within(score, np.ones(20, bool), zero, np.arange(20))
    assert none.refused is not None and np.isnan(none.value) and none.n_questions == 0
