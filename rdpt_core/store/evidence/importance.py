"""Importance of sentences: written trace by trace, beside the run that it belongs to, and counted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rdpt_core.errors import UsageError
from rdpt_core.records import RunKey
from rdpt_core.records.importance import TraceImportance
from rdpt_core.store.claimed import read_claimed, write_claimed
from rdpt_core.store.reader import Reader
from rdpt_core.store.run_store import DuckDBRunStore
from rdpt_core.store.soundness import parsed
from rdpt_core.store.writer import insert_rows, touch


class DuckDBImportanceStore(DuckDBRunStore):
    """The database as the pass over a run's sentences sees it."""

    def measured_trace_nos(self, run: RunKey, method: str, settings: Mapping[str, Any]) -> set[int]:
        """The traces that are measured by a method.

        Raises:
            UsageError: some are, with other settings.
        """
        with read_claimed(self._path, run) as reader:
            rows = reader.query(
                "SELECT trace_no, settings FROM importance WHERE run_no = ? AND method = ?", [run.run_no, method]
            ).to_pylist()
        for text in {row["settings"] for row in rows}:
            stored = parsed(text, dict, f"settings of importance of run {run.run_id}")
            if stored != settings:
                raise UsageError(
                    f"{method} was measured in this run with other settings",
                    where=f"run {run.run_id}",
                    expected=_told(stored),
                    got=_told(settings),
                    hint="Give the settings of before, or --again to drop what is stored.",
                )
        return {row["trace_no"] for row in rows}

    def commit_importance(
        self, run: RunKey, method: str, settings: Mapping[str, Any], measured: Sequence[TraceImportance]
    ) -> None:
        """Store some traces in one transaction; what was stored of them before is replaced."""
        table = _table(run.run_no, method, settings, measured)
        with write_claimed(self._path, run) as connection:
            connection.register("batch", table)
            connection.execute(
                "DELETE FROM importance WHERE (run_no, trace_no, method) IN (SELECT (run_no, trace_no, method) "
                "FROM batch)"
            )
            connection.unregister("batch")
            insert_rows(connection, "importance", table)
            touch(connection, run)

    def drop_importance(self, run: RunKey, method: str) -> None:
        """Forget what is measured by a method."""
        with write_claimed(self._path, run) as connection:
            connection.execute("DELETE FROM importance WHERE run_no = ? AND method = ?", [run.run_no, method])
            touch(connection, run)


def _told(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(settings.items()))


def _table(run_no: int, method: str, settings: Mapping[str, Any], measured: Sequence[TraceImportance]) -> pa.Table:
    """One row a trace."""
    n = len(measured)
    spans = [one.answer or (None, None) for one in measured]
    offsets = np.cumsum([0, *(len(one.logprob_drop) for one in measured)], dtype=np.int32)
    drops = np.concatenate([one.logprob_drop for one in measured]) if n else np.empty(0)
    return pa.table(
        {
            "run_no": pa.array([run_no] * n, pa.int32()),
            "trace_no": pa.array([one.trace_no for one in measured], pa.int32()),
            "method": pa.array([str(method)] * n, pa.string()),
            "answer_start": pa.array([start for start, _ in spans], pa.int32()),
            "answer_end": pa.array([end for _, end in spans], pa.int32()),
            "answer_n_tokens": pa.array([one.answer_n_tokens for one in measured], pa.int32()),
            "answer_logprob": pa.array([one.answer_logprob for one in measured], pa.float64()),
            "logprob_drop": pa.ListArray.from_arrays(offsets, pa.array(drops, pa.float64(), from_pandas=True)),
            "unscored_reason": pa.array([one.unscored_reason for one in measured], pa.string()),
            "settings": pa.array([json.dumps(settings, sort_keys=True)] * n, pa.string()),
        }
    )


def importance_counts(reader: Reader, run_no: int) -> list[dict[str, Any]]:
    """What is measured of a run, one entry a method.

    `traces` of which `without` have a reason why they could not be measured; `sentences` with a number, of which `same`
    have a drop of exactly 0, as a sentence has that was drawn again as it stands; and the `settings`.

    Raises:
        StoreError: settings are no JSON object.
    """
    rows = reader.query(
        "SELECT method, min(settings) AS settings, count(*) AS traces, count(unscored_reason) AS without, "
        "coalesce(sum(len(list_filter(logprob_drop, lambda drop: drop IS NOT NULL))), 0)::BIGINT AS sentences, "
        "coalesce(sum(len(list_filter(logprob_drop, lambda drop: drop = 0))), 0)::BIGINT AS same "
        "FROM importance WHERE run_no = ? GROUP BY method ORDER BY method",
        [run_no],
    ).to_pylist()
    place = f"settings of importance of run number {run_no}"
    return [{**row, "settings": parsed(row["settings"], dict, place)} for row in rows]
