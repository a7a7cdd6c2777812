"""AUC and logistic regression: against plain definitions, planted effects, separation and other dead ends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from rdpt_core.analysis.run.predict import ALL, LENGTH, SAME_QUESTION, predict_correctness, prediction_table
from rdpt_core.analysis.statistics.auc import auc_within
from rdpt_core.analysis.statistics.logistic import fit_logistic
from tests import simulation
from tests.simulation import KINDS, World, draw


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
    score, correct, question = sample.counts[:, 0], sample.facts.correct == 1, sample.facts.question
    one = np.zeros(len(score), np.int64)
    found = auc_within(score, correct, one, question)
    rng, values = np.random.default_rng(3), []
    members = [np.flatnonzero(question == q) for q in np.unique(question)]
    for _ in range(400):
        rows = np.concatenate([members[q] for q in rng.integers(0, len(members), len(members))])
        values.append(auc_within(score[rows], correct[rows], one[rows], question[rows]).value)
    low, high = np.quantile(values, [0.025, 0.975])
    assert found.high - found.low == pytest.approx(high - low, rel=0.15)
    naive = auc_within(score, correct, one, np.arange(len(score)))
    assert found.high - found.low > 1.15 * (naive.high - naive.low)


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


def test_logistic_finds_what_is_planted_and_tells_length_from_label() -> None:
    rng = np.random.default_rng(5)
    question = np.repeat(np.arange(1500), 4)
    group = question % 3
    length = rng.normal(size=6000)
    label = 0.8 * length + 0.6 * rng.normal(size=6000)
    correct = rng.random(6000) < expit(np.array([-1.0, 0.0, 1.0])[group] + 0.9 * length)
    alone = fit_logistic(label[:, None], correct, question, group)
    beside = fit_logistic(np.column_stack([label, length]), correct, question, group)
    assert alone.low[0] > 0.3
    assert beside.low[0] < 0 < beside.high[0]
    assert beside.coefficient[1] == pytest.approx(0.9, abs=0.15)


def test_logistic_at_its_solution_has_no_gradient() -> None:
    sample = draw(World(), 7)
    x = sample.counts[:, :2] / 10
    y = (sample.facts.correct == 1).astype(float)
    found = fit_logistic(x, y == 1, sample.facts.question, np.zeros(len(y), np.int64))
    design = np.column_stack([x, np.ones(len(y))])
    # The intercept follows from the slopes: the fitted mean equals the observed one.
    low, high = -20.0, 20.0
    for _ in range(200):
        middle = (low + high) / 2
        mean = expit(design[:, :2] @ found.coefficient + middle).mean()
        low, high = (middle, high) if mean < y.mean() else (low, middle)
    gradient = design.T @ (y - expit(design[:, :2] @ found.coefficient + low))
    assert gradient == pytest.approx(np.zeros(3), abs=1e-6)


def test_logistic_refuses_separation_constants_and_few_questions() -> None:
    x = np.linspace(-1, 1, 40)
    zero = np.zeros(40, np.int64)
    assert "separated" in str(fit_logistic(x[:, None], x > 0, np.arange(40), zero).refused)
    y = np.random.default_rng(0).random(40) < 0.5
    assert "told apart" in str(fit_logistic(np.ones((40, 1)), y, np.arange(40), zero).refused)
    assert "told apart" in str(fit_logistic(np.column_stack([x, 2 * x]), y, np.arange(40), zero).refused)
    assert "only 4 questions" in str(fit_logistic(x[:, None], y, np.arange(40) % 4, zero).refused)
    assert "no benchmark" in str(fit_logistic(x[:, None], np.ones(40, bool), np.arange(40), zero).refused)


def test_everything_on_correctness_of_simulated_traces() -> None:
    sample = draw(World(n_questions=120, effect=0.8), 11)
    found = predict_correctness(sample.facts, sample.counts, KINDS, "share", sample.counts)
    by_key = {(row.predictor, row.group): row.auc for row in found.aucs}
    assert by_key["Teacher", ALL].low > 0.5 > by_key["Shared", ALL].high
    assert by_key["Teacher", SAME_QUESTION].n_questions < 120
    assert by_key[LENGTH, ALL].low < 0.5 < by_key[LENGTH, ALL].high
    assert [row.auc.value for row in found.without_first] == [by_key[kind, ALL].value for kind in KINDS]
    assert found.n_graded == len(sample.counts) and found.n_ungraded == 0
    rows = prediction_table(found).to_pylist()
    boosted = [row for row in rows if row["predictor"] == "Boosted" and row["statistic"].startswith("odds")]
    assert all(row["value"] is None and row["no_interval_because"] for row in boosted)
