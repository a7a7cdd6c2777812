"""Files and folders through the import: their traces, what is rejected, and what is said of each file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rdpt_core.records import Reject, Trace
from rdpt_core.traces.importing.pipeline import ImportReport, import_traces
from tests.support.imports.imported import Log


def pair(number: int, **more: Any) -> dict[str, Any]:
    """A question and its response."""
    return {"question": f"What is {number} + 1?", "response": f"<think>{number}</think>{number + 1}", **more}


def lines(*records: Any) -> bytes:
    """JSON Lines."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def read_paths(*paths: Path, **options: Any) -> tuple[list[Trace], list[Reject], ImportReport]:
    """Traces, rejects and the report of what was named. Nothing is graded."""
    log, report = Log(), ImportReport()
    return list(import_traces(list(paths), rejects=log, report=report, grade=False, **options)), log.rejects, report


def files_of(traces: list[Trace]) -> list[str]:
    """The file of each trace."""
    return [trace.meta["import"]["file"] for trace in traces]
