"""Losses on questions left out: folds, the penalised fit, and what noise and real predictors add."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import ttest_1samp
from sklearn.linear_model import LogisticRegression

from rdpt_core.analysis.statistics.regression.cross_validation import (
    N_FOLDS,
    deal,
    fit_ridge,
    held_out_losses,
    mean_over_questions,
    n_deals,
)


def sample(seed: int, n_questions: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    question = np.repeat(np.arange(n_questions), 3)
    x = rng.normal(size=(len(question), 2))
    return x, rng.random(len(question)) < expit(1.2 * x[:, 0]), question, question % 3


def test_a_question_stays_in_one_fold_and_folds_are_even() -> None:
    rng = np.random.default_rng(0)
    question = rng.permutation(np.repeat(np.arange(103), 3))
    fold = deal(question, question % 4)
    of_question = [set(fold[question == q]) for q in range(103)]
    assert all(len(found) == 1 for found in of_question)
    sizes = np.bincount([found.pop() for found in of_question], minlength=N_FOLDS)
    assert sizes.max() - sizes.min() <= 1
    for group in range(4):
        own = np.bincount([fold[question == q][0] for q in range(103) if q % 4 == group], minlength=N_FOLDS)
        assert own.max() - own.min() <= 1
    assert np.array_equal(fold, deal(question, question % 4)) and not np.array_equal(
        fold, deal(question, question % 4, 1)
    )


def test_the_penalised_fit_is_the_minimum_that_scipy_finds() -> None:
    x, correct, _, _ = sample(1)
    design = np.column_stack([np.ones(len(x)), x])

    def loss(beta: np.ndarray) -> float:
        linear = design @ beta
        return float(np.logaddexp(0, np.where(correct, -linear, linear)).sum() + 0.5 * (beta[1:] ** 2).sum())

    assert fit_ridge(design, correct) == pytest.approx(minimize(loss, np.zeros(3), tol=1e-12).x, abs=1e-5)
    assert np.isfinite(fit_ridge(design, np.ones(len(x), bool))).all()


def test_no_trace_is_judged_by_a_fit_that_saw_its_question(monkeypatch: pytest.MonkeyPatch) -> None:
    # Over several deals a loss is a mean, and means do not add up so.
    monkeypatch.setattr("rdpt_core.analysis.statistics.regression.cross_validation.MAX_DEALS", 1)
    x, correct, question, group = sample(2)
    before = held_out_losses(x, correct, question, group)
    turned = correct.copy()
    turned[question == 7] = ~turned[question == 7]
    own = question == 7
    after = held_out_losses(x, turned, question, group)
    # With the outcome turned round, the same fit gives a loss whose probabilities add up to one.
    # Fits begin at that of all traces, and end within 1e-7; had they seen the question, it would be 1e-3 off.
    assert np.exp(-before[own]) + np.exp(-after[own]) == pytest.approx(np.ones(3), abs=1e-6)


def test_few_traces_are_dealt_often_so_that_a_deal_matters_less(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [n_deals(n) for n in (10, 2_000, 5_000, 20_000, 10**6)] == [10, 10, 4, 1, 1]
    data = sample(5, n_questions=40)
    spread = {}
    for most in (10, 1):
        monkeypatch.setattr("rdpt_core.analysis.statistics.regression.cross_validation.MAX_DEALS", most)
        spread[most] = np.std([held_out_losses(*data, seed=100 * number) for number in range(8)], axis=0).mean()
    # Were deals independent, ten of them would spread by a factor of 0.32.
    assert 0 < spread[10] < 0.5 * spread[1]


def test_a_real_predictor_lowers_the_loss_and_noise_does_not() -> None:
    x, correct, question, group = sample(3)
    nothing, real, both = (held_out_losses(x[:, :k], correct, question, group) for k in range(3))
    assert mean_over_questions(real - nothing, question).high < -0.05
    noise = mean_over_questions(both - real, question)
    assert noise.high > 0 and abs(noise.value) < 0.01
    assert nothing.mean() == pytest.approx(np.log(2), abs=0.02)


def test_the_interval_is_students() -> None:
    rng = np.random.default_rng(4)
    question = np.repeat(np.arange(12), rng.integers(1, 6, 12))
    values = rng.normal(size=len(question))
    found = mean_over_questions(values, question)
    means = [values[question == q].mean() for q in range(12)]
    oracle = ttest_1samp(means, 0).confidence_interval()
    assert (found.value, found.low, found.high) == pytest.approx((np.mean(means), oracle.low, oracle.high))
    assert "only 5 questions" in str(mean_over_questions(values[question < 5], question[question < 5]).refused)
    assert np.isnan(mean_over_questions(np.full(3, np.nan), np.arange(3)).value)


def test_the_penalised_fit_is_that_of_scikit_learn() -> None:
    x, correct, _, _ = sample(9)
    theirs = LogisticRegression(C=1.0, tol=1e-12, max_iter=1000).fit(x, correct)
    ours = fit_ridge(np.column_stack([np.ones(len(x)), x]), correct)
    assert ours == pytest.approx(np.concatenate([theirs.intercept_, theirs.coef_[0]]), abs=1e-5)
