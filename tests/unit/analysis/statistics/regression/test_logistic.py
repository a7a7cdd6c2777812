"""Logistic regression: against statsmodels, planted effects, the gradient, separation and other dead ends."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit
from scipy.stats import f as f_distribution
from scipy.stats import t as student_t

from rdpt_core.analysis.statistics.regression.logistic import fit_logistic
from rdpt_core.analysis.statistics.regression.separation import Separation
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
    # Its degrees of freedom are the questions less one; ours, the effective number of them less one.
    assert found.n_questions == n_questions and found.n_effective < n_questions
    reach = oracle.bse[:2] * student_t.ppf(0.975, found.n_effective - 1)
    assert (found.high - found.low) / 2 == pytest.approx(reach, rel=1e-8)
    assert (found.high + found.low) / 2 == pytest.approx(oracle.params[:2], rel=1e-8)
    p = 2 * student_t.cdf(-np.abs(oracle.tvalues[:2]), found.n_effective - 1)
    assert found.p_value == pytest.approx(p, rel=1e-7)
    wald = oracle.wald_test(np.eye(2, len(oracle.params)), use_f=True, scalar=True)
    assert found.joint_p_value(0) == pytest.approx(
        f_distribution.sf(wald.statistic, 2, found.n_effective - 1), rel=1e-7
    )
    assert found.joint_p_value(1) == pytest.approx(found.p_value[1], rel=1e-9)


def test_questions_of_equal_size_have_the_degrees_of_freedom_of_statsmodels() -> None:
    rng = np.random.default_rng(4)
    question, zero = np.repeat(np.arange(30), 3), np.zeros(90, np.int64)
    x = rng.normal(size=(90, 1))
    correct = rng.random(90) < expit(x[:, 0] + rng.normal(size=30)[question])
    found = fit_logistic(x, correct, question, zero)
    oracle = sm.Logit(correct, np.column_stack([x, np.ones(90)])).fit(
        disp=False, tol=1e-12, cov_type="cluster", cov_kwds={"groups": question, "df_correction": True}, use_t=True
    )
    assert found.n_effective == 30
    assert (found.low[0], found.high[0]) == pytest.approx(tuple(oracle.conf_int()[0]), rel=1e-8)
    assert found.p_value[0] == pytest.approx(oracle.pvalues[0], rel=1e-7)


def test_one_looping_trace_leaves_a_finite_estimate() -> None:
    rng = np.random.default_rng(2)
    count = rng.poisson(8, 300).astype(float)
    correct = rng.random(300) < expit(-0.35 * (count - 8))
    count[0], correct[0] = 2000, False
    zero, question = np.zeros(300, np.int64), np.arange(300)
    standardised = (count - count.mean()) / count.std()
    found = fit_logistic(standardised[:, None], correct, question, zero)
    oracle = sm.Logit(correct, np.column_stack([standardised, np.ones(300)])).fit(disp=False, maxiter=500, tol=1e-12)
    assert found.refused is None and found.separation is None
    # The linear predictor of the looping trace is far beyond what any certainty would need.
    assert found.coefficient[0] == pytest.approx(oracle.params[0], rel=1e-6) and found.coefficient[0] < -30


def test_separation_has_firths_estimate_and_says_which_kind() -> None:
    rng = np.random.default_rng(7)
    zero, question = np.zeros(80, np.int64), np.arange(80)
    x = np.linspace(-1, 1, 80)
    whole = fit_logistic(x[:, None], x > 0, question, zero)
    assert whole.separation is Separation.COMPLETE and whole.refused is None
    assert np.isfinite(whole.coefficient[0]) and 0 < whole.low[0] < whole.coefficient[0] < whole.high[0]
    # Six traces have the label, and all six are correct; the others overlap.
    label = (np.arange(80) < 6).astype(float)
    correct = (rng.random(80) < 0.5) | (label == 1)
    part = fit_logistic(np.column_stack([label, x]), correct, question, zero)
    assert part.separation is Separation.PARTIAL and part.low[0] < part.coefficient[0] < part.high[0]
    assert np.isnan(part.low[1]) and np.isnan(part.joint_p_value(1))
    # Four traces to a question that are all alike are no more evidence than one of them.
    four = [np.repeat(array, 4, axis=0) for array in (label[:, None], correct, question, zero)]
    once = fit_logistic(label[:, None], correct, question, zero)
    again = fit_logistic(*four)
    assert again.separation is Separation.PARTIAL and again.low[0] < again.coefficient[0]
    assert again.p_value[0] > 0.5 * once.p_value[0]


def test_logistic_refuses_constants_and_few_questions() -> None:
    x = np.linspace(-1, 1, 40)
    zero = np.zeros(40, np.int64)
    y = np.random.default_rng(0).random(40) < 0.5
    assert "told apart" in str(fit_logistic(np.ones((40, 1)), y, np.arange(40), zero).refused)
    assert "told apart" in str(fit_logistic(np.column_stack([x, 2 * x]), y, np.arange(40), zero).refused)
    assert "only 4 questions" in str(fit_logistic(x[:, None], y, np.arange(40) % 4, zero).refused)
    many = np.repeat(np.arange(9), [32, 1, 1, 1, 1, 1, 1, 1, 1])
    assert "9 questions" in str(fit_logistic(x[:, None], y, many, zero).refused)
    assert "no benchmark" in str(fit_logistic(x[:, None], np.ones(40, bool), np.arange(40), zero).refused)
