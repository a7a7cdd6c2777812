"""What `validate` reports of a set of traces: counts, lengths, and what was set aside."""

from __future__ import annotations

import statistics
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rdpt_core.records import Reject, TemplatePolicy, Trace
from rdpt_core.traces.acceptance import mostly_rejected, none_renders
from rdpt_core.traces.canonical.rejects import RejectLog
from rdpt_core.traces.canonical.sentence_tags import read_tags
from rdpt_core.traces.splitters.base import Splitter


@dataclass(frozen=True, slots=True)
class Spread:
    """Where a set of numbers lies. `p95` is the smallest number that at least 95 % of them do not exceed."""

    min: int
    median: float
    p95: int
    max: int

    def __str__(self) -> str:
        return f"min {self.min:,}, median {self.median:,.10g}, p95 {self.p95:,}, max {self.max:,}"


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """Counts over a set of traces.

    Attributes:
        benchmarks: traces by benchmark, the largest first.
        n_unknown: traces whose correctness is not known.
        samples_per_question: None if there are no traces; so with `response_chars`.
        response_chars: lengths of the responses. Units: code points.
        splitter: name and version of the splitter, None if none was given; so with the two numbers after it.
        sentences_per_trace: None also if there are no traces.
        extra_fields: fields that the canonical format does not know, kept in `meta["extra"]`, with how many traces
            have them.
        n_tagged: entries of `meta.sentence_tags` that tag a stretch of their response; so with `n_bad_tags`, which are
            left out: without tags, out of bounds, or with a text that the response does not hold.
        first_rejects: the first few rejected lines.
        n_without_question: traces with neither `question` nor `messages`, which need the template policy `raw`.
        n_without_prompt: traces without `prompt`, which that policy needs.
        template: the template policy that the next two are about.
        n_unrendered: traces that lack what the policy needs, so that `score` leaves them unscored and says why.
        stop: why `score` would stop without a run; None if it would not.
    """

    n_traces: int
    n_questions: int
    n_rejected: int
    benchmarks: Mapping[str, int]
    n_correct: int
    n_incorrect: int
    n_unknown: int
    n_empty_responses: int
    samples_per_question: Spread | None
    response_chars: Spread | None
    splitter: str | None = None
    n_sentences: int | None = None
    sentences_per_trace: Spread | None = None
    extra_fields: Mapping[str, int] = field(default_factory=dict)
    n_tagged: int = 0
    n_bad_tags: int = 0
    first_rejects: tuple[Reject, ...] = ()
    n_without_question: int = 0
    n_without_prompt: int = 0
    template: str = TemplatePolicy.OWN.value
    n_unrendered: int = 0
    stop: str | None = None

    @property
    def fits_a_policy(self) -> bool:
        """Whether some template policy renders every trace. Under any other, `score` leaves some unscored."""
        return not (self.n_without_question and self.n_without_prompt)

    def to_dict(self) -> dict[str, Any]:
        """The attributes by their names, ready for JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """A few lines for people."""
        rows: list[tuple[str, Any]] = [
            ("traces", f"{self.n_traces:,}"),
            ("questions", f"{self.n_questions:,}"),
            ("rejected lines", f"{self.n_rejected:,}"),
            ("benchmarks", ", ".join(f"{name} {n:,}" for name, n in self.benchmarks.items()) or "none"),
            ("correct", f"{self.n_correct:,} yes, {self.n_incorrect:,} no, {self.n_unknown:,} unknown"),
            ("unscored", self._unscored()),
            ("samples per question", self.samples_per_question),
            ("response characters", self.response_chars),
            ("empty responses", f"{self.n_empty_responses:,}" if self.n_empty_responses else None),
            ("sentences", f"{self.n_sentences:,} by {self.splitter}" if self.n_sentences is not None else None),
            ("sentences per trace", self.sentences_per_trace),
            ("tagged stretches", self._tagged()),
            ("fields kept as extra", ", ".join(f"{name} {n:,}" for name, n in self.extra_fields.items()) or None),
        ]
        lines = [f"{name + ':':22}{value}" for name, value in rows if value is not None]
        lines += [f"rejected {reject.file}:{reject.line}: {reject.reason}" for reject in self.first_rejects]
        if self.n_rejected > len(self.first_rejects) > 0:
            lines.append(f"and {self.n_rejected - len(self.first_rejects):,} more")
        return "\n".join(lines)

    def _tagged(self) -> str | None:
        """Entries of `sentence_tags`, and how many of them say nothing."""
        if not self.n_tagged and not self.n_bad_tags:
            return None
        bad = f"; entries that tag nothing in their response: {self.n_bad_tags:,}" if self.n_bad_tags else ""
        return f"{self.n_tagged:,}{bad}"

    def _unscored(self) -> str | None:
        """What `score` leaves unscored under the template policy, and under the other kind of policy."""
        if not self.n_unrendered:
            return None
        is_raw = self.template == TemplatePolicy.RAW
        lack, other_lack = ("`prompt`", "a question") if is_raw else ("a question", "`prompt`")
        n_other, other = (self.n_without_question, "own") if is_raw else (self.n_without_prompt, "raw")
        instead = f"the {n_other:,} without {other_lack}" if n_other else "none"
        return f"{self.n_unrendered:,} without {lack}; under `--template {other}`, {instead}"


def summarise(
    traces: Iterable[Trace],
    rejects: RejectLog,
    splitter: Splitter | None = None,
    template: TemplatePolicy = TemplatePolicy.OWN,
) -> TraceSummary:
    """Count what `traces` holds, in one pass.

    Memory holds a few numbers a trace and one entry a question, no text.

    Args:
        traces: consumed.
        rejects: read after the traces are consumed, since the reader that yields them fills it.
        splitter: if given, sentences are counted too, which takes most of the time.
        template: the policy under which the traces are to be scored.
    """
    samples: Counter[str] = Counter()
    benchmarks: Counter[str] = Counter()
    correct: Counter[bool | None] = Counter()
    extra: Counter[str] = Counter()
    lengths = array("q")
    sentences = array("q")
    n_without_question = n_without_prompt = n_tagged = n_bad_tags = 0
    for trace in traces:
        samples[trace.question_id] += 1
        benchmarks[trace.benchmark] += 1
        correct[trace.correct] += 1
        n_without_question += not trace.messages
        n_without_prompt += trace.prompt is None
        kept = trace.meta.get("extra")
        if isinstance(kept, Mapping):
            extra.update(map(str, kept))
        spans, n_bad = read_tags(trace.meta, trace.response)
        n_tagged, n_bad_tags = n_tagged + len(spans), n_bad_tags + n_bad
        lengths.append(len(trace.response))
        if splitter is not None:
            sentences.append(len(splitter.split(trace.response)))
    n_unrendered = n_without_prompt if template is TemplatePolicy.RAW else n_without_question
    stop = mostly_rejected(rejects, len(lengths))
    if stop is None and n_unrendered == len(lengths) > 0:
        stop = none_renders(template, n_unrendered)
    return TraceSummary(
        n_traces=len(lengths),
        n_questions=len(samples),
        n_rejected=rejects.n,
        benchmarks=dict(sorted(benchmarks.items(), key=lambda item: (-item[1], item[0]))),
        n_correct=correct[True],
        n_incorrect=correct[False],
        n_unknown=correct[None],
        n_empty_responses=lengths.count(0),
        samples_per_question=_spread(list(samples.values())),
        response_chars=_spread(lengths),
        splitter=f"{splitter.name}/{splitter.version}" if splitter is not None else None,
        n_sentences=sum(sentences) if splitter is not None else None,
        sentences_per_trace=_spread(sentences),
        extra_fields=dict(sorted(extra.items(), key=lambda item: (-item[1], item[0]))),
        n_tagged=n_tagged,
        n_bad_tags=n_bad_tags,
        first_rejects=rejects.first,
        n_without_question=n_without_question,
        n_without_prompt=n_without_prompt,
        template=template.value,
        n_unrendered=n_unrendered,
        stop=None if stop is None else str(stop),
    )


def _spread(numbers: Sequence[int]) -> Spread | None:
    if not numbers:
        return None
    ordered = sorted(numbers)
    rank = -(-95 * len(ordered) // 100)  # Nearest rank, rounded up.
    return Spread(ordered[0], float(statistics.median(ordered)), ordered[rank - 1], ordered[-1])
