"""The gate: never more requests or tokens than allowed, in order, and the large ones too."""

from __future__ import annotations

import asyncio

import pytest

from rdpt_core.scoring.backends.served.gate import Gate


def run(costs: list[int], n_requests: int, n_tokens: int) -> tuple[int, int, list[int]]:
    """The most requests and tokens that were under way at once, and the order of admission."""
    most = [0, 0]
    under_way: list[int] = []
    order: list[int] = []

    async def one(gate: Gate, number: int, cost: int) -> None:
        async with gate.admit(cost):
            order.append(number)
            under_way.append(cost)
            most[0], most[1] = max(most[0], len(under_way)), max(most[1], sum(under_way))
            await asyncio.sleep(0.001)
            under_way.remove(cost)

    async def all_of_them() -> None:
        gate = Gate(n_requests, n_tokens)
        await asyncio.gather(*(one(gate, number, cost) for number, cost in enumerate(costs)))

    asyncio.run(all_of_them())
    return most[0], most[1], order


def test_requests_and_tokens_are_bounded_and_nobody_is_passed_over() -> None:
    costs = [30, 80, 10, 10, 90, 5, 60, 40]
    n_requests, n_tokens, order = run(costs, 3, 100)
    assert n_requests <= 3
    assert n_tokens <= 100
    assert order == list(range(len(costs)))


def test_what_exceeds_the_bound_goes_alone() -> None:
    n_requests, n_tokens, order = run([500, 500, 1], 4, 100)
    assert (n_requests, n_tokens, order) == (1, 500, [0, 1, 2])


@pytest.mark.parametrize("cancel_after_s", [0.0, 0.002])
def test_a_cancelled_request_gives_its_place_back(cancel_after_s: float) -> None:
    async def scenario() -> None:
        gate = Gate(1, 10)

        async def hold() -> None:
            async with gate.admit(10):
                await asyncio.sleep(0.01)

        tasks = [asyncio.create_task(hold()) for _ in range(3)]
        await asyncio.sleep(cancel_after_s)
        tasks[0].cancel()
        tasks[1].cancel()
        ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 1)
        assert [type(result) for result in ended] == [asyncio.CancelledError, asyncio.CancelledError, type(None)]
        await asyncio.wait_for(hold(), 1)

    asyncio.run(scenario())
