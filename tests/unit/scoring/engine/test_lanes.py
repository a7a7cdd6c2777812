"""Coroutines that meet: every lane goes on only when all have paused and what lies between is done."""

from __future__ import annotations

import threading
import time

import pytest

from rdpt_core.scoring.engine.block_pool import BlockPool
from rdpt_core.scoring.engine.lanes import Phases, pause, run_lanes


@pytest.fixture(params=[1, 2, 3])
def pool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> BlockPool:
    monkeypatch.setattr("torch.get_num_threads", lambda: request.param)
    return BlockPool()


def test_lanes_wait_for_each_other_and_for_what_lies_between(pool: BlockPool) -> None:
    n_lanes, n_pauses = 7, 3
    reached = [0] * n_lanes
    computed: list[tuple[int, str]] = []
    threads: list[set[int]] = [set() for _ in range(n_lanes)]

    def body(lane: int) -> None:
        for turn in range(n_pauses):
            threads[lane].add(threading.get_ident())
            reached[lane] = turn + 1
            pause()
            assert computed.count((turn, "second")) == 5

    def between() -> Phases:
        turn = len(computed) // 10
        assert reached == [turn + 1] * n_lanes

        def second() -> None:
            assert computed.count((turn, "first")) == 5
            computed.append((turn, "second"))

        def first() -> None:
            time.sleep(0.001)
            computed.append((turn, "first"))

        return [first] * 5, [], [second] * 5

    run_lanes(pool, n_lanes, body, between)
    assert len(computed) == 10 * n_pauses
    assert all(len(idents) == 1 for idents in threads)
    assert len(set().union(*threads)) == pool.n_threads


@pytest.mark.parametrize("place", ["lane", "between", "piece"])
def test_an_error_comes_up_and_ends_all_lanes(pool: BlockPool, place: str) -> None:
    ended: list[int] = []

    def body(lane: int) -> None:
        try:
            pause()
            if place == "lane" and lane == 3:
                raise ValueError("in a lane")
            pause()
        finally:
            ended.append(lane)

    def fail() -> None:
        raise ValueError("in a piece")

    def between() -> Phases:
        if place == "between":
            raise ValueError("between lanes")
        return [[fail] if place == "piece" else []]

    with pytest.raises(ValueError, match=r"in a|between"):
        run_lanes(pool, 5, body, between)
    assert sorted(ended) == list(range(5))


def test_lanes_that_pause_unequally_often_are_refused(pool: BlockPool) -> None:
    def body(lane: int) -> None:
        if lane:
            pause()

    with pytest.raises(RuntimeError, match="less often"):
        run_lanes(pool, 4, body, list)
