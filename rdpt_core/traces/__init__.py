"""Traces: read, checked and cut into sentences. NLTK is imported when the first splitter is asked for."""

from __future__ import annotations

from rdpt_core.traces.canonical import MAX_LINE_BYTES, iter_traces, trace_to_json
from rdpt_core.traces.rejects import RejectLog
from rdpt_core.traces.splitters import DEFAULT_SPLITTER, SPLITTERS, SplitReport, Splitter, get_splitter
from rdpt_core.traces.summary import Spread, TraceSummary, summarise

__all__ = [
    "DEFAULT_SPLITTER",
    "MAX_LINE_BYTES",
    "SPLITTERS",
    "RejectLog",
    "SplitReport",
    "Splitter",
    "Spread",
    "TraceSummary",
    "get_splitter",
    "iter_traces",
    "summarise",
    "trace_to_json",
]
