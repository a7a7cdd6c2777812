"""Whether predictors separate the outcomes, so that a logistic regression has no finite estimate.

Albert and Anderson (Biometrika 71, 1984) tell two kinds apart. Outcomes are separated *completely* if some combination
of the predictors lies above a threshold for every correct trace and below it for every incorrect one. They are
separated *in part* (quasi-completely) if no trace lies on the wrong side of the threshold, some lie on it, and not all
do: then the traces on it overlap, but the others all point one way. In either case the likelihood grows without end.

Both are questions about linear inequalities, and a linear program answers them for certain (Konis 2007); a fit that
merely runs far may have a finite estimate after all.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from rdpt_core.arrays import Bools, Doubles, Ints

# Solvers keep to inequalities within 1e-7 or so. Coefficients are at most 1 and predictors have unit spread.
_TOLERANCE = 1e-6


class Separation(StrEnum):
    """How correct and incorrect traces are separated."""

    COMPLETE = "complete"
    PARTIAL = "partial"


def find_separation(predictors: Doubles, correct: Bools, group: Ints) -> Separation | None:
    """How the predictors and a threshold for each group separate correct from incorrect traces; None if they do not.

    Args:
        predictors: (n, k), finite.
        correct: (n,).
        group: (n,), each with an intercept of its own; a group with one outcome only is separated by that alone.
    """
    _, number = np.unique(group, return_inverse=True)
    n, n_groups = len(correct), int(number.max(initial=-1)) + 1
    scale = predictors.std(axis=0)
    scaled = (predictors - predictors.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    sign = np.where(correct, 1.0, -1.0)
    intercepts = sparse.csr_array((sign, (np.arange(n), number)), shape=(n, n_groups))
    # Row i times the coefficients is how far trace i lies on the right side.
    on_right_side = sparse.hstack([sparse.csr_array(scaled * sign[:, None]), intercepts], format="csr")
    bounds = [(-1.0, 1.0)] * on_right_side.shape[1]
    total = np.asarray(on_right_side.sum(axis=0)).reshape(-1)
    farthest = linprog(-total, A_ub=-on_right_side, b_ub=np.zeros(n), bounds=bounds, method="highs")
    if -farthest.fun <= _TOLERANCE * max(1.0, float(np.sqrt(n))):
        return None
    with_margin = sparse.hstack([-on_right_side, sparse.csr_array(np.ones((n, 1)))], format="csr")
    margin_only = np.append(np.zeros(len(bounds)), -1.0)
    margin = linprog(margin_only, A_ub=with_margin, b_ub=np.zeros(n), bounds=[*bounds, (None, 1.0)], method="highs")
    return Separation.COMPLETE if -margin.fun > _TOLERANCE else Separation.PARTIAL
