"""Ids of imported traces and questions."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

from rdpt_core.records import Trace
from rdpt_core.traces.formats.base import Draft
from rdpt_core.traces.importing.copies import CopyError, CopyRegistry, Meeting
from rdpt_core.traces.importing.report import FileReport

_NOT_IN_IDS = re.compile(r"[^\w.+-]+")
_ID_CHARS = 80


def in_ids(name: str) -> str:
    """A name of the source as ids hold it."""
    return _NOT_IN_IDS.sub("-", name).strip("-")[:_ID_CHARS]


class IdRegistry:
    """Ids: readable where the source has one, stable, and unique across the import.

    A question keeps its id in every file that asks it, so that models and samples can be compared. An id that the
    source gives is local to its benchmark; where two texts claim the same, the later one gets a hash behind it. The
    report of its file says so, and also of traces that read like an earlier one and are no copy of it.

    Args:
        keep_copies: give ids to copies, too.
    """

    def __init__(self, keep_copies: bool = False) -> None:
        self._keep_copies = keep_copies
        self._taken: set[str] = set()
        self._alike: dict[str, int] = {}
        self._questions: dict[str, str] = {}
        self._samples: dict[tuple[str, str | None], int] = {}
        self._copies = CopyRegistry()
        self._last: tuple[Meeting, str] | None = None

    def settle(self) -> None:
        """The trace that got its ids last is kept: what comes again after it is a copy of it."""
        if self._last is not None:
            self._copies.keep(*self._last)

    def keep(self, trace: Trace, entry: FileReport) -> Trace:
        """A canonical trace; only a `trace_id` that is taken already is changed, and `meta` then says so.

        Raises:
            CopyError: the trace is a copy.
        """
        ids = trace.question_id, trace.trace_id
        meeting = self._meet(trace, entry, _asked(trace), trace.sample, ids)
        return self._named(trace.trace_id, trace, meeting, entry)

    def give(self, trace: Trace, draft: Draft, entry: FileReport) -> Trace:
        """The trace with its ids, and with a sample index if the source gives none.

        Raises:
            CopyError: the trace is a copy.
        """
        asked = _asked(trace)
        if trace.meta["import"].get("question") == "missing":
            # Unknown questions are not all one question: each source id stands for its own, or else each trace.
            asked = f"{trace.meta['import']['file']} {draft.source_id or len(self._taken)}"
        meeting = self._meet(trace, entry, asked, draft.sample, (draft.source_id, draft.trace_id))
        # A text that is no UTF-8 is refused a step later, with its reason; here it only needs some digest.
        digest = hashlib.sha256(asked.encode("utf-8", "backslashreplace")).hexdigest()[:12]
        source_id = in_ids(draft.source_id or "")
        benchmark = in_ids(trace.benchmark)
        if source_id and (draft.id_is_global or trace.benchmark != "unknown"):
            question_id = f"{benchmark}-{source_id}" if trace.benchmark != "unknown" else source_id
        else:
            question_id = f"{benchmark}-{digest}" if trace.benchmark != "unknown" else f"q-{digest}"
        if self._questions.setdefault(question_id, digest) != digest:
            if f"{question_id}-{digest}" not in self._questions:
                _tell_renamed(question_id, f"{question_id}-{digest}", entry)
            question_id = f"{question_id}-{digest}"
            self._questions[question_id] = digest
        key = (question_id, trace.model)
        sample = draft.sample if draft.sample is not None else self._samples.get(key, 0)
        self._samples[key] = max(self._samples.get(key, 0), sample + 1)
        readable = f"{benchmark}-{source_id}" if source_id and not question_id.startswith(source_id) else question_id
        if draft.trace_id is not None:
            trace = replace(trace, question_id=question_id, sample=sample)
            return self._named(draft.trace_id, trace, meeting, entry)
        trace_id = self._unique(f"{readable}-s{sample}", question_id, trace)
        self._tell_alike(trace_id, meeting, entry)
        return replace(trace, trace_id=trace_id, question_id=question_id, sample=sample)

    def _meet(
        self, trace: Trace, entry: FileReport, asked: str, sample: int | None, ids: tuple[str | None, str | None]
    ) -> Meeting:
        meeting = self._copies.meet(trace, entry, asked=asked, sample=sample, ids=ids)
        if meeting.is_copy and meeting.first is not None and not self._keep_copies:
            self._copies.keep(meeting, meeting.first)
            raise CopyError(meeting.first, meeting.has_other_verdict)
        return meeting

    def _named(self, given: str, trace: Trace, meeting: Meeting, entry: FileReport) -> Trace:
        """The trace with the id that the source gives it; one that is taken is changed, and `meta` then says so."""
        trace_id = self._unique(given, trace.question_id, trace)
        self._tell_alike(trace_id, meeting, entry)
        if trace_id == given:
            return replace(trace, trace_id=given)
        if meeting.first is None:
            _tell_renamed(given, trace_id, entry)
        return replace(trace, trace_id=trace_id, meta={**trace.meta, "renamed_from": given})

    def _tell_alike(self, trace_id: str, meeting: Meeting, entry: FileReport) -> None:
        self._last = meeting, trace_id
        if meeting.first is not None:
            entry.n_alike += 1
            entry.alike = entry.alike or f"{trace_id} and {meeting.first}"

    def _unique(self, wanted: str, question_id: str, trace: Trace) -> str:
        """The id, or with a hash of the content behind it if it is taken, and a count behind that for true copies."""
        if wanted not in self._taken:
            self._taken.add(wanted)
            return wanted
        content = json.dumps([question_id, trace.model, trace.response])
        base = unique = f"{wanted}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        while unique in self._taken:
            self._alike[base] = self._alike.get(base, 1) + 1
            unique = f"{base}-{self._alike[base]}"
        self._taken.add(unique)
        return unique


def _tell_renamed(given: str, changed: str, entry: FileReport) -> None:
    entry.n_renamed += 1
    entry.renamed = entry.renamed or f"{given} is {changed} here"


def _asked(trace: Trace) -> str:
    return json.dumps([m.content_key for m in trace.messages]) if trace.messages else trace.prompt or ""
