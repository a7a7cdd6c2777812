"""Windows of traces, in the run's own order, so that what is stored stays near trace order.

A window is tokenised as a whole and cut into batches: large enough to find traces that share a prompt, small enough
to be prepared while the model works on the window before it.
"""

from __future__ import annotations

WINDOW_TRACES = 512


def windows(n_traces: int) -> list[range]:
    """Consecutive ranges of trace numbers that are planned together."""
    return [range(first, min(first + WINDOW_TRACES, n_traces)) for first in range(0, n_traces, WINDOW_TRACES)]
