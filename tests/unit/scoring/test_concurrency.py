"""Threads beside the model: order is kept, errors come up, nothing is started twice."""

from __future__ import annotations

import threading
import time

import pytest

from rdpt_core.scoring.concurrency import OneAtATime, ahead, map_in_order


@pytest.mark.parametrize("n_workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_inputs(n_workers: int) -> None:
    def make_worker(number: int) -> object:
        def work(one: int) -> int:
            time.sleep(0.001 * ((one + number) % 3))
            return one * one

        return work

    workers = [make_worker(number) for number in range(n_workers)]
    assert list(map_in_order(workers, range(20))) == [one * one for one in range(20)]


def test_each_worker_serves_one_at_a_time_and_all_serve() -> None:
    busy, seen = [threading.Lock(), threading.Lock()], set()

    def make_worker(number: int) -> object:
        def work(one: int) -> int:
            assert busy[number].acquire(blocking=False)
            time.sleep(0.005)
            seen.add(number)
            busy[number].release()
            return one

        return work

    assert list(map_in_order([make_worker(0), make_worker(1)], range(12))) == list(range(12))
    assert seen == {0, 1}


@pytest.mark.parametrize("n_workers", [1, 3])
def test_an_error_of_a_worker_comes_up(n_workers: int) -> None:
    def work(one: int) -> int:
        if one == 4:
            raise ValueError("four")
        return one

    with pytest.raises(ValueError, match="four"):
        list(map_in_order([work] * n_workers, range(9)))


def test_preparation_runs_one_ahead_and_its_errors_come_up() -> None:
    started: list[int] = []

    def prepare(one: int) -> int:
        started.append(one)
        if one == 3:
            raise ValueError("three")
        return one

    results = ahead(range(5), prepare)
    assert next(results) == 0
    time.sleep(0.05)
    assert started == [0, 1]
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)


def test_calls_keep_their_order_and_a_background_error_is_not_lost() -> None:
    order: list[str] = []

    def slow() -> None:
        time.sleep(0.02)
        order.append("first")

    def broken() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), OneAtATime("test") as one_at_a_time:
        one_at_a_time.start(slow)
        assert one_at_a_time.call(lambda: order.append("second")) is None
        assert order == ["first", "second"]
        one_at_a_time.start(broken)
