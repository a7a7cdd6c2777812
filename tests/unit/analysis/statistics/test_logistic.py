"""Logistic regression: against statsmodels, planted effects, the gradient, separation and other dead ends."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit
from scipy.stats import t as student_t

from rdpt_core.analysis.statistics.logistic import fit_logistic
from tests.support.simulation import World, draw


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
    y = (sample.traces.correct == 1).astype(float)
    fit = fit_logistic(x, y == 1, sample.traces.question, np.zeros(len(y), np.int64))
    design = np.column_stack([x, np.ones(len(y))])
    # The intercept follows from the slopes: the fitted mean equals the observed one.
    low, high = -20.0, 20.0
    for _ in range(200):
        middle = (low + high) / 2
        mean = expit(design[:, :2] @ fit.coefficient + middle).mean()
        low, high = (middle, high) if mean < y.mean() else (low, middle)
    gradient = design.T @ (y - expit(design[:, :2] @ fit.coefficient + low))
    assert gradient == pytest.approx(np.zeros(3), abs=1e-6)


@pytest.mark.parametrize(("seed", "n_questions", "n_groups"), [(1, 12, 1), (2, 60, 3), (3, 300, 5)])
def test_logistic_equals_statsmodels(seed: int, n_questions: int, n_groups: int) -> None:
    rng = np.random.default_rng(seed)
    # Clusters of one to five traces whose outcomes go together, in groups that differ.
    question = np.repeat(np.arange(n_questions), rng.integers(1, 6, n_questions))
    group = question % n_groups
    predictors = rng.normal(size=(len(question), 2)) + rng.normal(size=(n_questions, 1))[question]
    linear = predictors @ [0.7, -0.3] + 0.4 * group + rng.normal(size=n_questions)[question]
    correct = rng.random(len(question)) < expit(linear)
    found = fit_logistic(predictors, correct, question, group)
    oracle = sm.Logit(correct, np.column_stack([predictors, np.eye(n_groups)[group]])).fit(
        method="newton",
        tol=1e-12,
        disp=False,
        # Its factor for few clusters is ours: G / (G - 1) · (n - 1) / (n - k), k counting the intercepts.
        cov_type="cluster",
        cov_kwds={"groups": question, "use_correction": True, "df_correction": True},
        use_t=True,
    )
    # Both iterate until a step is about 1e-9; Newton's steps square their error, so what is left is rounding.
    assert found.coefficient == pytest.approx(oracle.params[:2], rel=1e-9)
    assert np.column_stack([found.low, found.high]) == pytest.approx(oracle.conf_int()[:2], rel=1e-8)
    assert (found.high - found.low) / 2 == pytest.approx(
        oracle.bse[:2] * student_t.ppf(0.975, n_questions - 1), rel=1e-8
    )
    assert found.p_value == pytest.approx(oracle.pvalues[:2], rel=1e-7)


def test_logistic_refuses_separation_constants_and_few_questions() -> None:
    x = np.linspace(-1, 1, 40)
    zero = np.zeros(40, np.int64)
    assert "separated" in str(fit_logistic(x[:, None], x > 0, np.arange(40), zero).refused)
    y = np.random.default_rng(0).random(40) < 0.5
    assert "told apart" in str(fit_logistic(np.ones((40, 1)), y, np.arange(40), zero).refused)
    assert "told apart" in str(fit_logistic(np.column_stack([x, 2 * x]), y, np.arange(40), zero).refused)
    assert "only 4 questions" in str(fit_logistic(x[:, None], y, np.arange(40) % 4, zero).refused)
    assert "no benchmark" in str(fit_logistic(x[:, None], np.ones(40, bool), np.arange(40), zero).refused)
