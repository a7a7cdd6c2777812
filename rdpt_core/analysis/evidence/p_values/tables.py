"""How much is found in a run: by label, and with a model that taught nothing in the teacher's place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.run.gaps.gap_arrays import count_by_trace
from rdpt_core.analysis.statistics.intervals import ShareIntervals, bootstrap_shares, none_if_nan
from rdpt_core.arrays import Codes, Doubles, Ints

ALL = "all"
"""The row of all labels together."""

_N_BINS = 20
_MOST_BINS = 40


@dataclass(frozen=True, slots=True, eq=False)
class FoundRow:
    """What is found among the sentences of one label.

    Attributes:
        label: or `ALL`.
        n_tested: sentences with a q-value.
        n_found: those among the discoveries.
        n_strict: those among the discoveries that hold for any dependence between sentences.
        intervals: of two shares: found, and not found.
    """

    label: str
    n_tested: int
    n_found: int
    n_strict: int
    intervals: ShareIntervals


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What is found in a scope.

    Attributes:
        rate: of false discoveries.
        rows: all labels together, then each of them.
        histograms: row → (n_bins,), how many p-values lie in each of the equal parts of 0 to 1; each part holds its
            upper end.
    """

    rate: float
    rows: tuple[FoundRow, ...]
    histograms: dict[str, Ints]

    @property
    def total(self) -> FoundRow:
        """All labels together."""
        return self.rows[0]


def n_bins(n_references: int) -> int:
    """In how many parts p-values are counted: as many as ranks can tell apart, if that is not too many."""
    return n_references + 1 if _N_BINS <= n_references + 1 <= _MOST_BINS else _N_BINS


def count_found(
    codes: Codes,
    labels: Sequence[str],
    start: Ints,
    rows: Ints,
    question: Ints,
    p: Doubles,
    q: Doubles,
    q_strict: Doubles,
    rate: float,
    bins: int,
) -> Found:
    """Count discoveries by label. The threshold is taken as it is: intervals are about the questions alone.

    Args:
        codes: (n_sentences,), labels counted from 1, 0 where there is none.
        labels: in the order of the codes.
        start: (n_traces + 1,), where the sentences of each trace begin.
        rows: the traces that count, as indices.
        question: of those traces.
        p, q, q_strict: (n_sentences,), NaN where untested.
        rate: the q-value from which a sentence is no discovery.
        bins: of the histograms.
    """
    # Untested, not found, found, and found for any dependence.
    state = np.select([np.isnan(q), q > rate, q_strict > rate], [0, 1, 2], 3)
    width = len(labels) + 1
    counts = count_by_trace(start, state * width + codes, 4 * width).reshape(-1, 4, width)[rows]
    kept = np.zeros(len(start) - 1, bool)
    kept[rows] = True
    # The upper end of a part belongs to it: ranks are such ends.
    part = np.clip(np.ceil(np.nan_to_num(p, nan=1.0) * bins - 1e-9).astype(np.int64) - 1, 0, bins - 1)
    chosen = ~np.isnan(p) & np.repeat(kept, np.diff(start))
    cells = np.bincount((codes.astype(np.int64) * bins + part)[chosen], minlength=width * bins).reshape(width, bins)
    found, histograms = [], {}
    for name, columns in ((ALL, list(range(width))), *((label, [i + 1]) for i, label in enumerate(labels))):
        tested = counts[:, 1:, columns].sum(axis=2)
        either = np.stack([tested[:, 1:].sum(axis=1), tested[:, 0]], axis=1)
        n = tested.sum(axis=0).astype(np.int64)
        found.append(FoundRow(name, int(n.sum()), int(n[1:].sum()), int(n[2]), bootstrap_shares(either, question)))
        histograms[name] = cells[columns].sum(axis=0).astype(np.int64)
    return Found(rate, tuple(found), histograms)


def share_found(q: Doubles, start: Ints, rows: Ints, question: Ints, rate: float) -> ShareIntervals:
    """Shares of the tested sentences that are found and that are not; see `count_found`."""
    state = np.where(np.isnan(q), 0, np.where(q <= rate, 1, 2)).astype(np.int64)
    return bootstrap_shares(count_by_trace(start, state, 3)[rows, 1:], question)


_SHARES = [(name, pa.float64()) for name in ("share_found", "low", "high")]
_LAST = [("n_questions", pa.int64()), ("n_effective", pa.float64()), ("no_interval_because", pa.string())]


def found_table(found: Found) -> pa.Table:
    """One row a label: how many sentences are found, their share, its interval (NULL where refused)."""
    rows = [
        {
            "label": row.label,
            "n_tested": row.n_tested,
            "n_found": row.n_found,
            "n_found_any_dependence": row.n_strict,
            "rate_of_false_discoveries": found.rate,
            **_shares(row.intervals),
        }
        for row in found.rows
    ]
    counts = [(name, pa.int64()) for name in ("n_tested", "n_found", "n_found_any_dependence")]
    first = [("label", pa.string()), *counts, ("rate_of_false_discoveries", pa.float64())]
    return pa.Table.from_pylist(rows, pa.schema([*first, *_SHARES, *_LAST]))


def placed_table(placed: Sequence[tuple[str, ShareIntervals]]) -> pa.Table:
    """One row a control: control, share_found, low, high, n_questions, n_effective, no_interval_because."""
    rows = [{"control": name, **_shares(intervals)} for name, intervals in placed]
    return pa.Table.from_pylist(rows, pa.schema([("control", pa.string()), *_SHARES, *_LAST]))


def _shares(intervals: ShareIntervals) -> dict[str, object]:
    return {
        "share_found": none_if_nan(float(intervals.share[0])),
        "low": none_if_nan(float(intervals.low[0])),
        "high": none_if_nan(float(intervals.high[0])),
        "n_questions": intervals.n_questions,
        "n_effective": intervals.n_effective,
        "no_interval_because": intervals.refused,
    }
