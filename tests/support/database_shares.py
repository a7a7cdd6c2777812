"""Label shares from the database's own count of labels: what the counts in memory must agree with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.run.shares import GroupShares
from rdpt_core.analysis.statistics.intervals import bootstrap_shares


def shares_by_benchmark(counts: pa.Table, labels: Sequence[str]) -> tuple[GroupShares, ...]:
    """Label shares of each benchmark, by name; `counts` as `label_counts` gives it."""
    values = np.column_stack([counts.column(label).to_numpy() for label in labels]).astype(np.int64)
    benchmark = np.array(counts.column("benchmark").to_pylist(), dtype=object)
    question = np.unique(np.array(counts.column("question_id").to_pylist(), dtype=object), return_inverse=True)[1]
    return tuple(
        GroupShares(name, tuple(labels), bootstrap_shares(values[benchmark == name], question[benchmark == name]))
        for name in sorted(set(benchmark))
    )
