"""Traces that an import meets again: which are copies and count once, and which only read alike."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from rdpt_core.records import Trace
from rdpt_core.traces.importing.report import FileReport

_DECISIVE_CHARS = 200
"""Two responses of this length are the same by copying. Shorter ones may be the same by chance, from another seed."""


class CopyError(Exception):
    """This trace is an earlier one again, so it is set aside. The pipeline counts it; it never reaches a caller.

    Args:
        first: id of the trace that stays.
        has_other_verdict: its `correct` is not that of the first, which stays.
    """

    def __init__(self, first: str, has_other_verdict: bool) -> None:
        super().__init__(first)
        self.first = first
        self.has_other_verdict = has_other_verdict


class _Met(NamedTuple):
    """How often one record was met: at most in a file before, and in the last file that holds it."""

    n_before: int
    file: int
    n: int
    correct: bool | None


class Meeting(NamedTuple):
    """What is known of a trace before it has an id.

    Attributes:
        first: id of the first trace that reads alike; None for a new text.
        is_copy: the trace is an earlier one again.
        has_other_verdict: it has a verdict, and that is not the earlier one's.
    """

    first: str | None
    is_copy: bool
    has_other_verdict: bool
    text: bytes
    record: bytes
    met: _Met


class CopyRegistry:
    """Knows every text of an import again.

    Two traces *read alike* if question, response, model and the sample that the source names are the same word for
    word. The later one is a *copy* if

    * the source gives both the same id of a trace; or
    * it gives them none, the same benchmark and the same id of a question, if any, and they stand in different files;
      a response that is short enough to be given twice must agree in all other fields, too.
      Within one file a text may well be sampled again and again, by a model that always takes the likeliest token; a
      second file with the same records is a second copy of the log. What a file holds more often than any file before
      it is no copy.

    Memory: two entries a trace.
    """

    def __init__(self) -> None:
        self._first: dict[bytes, str] = {}
        self._records: dict[bytes, _Met] = {}
        self._entry: FileReport | None = None
        self._file = 0
        self._new: dict[bool | None, _Met] = {}

    def meet(
        self, trace: Trace, entry: FileReport, *, asked: str, sample: int | None, ids: tuple[str | None, str | None]
    ) -> Meeting:
        """Look at a trace. It is not known before `keep`.

        Args:
            entry: of the file that holds the trace; files come one after the other.
            asked: what the response answers.
            sample: which of several responses it is, if the source says so.
            ids: those that the source gives to the question and to the trace.
        """
        if entry is not self._entry:
            self._entry, self._file = entry, self._file + 1
            # One value for all traces that a file holds once, which are most.
            self._new = {correct: _Met(0, self._file, 1, correct) for correct in (None, True, False)}
        content = (repr((asked, sample, trace.model)) + trace.response).encode("utf-8", "backslashreplace")
        text = hashlib.blake2b(content, digest_size=16).digest()
        about: object = ids[1] if ids[1] is not None else (trace.benchmark, ids[0])
        if ids[1] is None and len(trace.response) < _DECISIVE_CHARS:
            about = (about, trace.gold, json.dumps(trace.meta.get("source"), sort_keys=True, default=str))
        record = text + hash(about).to_bytes(8, "little", signed=True)
        known = self._records.get(record)
        if known is None:
            return Meeting(self._first.get(text), False, False, text, record, self._new[trace.correct])
        n_before, n = known.n_before, known.n + 1
        if known.file != self._file:
            n_before, n = max(n_before, known.n), 1
        is_copy = n <= n_before or ids[1] is not None
        is_other = trace.correct is not None and trace.correct is not known.correct
        met = _Met(n_before, self._file, n, known.correct)
        return Meeting(self._first.get(text), is_copy, is_other, text, record, met)

    def keep(self, meeting: Meeting, trace_id: str) -> None:
        """Count a trace that was met, so that its copies are known."""
        self._records[meeting.record] = meeting.met
        self._first.setdefault(meeting.text, trace_id)
