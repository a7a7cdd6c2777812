"""The block pool: every piece once, errors come up, and torch has its threads back afterwards."""

from __future__ import annotations

import threading
import time

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


def test_outside_of_lanes_pieces_go_in_order_in_the_callers_thread() -> None:
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
    started: list[int] = []
    n_threads = torch.get_num_threads()

    def work(piece: int) -> None:
        started.append(piece)
        time.sleep(0.002)
        if piece == 4:
            raise RuntimeError("piece 4")

    with pytest.raises(RuntimeError, match="piece 4"), pooled(pool):
        for_each(work, range(1000))
    n_started = len(started)
    assert n_started < 1000
    time.sleep(0.02)
    assert len(started) == n_started
    assert torch.get_num_threads() == n_threads
