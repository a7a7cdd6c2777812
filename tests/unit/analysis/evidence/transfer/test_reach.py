"""Reach of groups and levels against naive sums, and its differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rdpt_core.analysis.evidence.transfer.levels import from_choice, from_domains
from rdpt_core.analysis.evidence.transfer.reach import Counted, reach_table
from rdpt_core.analysis.statistics.intervals import bootstrap_shares
from tests.unit.analysis.evidence.transfer import worlds

N = 12
BENCHMARKS = [name for name in ("a", "b", "c", "d") for _ in range(N)]
DOMAINS = [name for name in ("seen", "seen", "half seen", "unseen") for _ in range(N)]
SIZE = np.arange(4 * N)
ABOVE = np.repeat([6, 5, 3, 1], N) + SIZE % 2
UP = np.repeat([1, 2, 1, 1], N)
CONTROL = np.repeat([6, 6, 5, 4], N) + SIZE % 3


def table_of(base: Counted | None = None):  # type: ignore[no-untyped-def]
    traces = worlds.traces(BENCHMARKS, DOMAINS)
    assignment = from_domains(traces, "benchmark")
    assert assignment is not None
    return reach_table(worlds.counted(traces, ABOVE, UP, control=CONTROL), base, assignment)


def test_shares_are_sums_over_sums() -> None:
    table = table_of()
    assert [row.name for row in table.groups] == ["a", "b", "c", "d"]
    assert [row.name for row in table.levels] == ["seen", "half seen", "unseen"]
    for row in (*table.groups, *table.levels):
        held = np.array([row.name in (b, d) for b, d in zip(BENCHMARKS, DOMAINS, strict=True)])
        assert row.members.tolist() == np.flatnonzero(held).tolist()
        assert row.reach.share[0] == pytest.approx((ABOVE + UP)[held].sum() / (10 * held.sum()))
        assert row.label.share[0] == pytest.approx(ABOVE[held].mean() / 10)
        assert row.control is not None and row.control.share[0] == pytest.approx(CONTROL[held].mean() / 10)
        assert row.excess is not None and row.excess.value == pytest.approx((ABOVE - CONTROL)[held].mean() / 10)
        assert row.excess.low < row.excess.value < row.excess.high
        assert (row.n_sentences, row.reach.n_questions) == (10 * held.sum(), held.sum())
        assert row.base is None and row.gain is None
        hits = (ABOVE + UP)[held]
        alone = bootstrap_shares(np.stack([hits, 10 - hits], 1), np.arange(held.sum()))
        # Other resamples of the same questions.
        assert row.reach.low[0] == pytest.approx(alone.low[0], abs=0.01)


def test_steps_are_differences_and_that_of_the_excess_is_one_of_differences() -> None:
    table = table_of()
    assert [(step.first, step.second) for step in table.steps] == [
        ("seen", "half seen"),
        ("half seen", "unseen"),
        ("seen", "unseen"),
    ]
    share = {row.name: row for row in table.levels}
    for step in table.steps:
        first, second = share[step.first], share[step.second]
        assert step.reach.value == pytest.approx(first.reach.share[0] - second.reach.share[0])
        assert step.control is not None and step.excess is not None
        assert first.excess is not None and second.excess is not None
        assert step.excess.value == pytest.approx(first.excess.value - second.excess.value)
        assert step.excess.value == pytest.approx(step.label.value - step.control.value)
        assert step.excess.low < step.excess.value < step.excess.high
    # The excess is paired, so that its step is surer than that of either side would make it.
    whole = table.steps[-1]
    assert table.trend.shuffled == "benchmarks" and table.trend.slope > 0
    assert whole.reach.low > 0


def test_traces_without_a_level_count_in_no_level_and_few_questions_get_no_interval() -> None:
    traces = worlds.traces(["a"] * 3 + ["b"] * 9 + ["c"] * 9, ["seen"] * 3 + ["unseen"] * 9 + ["algebra"] * 9)
    assignment = from_domains(traces, "benchmark")
    assert assignment is not None
    table = reach_table(worlds.counted(traces, [4] * 21, [0] * 21), None, assignment)
    assert [(row.name, row.level) for row in table.groups] == [("a", "seen"), ("b", "unseen"), ("c", None)]
    assert [row.reach.n_questions for row in table.levels] == [3, 9]
    assert table.levels[0].reach.refused is not None and math.isnan(table.steps[0].reach.low)
    assert table.trend_excess is None and table.levels[0].control is None


def test_the_students_own_text_is_compared_on_the_questions_of_both() -> None:
    # Of every benchmark the student answered the first nine questions; and one that the run lacks.
    rows = [i for i in range(4 * N) if i % N < 9]
    base_traces = worlds.traces(
        [*(BENCHMARKS[i] for i in rows), "a"], [*(DOMAINS[i] for i in rows), "seen"], [*(f"q{i}" for i in rows), "new"]
    )
    base = worlds.counted(base_traces, [1] * len(rows) + [9], [0] * (len(rows) + 1))
    table = table_of(base)
    assert table.n_shared == len(rows)
    for row in table.levels:
        held = np.array([i in rows and DOMAINS[i] == row.name for i in range(4 * N)])
        assert row.base is not None and row.base.share[0] == pytest.approx(0.1)
        assert row.gain is not None
        assert row.gain.value == pytest.approx((ABOVE + UP)[held].mean() / 10 - 0.1)


def test_a_reader_can_name_one_level_alone() -> None:
    traces = worlds.traces(BENCHMARKS, DOMAINS)
    table = reach_table(
        worlds.counted(traces, ABOVE, UP),
        None,
        from_choice(["a", "b", "c", "d"], "benchmark", ["a", "b", "c", "d"], []),
    )
    assert [row.name for row in table.levels] == ["seen"]
    assert table.steps == () and table.trend.refused is not None
