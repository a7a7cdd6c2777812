"""Conditional logistic regression: against statsmodels, all ways written down, matched pairs, and dead ends."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit
from scipy.stats import t as student_t
from statsmodels.discrete.conditional_models import ConditionalLogit

from rdpt_core.analysis.statistics.regression import conditional
from rdpt_core.analysis.statistics.regression.conditional import fit_conditional


def sample(seed: int, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    question = np.repeat(np.arange(len(sizes)), sizes)
    x = rng.normal(size=(len(question), 2))
    hard = rng.normal(scale=1.5, size=len(sizes))
    return x, rng.random(len(question)) < expit(x @ [0.8, -0.3] + hard[question]), question


@pytest.mark.parametrize("most", [2, 5, 30])
def test_coefficients_and_information_equal_those_of_statsmodels(most: int) -> None:
    x, correct, question = sample(most, np.random.default_rng(0).integers(2, most + 1, 60))
    found = fit_conditional(x, correct, question)
    informative = [q for q in range(60) if 0 < correct[question == q].mean() < 1]
    rows = np.isin(question, informative)
    model = ConditionalLogit(correct[rows].astype(float), x[rows], groups=question[rows])
    oracle = model.fit(disp=False, method="bfgs", gtol=1e-10)
    # Statsmodels stops at a gradient of about 1e-5.
    assert found.coefficient == pytest.approx(oracle.params, rel=1e-4)
    assert found.n_questions == len(informative) and found.n_traces == rows.sum()
    blocks = list(
        conditional._of_equal_size(
            x[rows], correct[rows], *np.unique(question[rows], return_inverse=True, return_counts=True)[1:]
        )
    )
    assert conditional._likelihood(blocks, oracle.params).value == pytest.approx(oracle.llf, rel=1e-10)
    errors = np.sqrt(np.diag(np.linalg.inv(conditional._information(blocks, oracle.params))))
    assert errors == pytest.approx(oracle.bse, rel=1e-4)


def test_a_question_is_all_ways_to_choose_its_correct_traces() -> None:
    rng = np.random.default_rng(1)
    x, beta = rng.normal(size=(1, 7, 2)), np.array([0.7, -1.1])
    block = conditional._Questions(x, np.array([3]), x[:, [0, 2, 5]].sum(axis=1))
    ways = list(itertools.combinations(range(7), 3))
    weight = np.array([np.exp(x[0, list(way)].sum(axis=0) @ beta) for way in ways])
    log_sum, chance = conditional._choices(block, beta)
    assert log_sum[0] == pytest.approx(np.log(weight.sum()), rel=1e-12)
    own = [weight[[trace in way for way in ways]].sum() / weight.sum() for trace in range(7)]
    assert chance[0] == pytest.approx(own, rel=1e-12)


def test_pairs_equal_a_regression_of_their_differences() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(80, 2, 2))
    first = rng.random(80) < expit((x[:, 0] - x[:, 1]) @ [0.9, -0.4])
    correct = np.column_stack([first, ~first])
    found = fit_conditional(x.reshape(160, 2), correct.reshape(160), np.repeat(np.arange(80), 2))
    difference = np.where(first[:, None], x[:, 0] - x[:, 1], x[:, 1] - x[:, 0])
    oracle = sm.Logit(np.ones(80), difference).fit(disp=False, tol=1e-12, cov_type="HC0")
    assert found.coefficient == pytest.approx(oracle.params, rel=1e-8)
    reach = oracle.bse * np.sqrt(80 / 79) * student_t.ppf(0.975, 79)
    assert (found.high - found.low) / 2 == pytest.approx(reach, rel=1e-6)


def test_questions_of_a_thousand_traces_stay_finite() -> None:
    x, correct, question = sample(2, np.full(9, 1000))
    found = fit_conditional(x, correct, question)
    assert found.refused is None and found.coefficient == pytest.approx([0.8, -0.3], abs=0.1)


def test_the_planted_effect_is_found_whatever_the_questions() -> None:
    hits = 0
    for seed in range(200):
        x, correct, question = sample(seed, np.full(40, 5))
        found = fit_conditional(x, correct, question)
        hits += found.low[0] <= 0.8 <= found.high[0]
    # 190 are expected; the standard deviation is 3.
    assert 181 <= hits <= 199


def test_refusals() -> None:
    x, correct, question = sample(3, np.full(20, 4))
    assert "separated" in str(fit_conditional(np.where(correct, 1.0, 0.0)[:, None], correct, question).refused)
    assert "no question" in str(fit_conditional(x, np.ones(80, bool), question).refused)
    assert "told apart" in str(fit_conditional(question[:, None].astype(float), correct, question).refused)
    assert "only" in str(fit_conditional(x[:12], correct[:12], question[:12]).refused)
