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

_pool: ContextVar[BlockPool | None] = ContextVar("rdpt_block_pool", default=None)


class BlockPool:
    """As many threads as torch has in the thread that makes it, the caller's own among them.

    To be made outside `pooled`, which leaves torch a single one.
    """

    def __init__(self) -> None:
        self.n_threads = torch.get_num_threads()
        # In each thread torch has its own number of threads.
        self._helpers = ThreadPoolExecutor(
            max(1, self.n_threads - 1), thread_name_prefix="block", initializer=torch.set_num_threads, initargs=(1,)
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

        helpers = [self._helpers.submit(serve) for _ in range(min(self.n_threads, len(pieces)) - 1)]
        # A piece that has pieces of its own computes them itself, in the caller's thread as in all others.
        token = _pool.set(None)
        try:
            serve()
        finally:
            _pool.reset(token)
            # Also after an error: what is under way writes into the caller's tensors.
            wait(helpers)
        for helper in helpers:
            helper.result()


@contextmanager
def pooled(pool: BlockPool | None) -> Iterator[None]:
    """Within this context `for_each` uses `pool`, and each operator of torch one thread."""
    if pool is None:
        yield
        return
    n_threads = torch.get_num_threads()
    token = _pool.set(pool)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)
        _pool.reset(token)


def for_each(work: Callable[[T], object], pieces: Sequence[T]) -> None:
    """`for piece in pieces: work(piece)`; within `pooled`, in the pool. The pieces may not need each other."""
    pool = _pool.get()
    if pool is None or pool.n_threads == 1 or len(pieces) == 1:
        for piece in pieces:
            work(piece)
    else:
        pool.run(work, pieces)
