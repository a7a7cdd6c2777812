"""Logistic regression by Firth's penalised likelihood, which is finite where ordinary estimates are not.

The log-likelihood gets half the log-determinant of the information matrix added to it (Firth, Biometrika 80, 1993: the
penalty is Jeffreys' prior). Heinze and Schemper (Statistics in Medicine 21, 2002) take it as the answer to separation,
with intervals from the *profile* of the penalised likelihood: a value belongs to the interval if, with the coefficient
held there, the best of the rest comes close enough to the best of all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from rdpt_core.arrays import Bools, Doubles

_STEPS = 200
_LONGEST_STEP = 5.0
_SMALL = 1e-8
# Beyond this many standard errors a profile that is still too high is taken for one without an end.
_FARTHEST = 200.0


@dataclass(frozen=True, slots=True, eq=False)
class FirthFit:
    """A maximum of the penalised likelihood.

    Attributes:
        coefficient: (k,).
        standard_error: (k,), from the inverse information.
        log_likelihood: penalised.
    """

    coefficient: Doubles
    standard_error: Doubles
    log_likelihood: float


def fit_firth(
    design: Doubles, correct: Bools, held: tuple[int, float] | None = None, start: Doubles | None = None
) -> FirthFit:
    """Maximise the penalised likelihood.

    Args:
        design: (n, k), of full rank, with its intercepts.
        correct: (n,).
        held: a coefficient's index and the value it is held at, while the others are fitted.
        start: (k,), where to begin; zeros otherwise.
    """
    beta = np.zeros(design.shape[1]) if start is None else start.copy()
    free = np.ones(len(beta), bool)
    if held is not None:
        free[held[0]], beta[held[0]] = False, held[1]
    value, fitted, information = _penalised(design, correct, beta)
    for _ in range(_STEPS):
        inverse = np.linalg.inv(information)
        weight = fitted * (1 - fitted)
        leverage = weight * np.einsum("ij,jk,ik->i", design, inverse, design)
        score = design.T @ (correct - fitted + leverage * (0.5 - fitted))
        step = np.zeros(len(beta))
        step[free] = np.linalg.solve(information[np.ix_(free, free)], score[free])
        step *= min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        for _ in range(30):
            following = _penalised(design, correct, beta + step)
            if following[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2
        else:
            break
        beta = beta + step
        value, fitted, information = following
        if np.abs(step).max() < _SMALL:
            break
    return FirthFit(beta, np.sqrt(np.diag(np.linalg.inv(information))), value)


def profile_interval(
    design: Doubles, correct: Bools, fit: FirthFit, index: int, critical: float
) -> tuple[float, float]:
    """Where twice the penalised log-likelihood, profiled over the other coefficients, has fallen by `critical`.

    Args:
        design, correct: those of the fit.
        index: the coefficient.
        critical: 3.84, the 95% quantile of χ² with one degree of freedom, for an ordinary 95% interval.

    Returns:
        Low and high ends; infinite where the profile has no end.
    """
    estimate, spread = float(fit.coefficient[index]), float(fit.standard_error[index])

    def excess(distance: float) -> float:
        held = (index, estimate + distance * spread)
        return 2 * (fit.log_likelihood - fit_firth(design, correct, held, fit.coefficient).log_likelihood) - critical

    return estimate + spread * _crossing(excess, -1.0), estimate + spread * _crossing(excess, 1.0)


def profile_statistic(design: Doubles, correct: Bools, fit: FirthFit, index: int) -> float:
    """Twice the fall of the penalised log-likelihood where the coefficient is held at 0."""
    at_zero = fit_firth(design, correct, (index, 0.0), fit.coefficient)
    return max(0.0, 2 * (fit.log_likelihood - at_zero.log_likelihood))


def _crossing(excess: Callable[[float], float], direction: float) -> float:
    """Where it changes sign on one side of 0, in the unit of its argument."""
    near, far = 0.0, direction
    while excess(far) < 0:
        near, far = far, 2 * far
        if abs(far) > _FARTHEST:
            return direction * np.inf
    return float(brentq(excess, *sorted((near, far)), xtol=1e-6))


def _penalised(design: Doubles, correct: Bools, beta: Doubles) -> tuple[float, Doubles, Doubles]:
    """Penalised log-likelihood, (n,) fitted probabilities, and (k, k) information."""
    linear = design @ beta
    fitted = expit(linear)
    information = design.T @ (design * (fitted * (1 - fitted))[:, None])
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0:
        return -np.inf, fitted, information
    log_likelihood = -np.logaddexp(0.0, np.where(correct, -linear, linear)).sum()
    return float(log_likelihood + 0.5 * log_determinant), fitted, information
