"""Holm's adjustment of p-values that stand together: it controls the chance of any false finding among them."""

from __future__ import annotations

import numpy as np

from rdpt_core.arrays import Doubles


def holm(p_values: Doubles) -> Doubles:
    """Adjusted p-values (Holm 1979): compare each with the level that a single test would have.

    With the m p-values sorted, the k-th smallest becomes the largest of `(m - j + 1) * p_j` over j ≤ k, and at most 1.
    It needs no assumption on how the tests depend on each other.

    Args:
        p_values: (m,); NaN, for a test that was not made, stays NaN and does not count among the m.

    Returns:
        (m,), in the same order.
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(p_values.shape, np.nan)
    made = np.flatnonzero(~np.isnan(p_values))
    order = made[np.argsort(p_values[made], kind="stable")]
    scaled = (len(order) - np.arange(len(order))) * p_values[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted
