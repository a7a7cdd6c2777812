"""Where in its trace a pattern stands: by tenths, sentence `i` of `n` in tenth `floor(10 * i / n)`."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.behaviours.patterns.shapes import Places
from rdpt_core.analysis.behaviours.patterns.sums import Sentences, of_traces, trace_counts
from rdpt_core.analysis.behaviours.patterns.tables import pairs, tabulate
from rdpt_core.analysis.run.group_shares import difference
from rdpt_core.arrays import Codes, Doubles, Ints

N_PARTS = 10
PARTS = tuple(f"{10 * part}–{10 * part + 10}%" for part in range(N_PARTS))


def places_in_trace(own: Sentences) -> Places:
    """How the sentences and all others spread over their traces, and their labels in each tenth."""
    length = own.gaps.length[own.rows]
    part = (N_PARTS * own.index) // np.maximum(length[own.trace], 1)
    edges = -(-np.arange(N_PARTS + 1) * length[:, None] // N_PARTS)
    everything = np.diff(edges, axis=1).astype(np.float64)
    inside = np.bincount(own.trace * N_PARTS + part, minlength=everything.size).reshape(everything.shape)
    sides = of_traces(own.traces, inside), of_traces(own.traces, everything - inside)
    spread = tabulate(sides, PARTS)
    groups = []
    code = own.codes[own.places]
    for number in range(N_PARTS):
        chosen = np.flatnonzero(part == number)
        here = trace_counts(own.trace[chosen], code[chosen], own.counts.shape)
        in_part = _counts_between(own, edges[:, number], edges[:, number + 1])
        groups += [of_traces(own.traces, here[:, 1:]), of_traces(own.traces, (in_part - here)[:, 1:])]
    relative = own.index / np.maximum(length[own.trace] - 1, 1)
    mean, rest_mean = _means(relative, length)
    return Places(
        spread.cells[0].intervals,
        spread.cells[1].intervals,
        difference(spread, 0, 1),
        pairs(tabulate(groups, own.labels), PARTS),
        mean,
        rest_mean,
    )


def _means(relative: Doubles, length: Ints) -> tuple[float, float]:
    """Mean place of the sentences, and of all others. The places of a trace with several sentences average to ½, the
    only sentence of a trace stands at 0."""
    n, total = len(relative), float(relative.sum())
    n_all, total_all = int(length.sum()), float((length * 0.5)[length > 1].sum())
    mean = total / n if n else float("nan")
    return mean, (total_all - total) / (n_all - n) if n_all > n else float("nan")


def _counts_between(own: Sentences, low: Ints, high: Ints) -> Doubles:
    """(n_traces, 1 + n_labels), labels of the sentences of each trace from `low` up to, not including, `high`."""
    length = high - low
    trace = np.repeat(np.arange(len(length)), length)
    offset = np.arange(len(trace)) - np.repeat(np.cumsum(length) - length, length)
    code: Codes = own.codes[(own.gaps.start[own.rows] + low)[trace] + offset]
    return trace_counts(trace, code, own.counts.shape)
