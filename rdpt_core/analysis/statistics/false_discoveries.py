"""False discoveries among many tests: which findings to believe if a given part of them may be wrong."""

from __future__ import annotations

from typing import Literal

import numpy as np

from rdpt_core.arrays import Doubles, Ints

Dependence = Literal["positive", "any"]
"""How tests may depend on each other."""


def q_values(p_values: Doubles, counts: Ints | None = None, dependence: Dependence = "positive") -> Doubles:
    """The smallest rate of false discoveries at which each test is found.

    With m tests and their p-values sorted, that of the k-th smallest is the least of `m p_j / j` over j ≥ k, and at
    most 1 (Benjamini and Hochberg 1995): right for tests that are independent or depend on each other positively.
    Times 1 + 1/2 + … + 1/m it is right for any dependence (Benjamini and Yekutieli 2001).

    Args:
        p_values: (n,); NaN, for a test that was not made, stays NaN and does not count among the m.
        counts: (n,), how many tests have each p-value; 1 by default.
        dependence: which of the two.

    Returns:
        (n,), in the same order; equal p-values have equal q-values.
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    n_tests = np.ones(p_values.shape, np.int64) if counts is None else np.asarray(counts, np.int64)
    found = np.full(p_values.shape, np.nan)
    made = np.flatnonzero(~np.isnan(p_values))
    m = int(n_tests[made].sum())
    if not m:
        return found
    # Largest first: the running least then is that over all j ≥ k.
    order = made[np.argsort(-p_values[made], kind="stable")]
    rank = m - np.concatenate([[0], np.cumsum(n_tests[order])[:-1]])
    scaled = m * p_values[order] / np.maximum(rank, 1)
    if dependence == "any":
        scaled *= _harmonic(m)
    found[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return found


def _harmonic(m: int) -> float:
    """1 + 1/2 + … + 1/m, by its expansion where the sum would be long."""
    if m <= 1_000_000:
        return float((1.0 / np.arange(1, m + 1)).sum())
    return float(np.log(m) + np.euler_gamma + 0.5 / m)
