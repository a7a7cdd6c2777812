"""One small file through the import: its traces, and what it rejects."""

from __future__ import annotations

import json
from typing import Any

from rdpt_core.records import Reject, Trace
from rdpt_core.traces.files.source import Source
from rdpt_core.traces.importing.pipeline import import_source


class Log:
    def __init__(self) -> None:
        self.rejects: list[Reject] = []

    def add(self, reject: Reject) -> None:
        self.rejects.append(reject)


def read(content: Any, *, format: str | None = None) -> tuple[list[Trace], list[Reject]]:
    """Traces and rejects of one file, given as bytes, as a document, or as a tuple of lines."""
    if isinstance(content, tuple):
        content = b"".join(json.dumps(line).encode() + b"\n" for line in content)
    elif not isinstance(content, bytes):
        content = json.dumps(content).encode()
    log = Log()
    return list(import_source(Source.of_bytes("file", content), log, format=format)), log.rejects
