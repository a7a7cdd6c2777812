"""Importance beside other numbers of sentences: columns for exports, and the numbers of one trace for its reader."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.evidence.importance.drops import METHODS
from rdpt_core.arrays import Doubles, Ints, SmallInts
from rdpt_core.store.reader import Reader, Run
from rdpt_core.store.soundness import check_count


def stored_methods(reader: Reader, run: Run) -> tuple[str, ...]:
    """The methods of which the run has anything, in the order of `METHODS`."""
    table = reader.query("SELECT DISTINCT method FROM importance WHERE run_no = ?", [run.run_no])
    stored = set(table.column("method").to_pylist())
    return tuple(method for method in METHODS if method in stored)


def importance_columns(reader: Reader, run: Run, trace_no: SmallInts, sentence_index: SmallInts) -> dict[str, pa.Array]:
    """`importance_METHOD` for each method of which the run has anything: nats of ln p(answer) that go with a sentence.

    NULL for the answer, for what follows it, and for whatever else was not measured.

    Args:
        trace_no, sentence_index: (n,), which sentences.
    """
    wanted = _keys(trace_no, sentence_index)
    columns = {}
    for method in stored_methods(reader, run):
        table = reader.query(
            "SELECT trace_no, unnest(logprob_drop) AS drop, unnest(range(len(logprob_drop)))::INTEGER AS place "
            "FROM importance WHERE run_no = $1 AND method = $2 AND trace_no IN (SELECT unnest($3::INTEGER[])) "
            "ORDER BY trace_no, place",
            [run.run_no, method, np.unique(trace_no).tolist()],
        )
        known = _keys(*(table.column(name).to_numpy() for name in ("trace_no", "place")))
        drop = table.column("drop").to_numpy(zero_copy_only=False).astype(np.float64)
        values = np.full(len(wanted), np.nan)
        if len(known):
            at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            values = np.where(known[at] == wanted, drop[at], np.nan)
        columns[f"importance_{method}"] = pa.array(np.where(np.isfinite(values), values, np.nan), from_pandas=True)
    return columns


def _keys(trace_no: SmallInts, sentence_index: SmallInts) -> Ints:
    """One number for each sentence, in the order of traces and sentences."""
    keys: Ints = trace_no.astype(np.int64) << 32 | sentence_index
    return keys


def load_trace_importance(reader: Reader, run: Run, trace_no: int) -> dict[str, Doubles]:
    """Method → (n_sentences,) nats of one trace, NaN where missing; methods that it has nothing of are left out.

    Raises:
        StoreError: the database is damaged: there are more or fewer numbers than sentences.
    """
    rows = reader.query(
        "SELECT method, logprob_drop, n_sentences FROM importance JOIN traces USING (run_no, trace_no) "
        "WHERE run_no = ? AND trace_no = ? AND importance.unscored_reason IS NULL",
        [run.run_no, trace_no],
    ).to_pylist()
    found = {}
    for row in rows:
        check_count("importance of the trace's sentences", row["n_sentences"], len(row["logprob_drop"]))
        values = np.array(row["logprob_drop"], np.float64)
        found[row["method"]] = np.where(np.isfinite(values), values, np.nan)
    return {method: found[method] for method in METHODS if method in found}
