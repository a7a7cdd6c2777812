"""Transfer on the bundled world: reach falls from seen to unseen, and so does the share without any teacher."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.transfer.data import transfer_of
from rdpt_core.analysis.evidence.transfer.trend import trend_test
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope

LEVELS = ("seen", "half seen", "unseen")


def test_reach_is_ordered_with_disjoint_intervals_and_so_is_the_control(bundled_database: Path) -> None:
    run = rdpt.open(bundled_database).run()
    rows = {row["name"]: row for row in run.transfer().to_pylist() if row["rows"] == "level"}
    assert tuple(rows) == LEVELS
    for first, second in (LEVELS[:2], LEVELS[1:]):
        assert rows[first]["reach_low"] > rows[second]["reach_high"]
        # The order alone proves no teacher: without one it is the same.
        assert rows[first]["control_share_low"] > rows[second]["control_share_high"]
    for row in rows.values():
        assert row["excess_high"] < 0
    excess = next(
        row
        for row in run.transfer(part="steps").to_pylist()
        if (row["level"], row["minus"], row["number"]) == ("seen", "unseen", "excess")
    )
    assert excess["low"] > 0
    assert (excess["trend_shuffles"], excess["trend_n_units"]) == ("benchmarks", 9)
    assert excess["trend_p_value"] == excess["trend_smallest_p"] == pytest.approx(1 / 1260)


def test_levels_dealt_to_benchmarks_at_random_are_seldom_a_trend(bundled_database: Path) -> None:
    """All 84 ways to call three of nine benchmarks seen: no more than one in twenty has p ≤ 0.05."""
    run = rdpt.open(bundled_database).run()
    counted = transfer_of(run._data()).counted(LabelRule.make(), Scope())
    question, benchmark = counted.traces.question, counted.traces.codes["benchmark"]
    reached, every = (np.bincount(question, n) for n in (counted.true[:, :2].sum(axis=1), counted.true.sum(axis=1)))
    of_question = np.zeros(len(every), np.int64)
    of_question[question] = benchmark
    p_values = [
        trend_test(reached / every, np.isin(of_question, seen).astype(np.int64), of_question).p_value
        for seen in combinations(range(9), 3)
    ]
    assert len(p_values) == 84
    # Exact: every arrangement is one of those that the test goes through, so that ranks are uniform.
    for level in (0.05, 0.2, 0.5):
        assert sum(p <= level for p in p_values) <= level * 84
    assert sum(p <= 0.5 for p in p_values) >= 0.4 * 84
