"""Two threads for work on arrays: numpy lets go of the interpreter, so they really run side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

N_THREADS = min(2, os.cpu_count() or 1)


def in_parallel(work: Callable[[T], R], pieces: Iterable[T]) -> list[R]:
    """`[work(piece) for piece in pieces]`; the pieces may not depend on each other."""
    with ThreadPoolExecutor(N_THREADS) as pool:
        return list(pool.map(work, pieces))
