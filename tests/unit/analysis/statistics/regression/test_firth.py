"""Firth's estimate: against published numbers, a closed form, and maximisation by scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2

from rdpt_core.analysis.statistics.regression.firth import fit_firth, profile_interval, profile_statistic

# Endometrial cancer, Heinze and Schemper 2002, table II: neovasculation, pulsatility index, endometrium height, and
# high histologic grade. Neovasculation occurs with high grade only. Here ordered by the outcome.
LOW_GRADE = """
0 13 1.64|0 16 2.26|0 8 3.14|0 34 2.68|0 20 1.28|0 5 2.31|0 17 1.8|0 10 1.68|0 26 1.56|0 17 2.31|0 8 2.01|0 7 1.89
0 20 3.15|0 10 1.23|0 18 1.27|0 16 1.76|0 18 2|0 28 1.5|0 11 1.33|0 19 2.37|0 10 1.82|0 10 3.13|0 18 1.31|0 14 1.92
0 21 1.64|0 11 2.01|0 17 1.88|0 25 1.93|0 16 2.11|0 19 1.29|0 15 1.72|0 33 0.75|0 24 1.92|0 29 2.02|0 15 2.29|0 12 2.33
0 3 2.9|0 20 1.7|0 23 1.41|0 12 2.25|0 22 1.54|0 42 1.97|0 15 1.75|0 13 2.16|0 14 2.57|0 19 1.37|0 12 3.61|0 13 2.04
0 10 2.17
"""
HIGH_GRADE = """
0 8 2.64|0 29 0.88|0 12 1.27|0 20 1.37|1 38 0.97|1 22 1.14|1 7 0.88|1 25 0.91|1 15 0.58|0 7 0.97|0 48 1.84|0 12 1.11
0 19 1.61|0 2 1.18|1 22 1.44|1 40 1.18|1 5 0.93|1 0 1.17|0 21 1.19|0 15 1.06|0 12 1.69|1 49 0.27|0 6 1.84|0 5 1.3
0 17 0.96|1 11 1.01|1 21 0.98|0 5 0.35|1 19 1.02|0 33 0.85
"""


def rows(text: str) -> list[list[float]]:
    return [[float(word) for word in row.split()] for row in text.replace("\n", "|").split("|") if row]


def endometrial() -> tuple[np.ndarray, np.ndarray]:
    low, high = rows(LOW_GRADE), rows(HIGH_GRADE)
    x = np.array(low + high)
    return np.column_stack([x, np.ones(len(x))]), np.arange(len(x)) >= len(low)


def penalised(design: np.ndarray, correct: np.ndarray, beta: np.ndarray) -> float:
    linear = design @ beta
    fitted = 1 / (1 + np.exp(-linear))
    information = design.T @ np.diag(fitted * (1 - fitted)) @ design
    return float(np.log(np.where(correct, fitted, 1 - fitted)).sum() + 0.5 * np.log(np.linalg.det(information)))


def test_the_published_example_comes_out() -> None:
    design, correct = endometrial()
    assert len(correct) == 79
    fit = fit_firth(design, correct)
    # As the R package logistf prints them.
    assert fit.coefficient == pytest.approx([2.92927330, -0.03475175, -2.60416387, 3.77455951], rel=1e-5)
    ends = [profile_interval(design, correct, fit, k, chi2.ppf(0.95, 1)) for k in range(4)]
    assert np.array(ends) == pytest.approx(
        np.array(
            [[0.6097244, 7.85463171], [-0.1244587, 0.04045547], [-4.3651832, -1.23272106], [1.0825371, 7.2092805]]
        ),
        rel=1e-5,
    )


@pytest.mark.parametrize("table", [(5, 0, 9, 12), (0, 7, 11, 2), (4, 3, 9, 12)])
def test_a_table_of_four_is_that_with_a_half_added_to_each_cell(table: tuple[int, int, int, int]) -> None:
    label = np.repeat([1.0, 1.0, 0.0, 0.0], table)
    correct = np.repeat([True, False, True, False], table)
    a, b, c, d = (n + 0.5 for n in table)
    fit = fit_firth(np.column_stack([label, np.ones(len(label))]), correct)
    assert fit.coefficient[0] == pytest.approx(np.log(a * d / (b * c)), abs=1e-7)


def test_scipy_finds_no_better_coefficients() -> None:
    rng = np.random.default_rng(3)
    design = np.column_stack([rng.normal(size=(40, 2)), np.ones(40)])
    correct = design[:, 0] > 0
    fit = fit_firth(design, correct)
    best = minimize(lambda beta: -penalised(design, correct, beta), np.zeros(3), method="Nelder-Mead", tol=1e-10)
    assert fit.log_likelihood == pytest.approx(-best.fun, abs=1e-7)
    assert fit.coefficient == pytest.approx(best.x, rel=1e-3)
    held = minimize(lambda rest: -penalised(design, correct, np.array([0.0, *rest])), np.zeros(2), method="Nelder-Mead")
    assert profile_statistic(design, correct, fit, 0) == pytest.approx(2 * (held.fun - best.fun), abs=1e-5)
