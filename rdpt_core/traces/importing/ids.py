"""Ids of imported traces and questions."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

from rdpt_core.records import Trace
from rdpt_core.traces.formats.base import Draft

_NOT_IN_IDS = re.compile(r"[^\w.+-]+")
_ID_CHARS = 80


class IdRegistry:
    """Ids: readable where the source has one, stable, and unique across the import.

    A question keeps its id in every file that asks it, so that models and samples can be compared. An id that the
    source gives is local to its benchmark; where two texts claim the same, the later one gets a hash behind it.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._copies: dict[str, int] = {}
        self._questions: dict[str, str] = {}
        self._samples: dict[tuple[str, str | None], int] = {}

    def keep(self, trace: Trace) -> Trace:
        """A canonical trace; only a `trace_id` that is taken already is changed, and `meta` then says so."""
        trace_id = self._unique(trace.trace_id, trace)
        if trace_id == trace.trace_id:
            return trace
        return replace(trace, trace_id=trace_id, meta={**trace.meta, "renamed_from": trace.trace_id})

    def give(self, trace: Trace, draft: Draft) -> Trace:
        """The trace with its ids, and with a sample index if the source gives none."""
        asked = json.dumps([[m.role, m.content] for m in trace.messages]) if trace.messages else trace.prompt or ""
        if trace.meta["import"].get("question") == "missing":
            # Unknown questions are not all one question: each source id stands for its own, or else each trace.
            asked = f"{trace.meta['import']['file']} {draft.source_id or len(self._taken)}"
        # A text that is no UTF-8 is refused a step later, with its reason; here it only needs some digest.
        digest = hashlib.sha256(asked.encode("utf-8", "backslashreplace")).hexdigest()[:12]
        source_id = _NOT_IN_IDS.sub("-", draft.source_id or "").strip("-")[:_ID_CHARS]
        benchmark = _NOT_IN_IDS.sub("-", trace.benchmark).strip("-")[:_ID_CHARS]
        if source_id and (draft.id_is_global or trace.benchmark != "unknown"):
            question_id = f"{benchmark}-{source_id}" if trace.benchmark != "unknown" else source_id
        else:
            question_id = f"{benchmark}-{digest}" if trace.benchmark != "unknown" else f"q-{digest}"
        if self._questions.setdefault(question_id, digest) != digest:
            question_id = f"{question_id}-{digest}"
            self._questions[question_id] = digest
        key = (question_id, trace.model)
        sample = draft.sample if draft.sample is not None else self._samples.get(key, 0)
        self._samples[key] = max(self._samples.get(key, 0), sample + 1)
        readable = f"{benchmark}-{source_id}" if source_id and not question_id.startswith(source_id) else question_id
        trace = replace(trace, question_id=question_id, sample=sample)
        return replace(trace, trace_id=self._unique(f"{readable}-s{sample}", trace))

    def _unique(self, wanted: str, trace: Trace) -> str:
        """The id, or with a hash of the content behind it if it is taken, and a count behind that for true copies."""
        if wanted not in self._taken:
            self._taken.add(wanted)
            return wanted
        content = json.dumps([trace.question_id, trace.model, trace.response])
        base = unique = f"{wanted}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        while unique in self._taken:
            self._copies[base] = self._copies.get(base, 1) + 1
            unique = f"{base}-{self._copies[base]}"
        self._taken.add(unique)
        return unique
