"""Importance in synthetic databases: made-up drops, written by SQL, without any model."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from tests.support import synthetic

Row = tuple[int, str, int | None, list[float | None], str | None]
"""trace_no, method, answer_start, logprob_drop, unscored_reason."""


def insert(path: Path, rows: Iterable[Row], run_no: int = 1) -> None:
    """Write rows into the table of importance."""
    with duckdb.connect(str(path)) as connection:
        for trace_no, method, answer_start, drops, reason in rows:
            known = answer_start is not None
            connection.execute(
                "INSERT INTO importance SELECT $run, $trace, $method, $start, (SELECT char_end FROM sentences "
                "WHERE run_no = $run AND trace_no = $trace AND char_start = $start), $n_tokens, $logprob, $drops, "
                "$reason, '{}'",
                {
                    **{"run": run_no, "trace": trace_no, "method": method, "start": answer_start},
                    **{"n_tokens": 3 if known else None, "logprob": -1.0 if known and reason is None else None},
                    **{"drops": drops, "reason": reason},
                },
            )


def rows_of(sketches: Sequence[synthetic.Sketch], method: str = "deletion", *, seed: int = 1) -> list[Row]:
    """Drops of all sentences but the last, which is the answer: larger for Student sentences, and some below 0."""
    rng = random.Random(f"{seed} {method}")
    level = {"Student": 1.5, "Boosted": 0.4, "Shared": 0.2}
    rows: list[Row] = []
    for trace_no, sketch in enumerate(sketches):
        texts = [text for text, _ in sketch.sentences]
        drops: list[float | None] = [
            rng.gauss(level.get(kind, 0.02), 0.3 + level.get(kind, 0)) for _, kind in sketch.sentences[:-1]
        ]
        rows.append((trace_no, method, len("".join(texts[:-1])), [*drops, None], None))
    return rows
