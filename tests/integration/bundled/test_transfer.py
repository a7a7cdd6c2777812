"""Transfer on the bundled world: reach falls from seen to unseen, and so does the share without any teacher."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.transfer.data import transfer_of
from rdpt_core.analysis.evidence.transfer.levels import from_choice
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
    transfer, rule, scope = transfer_of(run._data()), LabelRule.make(), Scope()
    names = run._data().trace_table(scope).names["benchmark"]
    p_values = []
    for seen in combinations(names, 3):
        assignment = from_choice(names, "benchmark", seen, ())
        p_values.append(transfer.table(rule, scope, assignment).trend.p_value)
    assert len(p_values) == 84
    # Exact: every arrangement is one of those that the test goes through, so that ranks are uniform.
    for level in (0.05, 0.2, 0.5):
        assert sum(p <= level for p in p_values) <= level * 84
    assert sum(p <= 0.5 for p in p_values) >= 0.4 * 84
