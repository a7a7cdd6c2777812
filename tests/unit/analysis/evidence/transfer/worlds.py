"""Traces of questions with known counts, as tables that were never in a database."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rdpt_core.analysis.evidence.transfer.reach import Counted
from rdpt_core.analysis.run.trace_table import TraceTable


def traces(
    benchmark: Sequence[str],
    domain: Sequence[str],
    question: Sequence[str] | None = None,
    correct: Sequence[int] | None = None,
) -> TraceTable:
    """One trace for each entry; a question each unless they are named."""
    n = len(benchmark)
    asked = list(question or [f"q{i}" for i in range(n)])
    keys = list(dict.fromkeys(asked))
    names = {
        "benchmark": tuple(dict.fromkeys(benchmark)),
        "domain": tuple(dict.fromkeys(domain)),
        "correctness": ("correct", "incorrect"),
    }
    codes = {
        "benchmark": np.array([names["benchmark"].index(name) for name in benchmark], np.int64),
        "domain": np.array([names["domain"].index(name) for name in domain], np.int64),
        "correctness": np.zeros(n, np.int64),
    }
    return TraceTable(
        trace_no=np.arange(n, dtype=np.int32),
        question=np.array([keys.index(name) for name in asked], np.int64),
        question_keys=tuple(("b", key) for key in keys),
        codes=codes,
        names=names,
        correct=np.array(correct if correct is not None else [-1] * n, np.int8),
    )


def counted(
    table: TraceTable,
    above: Sequence[float],
    up: Sequence[float],
    n: float = 10,
    control: Sequence[float] | None = None,
) -> Counted:
    """Every trace has `n` sentences; `control` of them have the label under the control."""

    def parts(first: Sequence[float], second: Sequence[float]) -> np.ndarray:
        found = np.zeros((len(table.trace_no), 3))
        found[:, 0], found[:, 1] = first, second
        found[:, 2] = n - found.sum(axis=1)
        return found

    true = parts(above, up)
    if control is None:
        return Counted(table, true)
    return Counted(table, true, true, parts(control, [0] * len(table.trace_no)))
