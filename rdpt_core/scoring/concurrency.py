"""Work in parallel with the model: threads that keep order, and that let no error pass in silence."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_in_order(workers: Sequence[Callable[[T], R]], inputs: Iterable[T]) -> Iterator[R]:
    """`map(worker, inputs)` with as many inputs under way as there are workers; each worker serves one at a time.

    One worker runs in the caller's thread, and takes an input when its result is asked for.
    """
    if len(workers) == 1:
        yield from map(workers[0], inputs)
        return
    free: queue.SimpleQueue[Callable[[T], R]] = queue.SimpleQueue()
    for worker in workers:
        free.put(worker)

    def serve(item: T) -> R:
        worker = free.get()
        try:
            return worker(item)
        finally:
            free.put(worker)

    pool = ThreadPoolExecutor(len(workers), thread_name_prefix="worker")
    under_way: deque[Future[R]] = deque()
    try:
        for item in inputs:
            under_way.append(pool.submit(serve, item))
            # One more than there are workers, so that none waits for the caller.
            if len(under_way) > len(workers):
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def ahead(inputs: Iterable[T], prepare: Callable[[T], R]) -> Generator[R, None, None]:
    """`map(prepare, inputs)`, computed one input ahead of its use in a thread of its own."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    waiting: deque[Future[R]] = deque()
    try:
        for item in inputs:
            waiting.append(pool.submit(prepare, item))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class OneAtATime:
    """Calls in a thread of their own, one after the other, in the order in which they were given.

    The database takes one connection at a time from a process; all reading and writing goes through here. An error
    of a call that was not waited for is raised by the next `wait`, at the latest when the context ends.
    """

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._unseen: Future[None] | None = None
        self._lock = threading.Lock()

    def call(self, function: Callable[[], R]) -> R:
        """Run it after what was given before, and wait for its result."""
        return self._pool.submit(function).result()

    def start(self, function: Callable[[], None]) -> None:
        """Run it beside the caller, once the one started before is done."""
        self.wait()
        with self._lock:
            self._unseen = self._pool.submit(function)

    def wait(self) -> None:
        """Until what was started is done; raises what it raised."""
        with self._lock:
            unseen, self._unseen = self._unseen, None
        if unseen is not None:
            unseen.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.wait()
        finally:
            self._pool.shutdown(cancel_futures=error is not None)
