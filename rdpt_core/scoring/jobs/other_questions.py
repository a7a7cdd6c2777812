"""Which other question each trace of a run is asked as a control: one of the same benchmark, the same in every process.

The questions of a benchmark stand in a ring, in the order of a hash of their ids, and each trace is asked the next one.
So every question is asked as often as it is due, no question is its own, and neither chance nor the order of the file
decides.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from rdpt_core.records import Message, TemplatePolicy, Trace, UnscoredReason
from rdpt_core.scoring.models.prompts.templates import Unrendered, lack


@dataclass(frozen=True, slots=True)
class _Question:
    question_id: str
    text: str
    messages: tuple[Message, ...]
    prompt: str | None


@dataclass(slots=True)
class _Ring:
    """The questions of one benchmark in their order, and the place of each."""

    questions: list[_Question] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)


class OtherQuestions:
    """The questions of all traces of a run, those whose conversation or prompt the template policy can render.

    Memory: each question once.
    """

    def __init__(self, traces: Iterable[Trace], policy: TemplatePolicy) -> None:
        self._policy = policy
        self._rings: dict[str, _Ring] = {}
        self._next: dict[tuple[str, str, str], _Question | None] = {}
        first: dict[tuple[str, str], _Question] = {}
        for trace in traces:
            if lack(policy, trace) is None and (trace.benchmark, trace.question_id) not in first:
                first[trace.benchmark, trace.question_id] = _Question(
                    trace.question_id, self._text(trace), trace.messages, trace.prompt
                )
        for benchmark, question_id in sorted(first, key=lambda key: (_hash(key[1]), key)):
            ring = self._rings.setdefault(benchmark, _Ring())
            ring.places[question_id] = len(ring.questions)
            ring.questions.append(first[benchmark, question_id])

    def asked(self, trace: Trace) -> Trace | Unrendered:
        """The trace with another question of its benchmark in the place of its own, or why there is none."""
        lacking = lack(self._policy, trace)
        if lacking is not None:
            return lacking
        key = trace.benchmark, trace.question_id, self._text(trace)
        if key not in self._next:
            self._next[key] = self._other(*key)
        other = self._next[key]
        if other is None:
            return Unrendered(
                UnscoredReason.NO_OTHER_QUESTION, "its benchmark has no other question that could be asked instead"
            )
        return replace(trace, messages=other.messages, prompt=other.prompt)

    def _other(self, benchmark: str, question_id: str, text: str) -> _Question | None:
        """The next one in the ring that has another text, too: ids may differ where questions do not."""
        ring = self._rings[benchmark]
        n, place = len(ring.questions), ring.places[question_id]
        behind = (ring.questions[(place + step) % n] for step in range(1, n))
        return next((question for question in behind if question.text != text), None)

    def _text(self, trace: Trace) -> str:
        """A hash of what the template policy shows of a trace's question, without regard to spaces."""
        turns = [(message.role, message.text) for message in trace.messages]
        shown = [("", trace.prompt or "")] if self._policy is TemplatePolicy.RAW else turns
        return _hash(json.dumps([(role, " ".join(text.split())) for role, text in shown]))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
