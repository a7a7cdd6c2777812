"""One file through the whole import, with grading: its traces, what it rejects, and what the report says of it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from rdpt_core.records import Reject, Trace
from rdpt_core.traces.importing.pipeline import import_traces
from rdpt_core.traces.importing.report import FileReport, ImportReport
from tests.support.imports.imported import Log


class Imported(NamedTuple):
    traces: list[Trace]
    rejects: list[Reject]
    report: FileReport


def imported(folder: Path, content: Any, name: str = "file.jsonl") -> Imported:
    """A file of bytes, or of JSON Lines if a tuple of values is given."""
    if isinstance(content, tuple):
        content = b"".join(json.dumps(line).encode() + b"\n" for line in content)
    path = folder / name
    path.write_bytes(content)
    log, report = Log(), ImportReport()
    traces = list(import_traces([path], rejects=log, report=report))
    assert report.is_unaltered
    return Imported(traces, log.rejects, report.files[0])


def eval_archive(*samples: dict[str, Any], **header: Any) -> bytes:
    """An Inspect log as its `.eval` archive."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"version": 2, "eval": {"task": "sums", **header}}))
        for number, sample in enumerate(samples, 1):
            archive.writestr(f"samples/{number}_epoch_1.json", json.dumps(sample))
    return data.getvalue()
