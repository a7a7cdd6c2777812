"""How the first records of an import would come out. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rdpt_core.records import Reject, Trace
from rdpt_core.traces.canonical.rejects import RejectSink
from rdpt_core.traces.importing.pipeline import OnTrace
from rdpt_core.traces.importing.report import FileReport, ImportReport, Previewed

Begin = Callable[[RejectSink, OnTrace], Iterator[Trace]]
"""Begins an import: `import_traces` with everything but these two arguments."""


class _EnoughError(Exception):
    """As many records were seen as were asked for. It never reaches a caller."""


class _First:
    """Keeps the first records of an import in their order, whether they become traces or rejects."""

    def __init__(self, n: int, report: ImportReport) -> None:
        self._n = n
        self._report = report
        self._place: tuple[FileReport, int] | None = None
        self.seen: list[Previewed] = []

    def place(self, entry: FileReport, line: int) -> None:
        self._place = entry, line

    def take(self, trace: Trace) -> None:
        if self._place is None:
            raise RuntimeError("a trace comes after its place")
        entry, line = self._place
        self._keep(Previewed(entry.name, line, entry.format, trace=trace))

    def add(self, reject: Reject) -> None:
        formats = {file.name: file.format for file in self._report.files}
        self._keep(Previewed(reject.file, reject.line, formats.get(reject.file), reason=reject.reason))

    def _keep(self, one: Previewed) -> None:
        self.seen.append(one)
        if len(self.seen) >= self._n:
            raise _EnoughError


def preview(begin: Begin, n: int, report: ImportReport) -> None:
    """Draw the first records of an import into its report.

    Args:
        n: how many traces and rejects, together.
        report: that of the import. Its counts are of what was looked at.

    Raises:
        RdptError: as the import.
    """
    first = _First(n, report)
    report.preview = first.seen
    try:
        for trace in begin(first, first.place):
            first.take(trace)
    except _EnoughError:
        return
