"""Batches: every trace once, largest first, within the budget, prompts together, the same plan every time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.scoring.engine.batching import PlanItem, plan_batches
from rdpt_core.scoring.jobs.windows import windows

items = st.lists(st.builds(PlanItem, st.integers(0, 6), st.just(20), st.integers(1, 400)), max_size=60)


def rows_of(plan_items: list[PlanItem], batch: list[int]) -> int:
    prompts = {plan_items[position].prompt for position in batch}
    return 20 * len(prompts) + sum(plan_items[position].n_response - 1 for position in batch)


@given(items, st.integers(1, 2000))
def test_a_plan_covers_every_trace_once_within_the_budget(plan_items: list[PlanItem], budget: int) -> None:
    batches = plan_batches(plan_items, budget)
    assert sorted(position for batch in batches for position in batch) == list(range(len(plan_items)))
    for batch in batches:
        assert rows_of(plan_items, batch) <= budget or len(batch) == 1
    assert batches == plan_batches(plan_items, budget)


def test_candidates_of_one_question_go_together() -> None:
    plan_items = [PlanItem(number % 2, 100, 50) for number in range(8)]
    assert [sorted(batch) for batch in plan_batches(plan_items, 300)] == [[0, 2, 4, 6], [1, 3, 5, 7]]


def test_the_largest_goes_first() -> None:
    plan_items = [PlanItem(number, 10, 10 * number + 10) for number in range(5)]
    assert plan_batches(plan_items, 60)[0] == [4]


@given(items)
def test_without_sharing_every_trace_goes_alone(plan_items: list[PlanItem]) -> None:
    batches = plan_batches(plan_items, 1000, share=False)
    assert sorted(batch[0] for batch in batches) == list(range(len(plan_items)))
    assert all(len(batch) == 1 for batch in batches)


@given(st.integers(0, 5000))
def test_windows_tile_the_run(n_traces: int) -> None:
    assert [trace_no for window in windows(n_traces) for trace_no in window] == list(range(n_traces))
