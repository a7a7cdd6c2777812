"""Batches: every trace once, longest first, within the budget, and the same plan every time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.scoring.plan import plan_batches, windows


@given(st.lists(st.integers(1, 500), max_size=80), st.integers(1, 2000))
def test_a_plan_covers_every_sequence_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = plan_batches(lengths, budget)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        padded = max(lengths[index] for index in batch) * len(batch)
        assert padded <= budget or len(batch) == 1
    widths = [lengths[batch[0]] for batch in batches]
    assert widths == sorted(widths, reverse=True)


@given(st.integers(0, 5000))
def test_windows_tile_the_run(n_traces: int) -> None:
    assert [trace_no for window in windows(n_traces) for trace_no in window] == list(range(n_traces))
