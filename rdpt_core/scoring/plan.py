"""Which traces go through the model together.

Traces are taken in windows of the run's own order, so that what is stored stays near trace order; inside a window the
longest go first, so that a batch that does not fit in memory fails early, and neighbours are alike in length. The plan
depends on the window's traces only, never on what an earlier process has done: a resumed run repeats whole batches with
the same neighbours, and so the same numbers to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence

WINDOW_TRACES = 512


def windows(n_traces: int) -> list[range]:
    """Consecutive ranges of trace numbers that are planned together."""
    return [range(first, min(first + WINDOW_TRACES, n_traces)) for first in range(0, n_traces, WINDOW_TRACES)]


def plan_batches(lengths: Sequence[int], budget_tokens: int) -> list[list[int]]:
    """Positions in `lengths`, grouped into batches: longest first, padded size within the budget.

    The padded size of a batch is its number of sequences times its longest. A sequence longer than the budget is a
    batch of its own.
    """
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    batches: list[list[int]] = []
    for index in order:
        # The first of a batch is its longest, so it alone decides the padded width.
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= budget_tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
