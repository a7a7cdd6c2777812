"""Pieces of a pass that do not need each other, computed side by side on CPU, each by one thread alone.

Torch would cut every single operator into a piece a core, and wait for all of them each time. Here a core takes a whole
block of rows through a feed-forward network, or a block of queries through attention, and waits once a layer. It is
faster, and a piece's numbers depend on no other piece and not on how many cores there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import torch

T = TypeVar("T")

_lanes: ContextVar[Lanes | None] = ContextVar("rdpt_lanes", default=None)


class Lanes:
    """As many threads as torch has in the thread that makes it, the caller's own among them.

    To be made outside `side_by_side`, which leaves torch a single one.
    """

    def __init__(self) -> None:
        self.n_lanes = torch.get_num_threads()
        # In each thread torch has its own number of threads.
        self._helpers = ThreadPoolExecutor(
            max(1, self.n_lanes - 1), thread_name_prefix="lane", initializer=torch.set_num_threads, initargs=(1,)
        )

    def run(self, work: Callable[[T], object], pieces: Sequence[T]) -> None:
        """`for piece in pieces: work(piece)`, in this order but side by side; raises what a piece raised."""
        waiting = deque(pieces)

        def serve() -> None:
            with torch.inference_mode():
                while True:
                    try:
                        piece = waiting.popleft()
                    except IndexError:
                        return
                    try:
                        work(piece)
                    except BaseException:
                        waiting.clear()
                        raise

        helpers = [self._helpers.submit(serve) for _ in range(min(self.n_lanes, len(pieces)) - 1)]
        # A piece that has pieces of its own computes them itself, in the caller's lane as in all others.
        token = _lanes.set(None)
        try:
            serve()
        finally:
            _lanes.reset(token)
            # Also after an error: what is under way writes into the caller's tensors.
            wait(helpers)
        for helper in helpers:
            helper.result()


@contextmanager
def side_by_side(lanes: Lanes | None) -> Iterator[None]:
    """Within this context `for_each` uses `lanes`, and each operator of torch one thread."""
    if lanes is None:
        yield
        return
    n_threads = torch.get_num_threads()
    token = _lanes.set(lanes)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)
        _lanes.reset(token)


def for_each(work: Callable[[T], object], pieces: Sequence[T]) -> None:
    """`for piece in pieces: work(piece)`; within `side_by_side`, in all lanes. The pieces may not need each other."""
    lanes = _lanes.get()
    if lanes is None or lanes.n_lanes == 1 or len(pieces) == 1:
        for piece in pieces:
            work(piece)
    else:
        lanes.run(work, pieces)
