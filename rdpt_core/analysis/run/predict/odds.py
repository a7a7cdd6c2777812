"""By which factor the odds of a correct answer change with a label, while length is held constant in several ways.

A straight line in the logarithm of length is the usual way and the most fragile one: where correctness first rises and
then falls with length, the line leaves some of length in the residual, and every label that goes with length picks it
up. So a smooth curve stands beside the line, and a test tells whether the line misfits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rdpt_core.analysis.run.predict.graded import Graded, curve
from rdpt_core.analysis.statistics.holm import holm
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.analysis.statistics.regression.conditional import fit_conditional
from rdpt_core.analysis.statistics.regression.logistic import LogisticFit, fit_logistic
from rdpt_core.arrays import Doubles


class Beside(StrEnum):
    """What a label stands beside in a regression."""

    NOTHING = "alone"
    LINE = "beside length, straight line"
    CURVE = "beside length, curve"
    QUESTION = "within questions, beside length"


AT_EQUAL_LENGTH = (Beside.CURVE, Beside.LINE, Beside.QUESTION)


@dataclass(frozen=True, slots=True, eq=False)
class FitRow:
    """Log-odds per standard deviation of a label's measure; the label is the first coefficient of every fit.

    Attributes:
        fits: what it stands beside → the fit.
        p_holm: likewise, the label's p-value with Holm's adjustment for all labels; NaN where refused.
        correlation: of the label's measure with the logarithm of length, within benchmarks.
    """

    predictor: str
    fits: dict[Beside, LogisticFit]
    p_holm: dict[Beside, float]
    correlation: float


@dataclass(frozen=True, slots=True, eq=False)
class LengthFit:
    """Correctness against length alone.

    Attributes:
        line: one coefficient, of the logarithm of length per standard deviation.
        misfit_p: the p-value that the straight line misfits: Wald's test of the curve's further terms; NaN where there
            are too few different lengths for a curve, or no fit.
    """

    line: LogisticFit
    misfit_p: float


def all_odds(graded: Graded) -> tuple[FitRow, ...]:
    """Every label, alone and beside length."""
    lengths = _lengths(graded)
    line = lengths[Beside.LINE][:, 0]

    def row(item: tuple[str, Doubles]) -> FitRow:
        label, values = item
        predictor = graded.standardised(values)
        fits = {beside: _fit(graded, predictor, length, beside) for beside, length in lengths.items()}
        correlation = float((predictor * line).mean()) if len(predictor) else float("nan")
        return FitRow(label, fits, {}, correlation)

    rows = in_parallel(row, list(graded.predictors().items()))
    for beside in Beside:
        adjusted = holm(np.array([row.fits[beside].p_value[0] for row in rows]))
        for found, p in zip(rows, adjusted, strict=True):
            found.p_holm[beside] = float(p)
    return tuple(rows)


def fit_length(graded: Graded) -> LengthFit:
    """Correctness against length alone, as a line, and whether a curve is called for."""
    lengths = _lengths(graded)
    line, bent = (
        fit_logistic(lengths[beside], graded.correct, graded.question, graded.benchmark)
        for beside in (Beside.LINE, Beside.CURVE)
    )
    return LengthFit(line, bent.joint_p_value(1))


def _lengths(graded: Graded) -> dict[Beside, Doubles]:
    """(n_graded, k) each: the columns of length that a label stands beside."""
    none = np.empty((len(graded.rows), 0))
    line, bent = graded.standardised(graded.log_length)[:, None], curve(graded.log_length)
    return {Beside.NOTHING: none, Beside.LINE: line, Beside.CURVE: bent, Beside.QUESTION: bent}


def _fit(graded: Graded, predictor: Doubles, length: Doubles, beside: Beside) -> LogisticFit:
    columns = np.column_stack([predictor, length])
    if beside is Beside.QUESTION:
        return fit_conditional(columns, graded.correct, graded.question)
    return fit_logistic(columns, graded.correct, graded.question, graded.benchmark)
