"""Short names for contents, so that a link or a note can tell whether what it points at is still the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from rdpt_core.store.reader import Reader, Run

_DIGITS = 12


def text_hash(response: str) -> str:
    """Twelve hexadecimal digits over a response: equal texts, equal digits."""
    return hashlib.sha256(response.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def file_fingerprint(runs: Sequence[Run]) -> str:
    """Twelve hexadecimal digits over the runs of a file and the traces that they cover, whatever their order.

    Copying the file or scoring more of a run changes nothing; another run does. It costs nothing: run and traces carry
    hashes of their own.
    """
    content = sorted((run.run_id, run.traces_hash) for run in runs)
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:_DIGITS]


def trace_text_hash(reader: Reader, run: Run, trace_id: str) -> str | None:
    """The hash of a trace's response in a run; None if the run has no such trace."""
    rows = reader.query(
        "SELECT response FROM traces WHERE run_no = ? AND trace_id = ? LIMIT 1", [run.run_no, trace_id]
    ).to_pylist()
    return text_hash(rows[0]["response"]) if rows else None
