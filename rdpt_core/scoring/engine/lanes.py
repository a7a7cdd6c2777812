"""The rows of a pack in lanes: each block of rows goes through the whole model by itself, and lanes meet in attention.

    lane 0   norm, projections, rotation ┐           ┌ projection, feed-forward, norm, projections, … ┐
    lane 1   norm, projections, rotation ├ attention ┤ projection, feed-forward, norm, projections, … ├ attention …
    lane 2   norm, projections, rotation ┘           └ projection, feed-forward, norm, projections, … ┘

All of a layer but attention treats every row by itself. So a lane's rows stay in a core's cache from one attention to
the next, every elementwise step is spread over the cores, and every step sees the same number of rows whatever the
pack holds. Nothing in the model is rewritten for it: its forward pass runs once a lane as a coroutine (a greenlet,
which may pause in the middle of code that knows nothing of coroutines), and pauses where it calls attention.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from greenlet import getcurrent, greenlet

from rdpt_core.scoring.engine.block_pool import BlockPool

Piece = Callable[[], None]
Phases = Sequence[Sequence[Piece]]


def pause() -> None:
    """Within a lane: wait until all lanes have paused and what lies between is done."""
    hub = getcurrent().parent
    assert hub is not None
    hub.switch()


def run_lanes(pool: BlockPool | None, n_lanes: int, body: Callable[[int], None], between: Callable[[], Phases]) -> None:
    """`for lane in range(n_lanes): body(lane)`, where all lanes pause equally often and wait for each other.

    A lane stays in one thread; lanes are dealt to the threads in turn. Whenever all have paused, `between` is called
    once; the pieces of each of its phases are computed by all threads, one phase after the other.

    Args:
        pool: the threads; None for the caller's alone, in which each operator of torch takes the threads it wants.

    Raises:
        RuntimeError: some lanes ended while others paused.
    """
    n_workers = 1 if pool is None else min(pool.n_threads, n_lanes)
    crew = _Crew(n_lanes, n_workers, body, between)
    try:
        if pool is None:
            crew.work(0)
        else:
            pool.run(crew.work, range(n_workers))
    finally:
        crew.dismiss()


class _Crew:
    """The threads of one run. Whoever fails breaks the barriers, and the others go home."""

    def __init__(
        self, n_lanes: int, n_workers: int, body: Callable[[int], None], between: Callable[[], Phases]
    ) -> None:
        self._n_lanes, self._n_workers, self._body, self._between = n_lanes, n_workers, body, between
        self._n_ended = [0] * n_workers
        self._phases: deque[deque[Piece]] = deque()
        self._met = threading.Barrier(n_workers, action=self._lay_out)
        self._phase_over = threading.Barrier(n_workers, action=self._end_phase)

    def work(self, worker: int) -> None:
        """All lanes of one thread, from their beginning to their end."""
        lanes = [greenlet(partial(self._body, lane)) for lane in range(worker, self._n_lanes, self._n_workers)]
        try:
            while not self._n_ended[worker]:
                for lane in lanes:
                    lane.switch()
                self._n_ended[worker] = sum(lane.dead for lane in lanes)
                self._met.wait()
                while self._phases:
                    _serve(self._phases[0])
                    self._phase_over.wait()
        except threading.BrokenBarrierError:
            # Another thread failed, and raises what happened.
            return
        except BaseException:
            self._met.abort()
            self._phase_over.abort()
            raise
        finally:
            for lane in lanes:
                if not lane.dead:
                    lane.throw()

    def dismiss(self) -> None:
        """Let go of the barriers, which know the crew: a cycle would keep the tables of a pack until it is found."""
        del self._met, self._phase_over

    def _end_phase(self) -> None:
        self._phases.popleft()

    def _lay_out(self) -> None:
        """What the last thread to arrive does while the others wait."""
        n_ended = sum(self._n_ended)
        if n_ended == 0:
            self._phases.extend(deque(pieces) for pieces in self._between() if pieces)
        elif n_ended < self._n_lanes:
            raise RuntimeError(f"{n_ended} of {self._n_lanes} blocks of rows called attention less often than the rest")


def _serve(pieces: deque[Piece]) -> None:
    while True:
        try:
            piece = pieces.popleft()
        except IndexError:
            return
        piece()
