"""The block pool: every piece once, errors come up, and torch has its threads back afterwards."""

from __future__ import annotations

import threading

import pytest
import torch

from rdpt_core.scoring.engine.block_pool import BlockPool, for_each, pooled


@pytest.fixture
def pool() -> BlockPool:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    made = BlockPool()
    torch.set_num_threads(before)
    return made


def test_every_piece_is_computed_once_and_all_threads_serve(pool: BlockPool) -> None:
    found: list[int] = []
    servants, all_there = set(), threading.Barrier(3)

    def work(piece: int) -> None:
        assert torch.get_num_threads() == 1
        assert torch.is_inference_mode_enabled()
        if threading.get_ident() not in servants:
            servants.add(threading.get_ident())
            all_there.wait(timeout=20)
        found.append(piece)

    with torch.inference_mode(), pooled(pool):
        for_each(work, range(50))
    assert sorted(found) == list(range(50))
    assert len(servants) == 3


def test_outside_of_the_pool_pieces_go_in_order_in_the_callers_thread() -> None:
    found: list[tuple[int, int]] = []
    for_each(lambda piece: found.append((piece, threading.get_ident())), range(5))
    assert found == [(piece, threading.get_ident()) for piece in range(5)]


def test_pieces_of_a_piece_stay_in_its_thread(pool: BlockPool) -> None:
    places: list[set[int]] = []

    def work(_: int) -> None:
        own: set[int] = set()
        for_each(lambda _: own.add(threading.get_ident()), range(4))
        places.append(own)

    with pooled(pool):
        for_each(work, range(6))
    assert len(places) == 6
    assert all(len(own) == 1 for own in places)


def test_an_error_of_any_thread_comes_up_and_the_rest_is_left(pool: BlockPool) -> None:
    n_threads = torch.get_num_threads()
    caller = threading.get_ident()
    started: list[int] = []
    all_busy, first = threading.Barrier(pool.n_threads), threading.Lock()
    failed_thread_is_free = threading.Event()

    def work(piece: int) -> None:
        started.append(piece)
        all_busy.wait(timeout=20)
        if threading.get_ident() != caller and first.acquire(blocking=False):
            # All other helpers hold a piece until this runs, so it runs in this thread, once the error has left it.
            pool._helpers.submit(failed_thread_is_free.set)
            raise RuntimeError("a helper's piece")
        assert failed_thread_is_free.wait(timeout=20)

    with pytest.raises(RuntimeError, match="a helper's piece"), pooled(pool):
        for_each(work, range(1000))
    assert sorted(started) == list(range(pool.n_threads))
    assert torch.get_num_threads() == n_threads
