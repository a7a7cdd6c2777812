"""The basket: where a reader has overruled the strategies, one candidate a question, in the sidecar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from rdpt_core.store.beside.sidecar import checked_rows, open_sidecar


@dataclass(frozen=True, slots=True)
class BasketItem:
    """One question decided by hand. `benchmark` and `question_id` name it together; `chosen_at` is UTC, ISO 8601."""

    run_id: str
    benchmark: str
    question_id: str
    trace_id: str
    reason: str
    chosen_at: str = ""


def read_basket(database: Path, run_id: str) -> tuple[BasketItem, ...]:
    """What was decided by hand in a run, by benchmark and question.

    Raises:
        SidecarError: the sidecar cannot be read.
    """
    with open_sidecar(database) as connection:
        rows = connection.execute(
            "SELECT run_id, benchmark, question_id, trace_id, reason, chosen_at FROM basket WHERE run_id = ? "
            "ORDER BY benchmark, question_id",
            [run_id],
        ).fetchall()
    kinds = dict.fromkeys((field.name for field in fields(BasketItem)), str)
    return tuple(BasketItem(**row) for row in checked_rows(database, rows, kinds))


def put_in_basket(database: Path, item: BasketItem) -> None:
    """Decide a question, in place of what was decided for it before.

    Raises:
        SidecarError: the sidecar cannot be written.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with open_sidecar(database, write=True) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO basket (run_id, benchmark, question_id, trace_id, reason, chosen_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [item.run_id, item.benchmark, item.question_id, item.trace_id, item.reason, now],
        )


def take_from_basket(database: Path, run_id: str, questions: Sequence[tuple[str, str]]) -> None:
    """Leave questions, each given by benchmark and id, to the strategies again.

    Raises:
        SidecarError: the sidecar cannot be written.
    """
    with open_sidecar(database, write=True) as connection:
        connection.executemany(
            "DELETE FROM basket WHERE run_id = ? AND benchmark = ? AND question_id = ?",
            [(run_id, benchmark, question_id) for benchmark, question_id in questions],
        )
