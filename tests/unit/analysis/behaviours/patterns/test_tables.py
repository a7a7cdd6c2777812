"""Shares from the same resamples: subtracted, also twice, and never surer than their sides."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.behaviours.patterns.tables import Sums, excess, pairs, strata_of, tabulate
from rdpt_core.analysis.run.group_shares import difference
from rdpt_core.analysis.run.trace_table import TraceTable

LABELS = ("a", "b")


def sums(share: float, n_questions: int, n_each: int, seed: int) -> Sums:
    rng = np.random.default_rng(seed)
    first = rng.binomial(n_each, share, n_questions)
    return Sums(np.stack([first, n_each - first], axis=1).astype(np.float64), n_questions)


def test_a_difference_of_differences_is_as_wide_as_its_resamples() -> None:
    table = tabulate([sums(share, 200, 40, k) for k, share in enumerate((0.6, 0.5, 0.4, 0.35))], LABELS)
    found = excess(table, (0, 1), (2, 3))
    shares = [cell.intervals.share[0] for cell in table.cells]
    assert found.value[0] == pytest.approx(shares[0] - shares[1] - shares[2] + shares[3], abs=1e-12)
    draws = table.draws[:, 0, 0] - table.draws[:, 1, 0] - table.draws[:, 2, 0] + table.draws[:, 3, 0]
    low, high = np.quantile(draws, [0.025, 0.975])
    assert found.low[0] <= low and high <= found.high[0]
    assert found.high[0] - found.low[0] < 1.3 * (high - low)
    assert found.n_questions == (200, 200)


def test_what_does_not_vary_is_not_certain() -> None:
    """Every sentence of a rare pattern carries the label, with the teacher and without: resamples alone would know."""
    always = Sums(np.tile([1.0, 0.0], (20, 1)), 20)
    table = tabulate([always, always, sums(0.5, 20, 500, 0), sums(0.48, 20, 500, 1)], LABELS)
    found = excess(table, (0, 1), (2, 3))
    apart = difference(table, 0, 1)
    assert found.high[0] - found.low[0] >= apart.high[0] - apart.low[0] > 0.1
    assert found.low[0] < 0 < found.high[0]


def test_empty_groups_keep_their_place_and_are_refused() -> None:
    nothing = Sums(np.zeros((20, 2)), 0)
    table = tabulate([nothing, sums(0.5, 20, 5, 0), sums(0.5, 20, 5, 1), nothing], LABELS)
    first, second = pairs(table, ("x", "y"))
    for one, is_empty in ((first.pattern, True), (first.rest, False), (second.pattern, False), (second.rest, True)):
        assert np.isnan(one.share).all() == is_empty == (one.refused is not None)
    assert (first.group, second.group) == ("x", "y")
    assert first.difference.refused == second.difference.refused == "only 0 questions; an interval needs 8"
    assert excess(table, (1, 2), (0, 1)).refused is not None


def test_questions_of_one_benchmark_are_drawn_together() -> None:
    question = np.array([0, 0, 1, 2, 2, 3])
    codes = {"benchmark": np.array([0, 0, 1, 0, 1, 1])}
    keys = tuple(("b", str(k)) for k in range(4))
    traces = TraceTable(np.arange(6), question, keys, codes, {"benchmark": ("x", "y")}, np.zeros(6, np.int8))
    found = strata_of(traces, "benchmark")
    # Question 2 stands in both.
    assert found[1] == found[3] and len({found[0], found[1], found[2]}) == 3
    # Every resample of a stratum with one question is the whole of it.
    group = Sums(np.array([[1.0, 0], [0, 1], [1, 1], [0, 3]]), 6)
    alone = Sums(np.array([[4.0, 1], [0, 0], [0, 0], [0, 0]]), 2)
    table = tabulate([group, alone], LABELS, found)
    np.testing.assert_allclose(table.draws[:, 1], np.tile([0.8, 0.2], (len(table.draws), 1)), atol=1e-6)
