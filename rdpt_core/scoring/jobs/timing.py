"""Where the wall time of a role goes."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(slots=True)
class StageSeconds:
    """Where the wall time of a role went, as the thread that feeds the model saw it.

    Attributes:
        preparing: waited for tokenised traces.
        model: in the model.
        storing: waited for the database.
    """

    preparing: float = 0.0
    model: float = 0.0
    storing: float = 0.0


class Stopwatch:
    """Seconds since it was made or last read."""

    def __init__(self) -> None:
        self._last_s = time.perf_counter()

    def lap(self) -> float:
        """Read it, and start again."""
        now_s = time.perf_counter()
        elapsed_s, self._last_s = now_s - self._last_s, now_s
        return elapsed_s
