"""When sentences turned: the time from which each has the label that it keeps to the end, and how often it changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.run.training.paths import Paths, rows_in
from rdpt_core.analysis.run.training.points import Point
from rdpt_core.analysis.statistics.intervals import ShareIntervals, bootstrap_shares, none_if_nan
from rdpt_core.arrays import Codes, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """When the sentences of the traces in scope came to the label that they kept.

    Only sentences that have a label at every time are followed.

    Attributes:
        points: the times.
        labels: in the order of the rows of `n`.
        n: (n_labels, n_points), sentences that end with a label and have had it, without a break, since a time.
        intervals: of the same cells, row by row, as shares of all followed sentences.
        n_flips: (n_points,), sentences that changed their label so often, from 0.
        n_followed: sentences that were followed.
        n_left_out: scored at some time, but not at all of them.
    """

    points: tuple[Point, ...]
    labels: tuple[str, ...]
    n: Ints
    intervals: ShareIntervals
    n_flips: Ints
    n_followed: int
    n_left_out: int

    def share(self, label_no: int, point_no: int) -> tuple[float, float, float]:
        """Share of a cell and the ends of its interval, NaN where refused."""
        cell = label_no * len(self.points) + point_no
        shares = self.intervals
        return float(shares.share[cell]), float(shares.low[cell]), float(shares.high[cell])


def since(codes: Codes) -> Ints:
    """(n,), the first time from which each path has its last label without a break. Shape: codes (n, n_points)."""
    same = codes == codes[:, -1:]
    # The number of equal codes at the end, counted backwards.
    run = np.cumprod(same[:, ::-1], axis=1).sum(axis=1)
    first: Ints = codes.shape[1] - run.astype(np.int64)
    return first


def flips(codes: Codes) -> Ints:
    """(n,), how often each path changes. Shape: codes (n, n_points)."""
    n: Ints = (codes[:, 1:] != codes[:, :-1]).sum(axis=1).astype(np.int64)
    return n


def count_turns(paths: Paths, traces: TraceTable) -> Turns:
    """Follow the sentences of the traces in scope."""
    rows, n_traces = rows_in(paths, traces.trace_no), len(traces.trace_no)
    inside, whole = rows >= 0, paths.is_whole
    kept = inside & whole
    codes, n, row = paths.codes[kept], paths.n[kept], rows[kept]
    n_points, n_labels = len(paths.points), len(paths.labels)
    cell = (codes[:, -1].astype(np.int64) - 1) * n_points + since(codes)
    width = n_labels * n_points
    counts = np.bincount(row * width + cell, n, n_traces * width).reshape(n_traces, width).astype(np.int64)
    some = inside & ~whole & (paths.codes > 0).any(axis=1)
    return Turns(
        paths.points,
        paths.labels,
        counts.sum(axis=0).reshape(n_labels, n_points),
        bootstrap_shares(counts, traces.question_by_text()),
        np.bincount(flips(codes), n, n_points).astype(np.int64),
        int(n.sum()),
        int(paths.n[some].sum()),
    )


def turns_table(turns: Turns) -> pa.Table:
    """One row a last label and time since when it was kept: sentences, their share with its interval."""
    shares = turns.intervals
    rows = []
    for k, label in enumerate(turns.labels):
        for j, point in enumerate(turns.points):
            share, low, high = turns.share(k, j)
            rows.append(
                {
                    "label": label,
                    "since": point.name,
                    "step": point.step,
                    "n_sentences": int(turns.n[k, j]),
                    "share": none_if_nan(share),
                    "low": none_if_nan(low),
                    "high": none_if_nan(high),
                    "n_questions": shares.n_questions,
                    "n_effective": shares.n_effective,
                    "no_interval_because": shares.refused,
                }
            )
    return pa.Table.from_pylist(rows)
