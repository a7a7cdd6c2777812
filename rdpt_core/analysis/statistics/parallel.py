"""Threads for work on arrays: numpy releases the interpreter's lock, so they really run side by side."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

MAX_THREADS = 8
"""Simple work on arrays waits for memory more than for processors, and each thread holds temporary arrays."""


def n_usable_cpus() -> int:
    """How many processors this process may use, which in a container or under `taskset` are fewer than there are."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_parallel(work: Callable[[T], R], pieces: Iterable[T]) -> list[R]:
    """`[work(piece) for piece in pieces]`, on at most `MAX_THREADS` processors; results do not depend on how many.

    Args:
        work: writes nothing that the work on another piece reads or writes.
    """
    listed = list(pieces)
    n_threads = min(MAX_THREADS, n_usable_cpus(), len(listed))
    if n_threads < 2:
        return [work(piece) for piece in listed]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(work, listed))
