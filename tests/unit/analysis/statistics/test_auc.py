"""AUC against its definition, resampled questions, planted effects and dead ends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm
from sklearn.metrics import roc_auc_score

from rdpt_core.analysis.statistics.auc import auc_gap, auc_gap_within_questions, auc_within, auc_within_questions
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


def test_auc_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(4)
    score, correct = rng.integers(0, 9, 80).astype(float), rng.random(80) < 0.4
    auc = auc_within(score, correct, np.zeros(80, np.int64), np.arange(80))
    assert auc.value == pytest.approx(roc_auc_score(correct, score), rel=1e-12)


def test_auc_equals_the_mann_whitney_statistic_of_scipy() -> None:
    rng = np.random.default_rng(1)
    score, correct = rng.integers(0, 9, 60).astype(float), rng.random(60) < 0.4
    wins = mannwhitneyu(score[correct], score[~correct]).statistic
    auc = auc_within(score, correct, np.zeros(60, np.int64), np.arange(60))
    assert auc.value == pytest.approx(wins / (correct.sum() * (~correct).sum()), rel=1e-12)
    assert (auc.p_value < 0.05) == (not auc.low <= 0.5 <= auc.high)


def test_pairs_of_about_the_same_length_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(2)
    n = 120
    score, correct, length = rng.integers(0, 6, n).astype(float), rng.random(n) < 0.5, rng.integers(3, 30, n)
    group, question = rng.integers(0, 3, n), rng.integers(0, 40, n)
    won = pairs = 0.0
    for a in np.flatnonzero(correct):
        for b in np.flatnonzero(~correct & (group == group[a])):
            if 10 * max(length[a], length[b]) <= 11 * min(length[a], length[b]):
                won, pairs = won + (score[a] > score[b]) + 0.5 * (score[a] == score[b]), pairs + 1
    near = auc_within(score, correct, group, question, length)
    assert near.value == pytest.approx(won / pairs, rel=1e-12)
    # Where all are equally long, nothing is left out.
    every = auc_within(score, correct, group, question)
    assert auc_within(score, correct, group, question, np.full(n, 7)) == every
    assert near.n_correct + near.n_incorrect <= n and near.high - near.low > every.high - every.low


def test_a_label_that_only_goes_with_length_says_nothing_at_equal_length() -> None:
    rng = np.random.default_rng(3)
    length = rng.integers(4, 40, 3000)
    score = length + rng.normal(scale=4, size=3000)
    correct = rng.random(3000) < 1 / (1 + np.exp(-(length - 20) / 5))
    zero, question = np.zeros(3000, np.int64), np.arange(3000) // 3
    assert auc_within(score, correct, zero, question).low > 0.8
    near = auc_within(score, correct, zero, question, length)
    assert near.low < 0.55 and near.value < 0.56


def rollouts(rng: np.random.Generator, biggest: int, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Twenty questions, half of whose traces are correct: one with `biggest` traces, the others with four."""
    size = np.full(20, 4)
    size[0] = biggest
    question = np.repeat(np.arange(20), size)
    correct = np.concatenate([np.arange(n) < n // 2 for n in size])
    score = rng.normal(size=len(question)) + correct * rng.normal(scale=spread, size=20)[question]
    return score, correct, question


@pytest.mark.parametrize("spread", [0.0, 1.0])
@pytest.mark.parametrize("biggest", [4, 20, 100, 400])
def test_one_question_of_many_traces_does_not_pass_for_certainty(biggest: int, spread: float) -> None:
    rng = np.random.default_rng(biggest)
    hits = 0
    for _ in range(200):
        auc = auc_within_questions(*rollouts(rng, biggest, spread))
        assert (auc.n_questions, auc.n_effective) == (20, 20.0) and auc.high - auc.low > 0.1
        hits += auc.low <= 0.5 <= auc.high
    # 190 of 200 are expected; the standard deviation is 3.
    assert 181 <= hits <= 199


def test_within_questions_every_question_counts_once() -> None:
    score, correct, question = rollouts(np.random.default_rng(6), 100, 1.0)
    own = [
        mannwhitneyu(score[(question == q) & correct], score[(question == q) & ~correct]).statistic
        / ((question == q) & correct).sum() ** 2
        for q in range(20)
    ]
    auc = auc_within_questions(score, correct, question)
    assert auc.value == pytest.approx(np.mean(own), rel=1e-12)
    # On the logit scale the reach is that of the mean, by the delta method.
    spread = np.std(own, ddof=1) / np.sqrt(20) / (auc.value * (1 - auc.value))
    reach = np.log(auc.high / (1 - auc.high)) - np.log(auc.value / (1 - auc.value))
    assert reach == pytest.approx(2.0930240544 * spread, rel=1e-8)


def test_questions_so_unequal_that_one_decides_get_no_pooled_interval() -> None:
    score, correct, question = rollouts(np.random.default_rng(5), 100, 0.0)
    pooled = auc_within(score, correct, np.zeros(len(score), np.int64), question)
    assert pooled.n_questions == 20 and pooled.n_effective < 8 and np.isnan(pooled.low)
    assert "20 questions" in str(pooled.refused)


def test_questions_that_all_agree_have_an_exact_interval() -> None:
    correct, question = np.tile([True, False], 12), np.repeat(np.arange(12), 2)
    auc = auc_within_questions(correct.astype(float), correct, question)
    # The lower end is the mean at which all twelve would agree with probability 2.5%.
    assert auc.refused is None and auc.value == auc.high == 1 and auc.low == pytest.approx(0.025 ** (1 / 12))
    assert auc.p_value == pytest.approx(2 * 0.5**12)
    flat = auc_within_questions(np.ones(24), correct, question)
    assert flat.value == 0.5 and "the same for all" in str(flat.refused)


def test_a_gap_between_aucs_covers_the_truth_and_turns_round() -> None:
    rng, hits = np.random.default_rng(8), 0
    truth = norm.cdf(0.9 / np.sqrt(2)) - norm.cdf(0.5 / np.sqrt(2))
    question = np.repeat(np.arange(60), 3)
    zero = np.zeros(180, np.int64)
    for _ in range(200):
        correct = rng.random(180) < 0.5
        shared = rng.normal(size=180)
        # Both share a part; the second one goes with incorrect answers.
        better = 0.9 * correct + np.sqrt(0.5) * (shared + rng.normal(size=180))
        weaker = -0.5 * correct - np.sqrt(0.5) * (shared + rng.normal(size=180))
        gap = auc_gap(better, weaker, correct, zero, question)
        hits += gap.low <= truth <= gap.high
    assert 181 <= hits <= 199
    turned = auc_gap(weaker, better, correct, zero, question)
    assert (turned.value, turned.low) == (pytest.approx(-gap.value), pytest.approx(-gap.high))


def test_a_gap_within_questions_is_a_paired_mean() -> None:
    score, correct, question = rollouts(np.random.default_rng(9), 4, 1.0)
    other = score + np.random.default_rng(1).normal(size=len(score))
    gap = auc_gap_within_questions(score, other, correct, question)
    first, second = auc_within_questions(score, correct, question), auc_within_questions(other, correct, question)
    assert gap.value == pytest.approx(abs(first.value - 0.5) - abs(second.value - 0.5))
    same = auc_gap_within_questions(score, 2 * score, correct, question)
    assert same.value == 0 and "same way" in str(same.refused)
    none = auc_gap_within_questions(score, other, np.ones(len(score), bool), question)
    assert np.isnan(none.value) and none.refused is not None
