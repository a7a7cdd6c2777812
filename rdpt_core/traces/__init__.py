"""Traces: read, checked, imported and cut into sentences. Nothing here knows a model.

    files           any file, compressed or not, to records
    canonical       canonical JSON Lines: read, checked, written
    formats         one file for each format that `import` reads
    importing       files of any format to canonical traces
    grading         is an answer the reference answer?
    splitters       responses to sentences
    thinking        where a response stops thinking, and whether it came to its end
    markers         text that is format and no reasoning
    templates       sentences without their numbers, names and formulas
    parts_of_speech  tags of the words of a template
    respelling      a response in another family's marks, and where its characters stand
    token_spans     which sentence a token belongs to
    overlap         how far sentences stand in training texts
    summary         what `validate` says about a set of traces
    acceptance      files of traces that `score` refuses as a whole
    worker_process  a process that answers questions and can be killed

NLTK is imported when the first splitter is asked for.
"""

from __future__ import annotations

from rdpt_core.traces.acceptance import none_renders, refuse_most_rejected
from rdpt_core.traces.canonical.pipes import PipeSpool
from rdpt_core.traces.canonical.reader import MAX_LINE_BYTES, iter_traces
from rdpt_core.traces.canonical.rejects import HeldRejectLog, RejectLog, check_rejects_file
from rdpt_core.traces.canonical.schema import trace_to_json
from rdpt_core.traces.splitters import DEFAULT_SPLITTER, SPLITTERS, SplitReport, Splitter, get_splitter
from rdpt_core.traces.summary import Spread, TraceSummary, summarise

__all__ = [
    "DEFAULT_SPLITTER",
    "MAX_LINE_BYTES",
    "SPLITTERS",
    "HeldRejectLog",
    "PipeSpool",
    "RejectLog",
    "SplitReport",
    "Splitter",
    "Spread",
    "TraceSummary",
    "check_rejects_file",
    "get_splitter",
    "iter_traces",
    "none_renders",
    "refuse_most_rejected",
    "summarise",
    "trace_to_json",
]
