"""One trace with its labelled sentences: everything that the trace page draws."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from rdpt_core.analysis.faint import Faint, faint_limit
from rdpt_core.analysis.labels import LabelRule, label_order, labels_sql, writing_role
from rdpt_core.records import Label, Trace
from rdpt_core.store.reader import Reader, Run
from rdpt_core.store.soundness import check_end


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How much of a trace carries a label. `n_tokens` are those of the role that wrote the trace."""

    label: Label
    n_sentences: int
    n_tokens: int


@dataclass(frozen=True, slots=True)
class TraceView:
    """A trace and its sentences.

    Attributes:
        sentences: one row a sentence, in order: the columns of the database, then what `labels_sql` adds. Empty while
            the trace is not scored yet.
    """

    trace_no: int
    trace: Trace
    roles: tuple[str, ...]
    rule: LabelRule
    sentences: pa.Table

    @property
    def is_scored(self) -> bool:
        """Whether every role has scored this trace."""
        return bool(self.sentences.num_rows)

    def column(self, name: str) -> list[Any]:
        """A column of `sentences` as Python values; None where missing."""
        values: list[Any] = self.sentences.column(name).to_pylist()
        return values

    def texts(self) -> list[str]:
        """The sentences' characters. Joined they are the response; a trace without scores is one piece."""
        if not self.is_scored:
            return [self.trace.response] if self.trace.response else []
        spans = zip(self.column("char_start"), self.column("char_end"), strict=True)
        return [self.trace.response[start:end] for start, end in spans]

    @property
    def count_role(self) -> str:
        """The role whose tokens weigh the sentences."""
        return writing_role(self.roles)

    def label_counts(self) -> tuple[LabelCount, ...]:
        """Sentences and tokens of every label that the run can have, zeros included."""
        sentences: Counter[str | None] = Counter()
        tokens: Counter[str | None] = Counter()
        for label, n in zip(self.column("label"), self.column(f"n_tokens_{self.count_role}"), strict=True):
            sentences[label] += 1
            tokens[label] += n or 0
        return tuple(LabelCount(label, sentences[label], tokens[label]) for label in label_order(self.roles))

    def faint(self) -> Faint | None:
        """The faint sentences of this trace; None where the rule knows none."""
        limit = faint_limit(self.rule, self.roles)
        if limit is None:
            return None
        label, symbol, threshold = limit
        values = zip(*(self.column(f"v_{role}") for role in self.roles), strict=True)
        labels = self.column("label")
        pairs = [(name, max(row)) for name, row in zip(labels, values, strict=True) if name is not None]
        n_faint = sum(name == label and highest <= threshold for name, highest in pairs)
        return Faint(label, symbol, n_faint, sum(name == label for name, _ in pairs), len(pairs))


def load_trace_view(reader: Reader, run: Run, trace_no: int, rule: LabelRule) -> TraceView:
    """Read one trace and label its sentences."""
    reader.check(run)
    (trace,) = reader.traces(run.run_no, trace_no, trace_no + 1)
    source = f"(SELECT * FROM sentences WHERE run_no = {run.run_no:d} AND trace_no = {trace_no:d})"
    sentences = reader.query(f"{labels_sql(rule, run.roles, source)} ORDER BY sentence_index")
    view = TraceView(trace_no, trace, run.roles, rule, sentences)
    if view.is_scored:
        check_end(f"sentences of trace {trace_no}", view.column("char_end")[-1], len(trace.response))
    return view


def question_text(trace: Trace) -> str:
    """The question as text: its only message, or every message with its role, or the rendered prompt."""
    if len(trace.messages) == 1:
        return trace.messages[0].text
    if trace.messages:
        return "\n\n".join(f"{message.speaker}: {message.text}" for message in trace.messages)
    return trace.prompt or ""
