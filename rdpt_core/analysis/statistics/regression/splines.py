"""A smooth curve in a regression: the natural (restricted) cubic spline of Harrell (Regression Modeling Strategies).

Cubic between its knots and straight beyond the outermost, so that the few longest traces cannot bend it far. With k
knots it takes k - 1 columns, of which the first is the number itself: the straight line is the spline whose other
coefficients are 0, and a test of those tells whether the line misfits.
"""

from __future__ import annotations

import numpy as np

from rdpt_core.arrays import Doubles

KNOTS_AT = (0.05, 0.35, 0.65, 0.95)
"""Quantiles of the data at which the knots stand: Harrell's for three degrees of freedom."""


def spline_knots(values: Doubles) -> Doubles:
    """(≤ 4,), the knots at `KNOTS_AT`; fewer where quantiles coincide, as among small whole numbers.

    Args:
        values: (n,), finite, at least one.
    """
    return np.unique(np.quantile(values, KNOTS_AT))


def natural_spline(values: Doubles, knots: Doubles) -> Doubles:
    """(n, k - 1), the columns of the spline; (n, 1), the values alone, with fewer than three knots.

    With `c(u) = max(u, 0)³`, column j after the first equals

        [c(x - t_j) - c(x - t_{k-1}) (t_k - t_j) / (t_k - t_{k-1}) + c(x - t_k) (t_{k-1} - t_j) / (t_k - t_{k-1})]

    over `(t_k - t_1)²`.

    Args:
        values: (n,), finite.
        knots: (k,), ascending.
    """
    columns = [values]
    if len(knots) >= 3:
        last, before = knots[-1], knots[-2]
        cubes = [np.maximum(values - knot, 0.0) ** 3 for knot in knots]
        for knot, cube in zip(knots[:-2], cubes[:-2], strict=True):
            bent = cube - (cubes[-2] * (last - knot) - cubes[-1] * (before - knot)) / (last - before)
            columns.append(bent / (last - knots[0]) ** 2)
    return np.column_stack(columns)
