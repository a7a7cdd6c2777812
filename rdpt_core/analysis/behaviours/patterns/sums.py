"""Label counts of a pattern's sentences, of all others, and of groups of both, by question.

A pattern has few sentences, a run has many: what is counted of the run is counted once for a rule, and all others are
what remains after the pattern is taken away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.behaviours.patterns.tables import Sums
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.gaps.gap_arrays import Gaps
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import Codes, Doubles, Ints, SmallInts


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """The traces in scope, and some of their sentences.

    Attributes:
        labels: in the order of the codes, which count from 1.
        traces: the traces in scope.
        gaps: all sentences of the run.
        codes: (n_sentences of the run,), their labels; 0 where unscored.
        counts: (n_traces, 1 + n_labels), sentences of each trace by code.
        rows: (n_traces,), where these traces stand in `gaps`.
        places: (n,), the sentences, ascending.
        trace: (n,), the trace of each, an index into `traces`.
        index: (n,), its number in its trace, from 0.
    """

    labels: tuple[str, ...]
    traces: TraceTable
    gaps: Gaps
    codes: Codes
    counts: Doubles
    rows: Ints
    places: SmallInts
    trace: Ints
    index: Ints

    def sums(self, chosen: Ints | None = None, codes: Codes | None = None) -> Sums:
        """Labels of the sentences, or of those at `chosen` indices; `codes` take the place of their own labels."""
        trace = self.trace if chosen is None else self.trace[chosen]
        code = self.codes[self.places if chosen is None else self.places[chosen]] if codes is None else codes
        return sums_of(self.traces, trace, code, len(self.labels))

    def pair(self) -> tuple[Sums, Sums]:
        """Labels of the sentences, and of all others of the traces in scope."""
        inside = trace_counts(self.trace, self.codes[self.places], self.counts.shape)
        return _both(self.traces, inside, self.counts)

    def pairs(self, dimension: str) -> list[Sums]:
        """The same for each value of a dimension of traces, one pair after another."""
        inside = trace_counts(self.trace, self.codes[self.places], self.counts.shape)
        found = []
        for value in range(len(self.traces.names[dimension])):
            is_here = (self.traces.codes[dimension] == value)[:, None]
            found += _both(self.traces, inside * is_here, self.counts * is_here)
        return found


def sentences_in(data: RunData, rule: LabelRule, scope: Scope, places: SmallInts) -> Sentences:
    """Those of some sentences that are in scope.

    Args:
        places: in the arrays of `data.gaps(rule)`, ascending.
    """
    gaps, rows = data.gaps(rule), data.rows(rule, scope)
    trace_of_row = np.full(len(gaps.trace_no), -1, np.int64)
    trace_of_row[rows] = np.arange(len(rows))
    row = np.searchsorted(gaps.start, places, side="right") - 1
    trace = trace_of_row[row]
    is_in = trace >= 0
    places, row, trace = places[is_in], row[is_in], trace[is_in]
    index = places.astype(np.int64) - gaps.start[row]
    counts = data.counts(rule)[rows]
    return Sentences(data.labels, data.trace_table(scope), gaps, data.codes(rule), counts, rows, places, trace, index)


def trace_counts(trace: Ints, code: Codes, shape: tuple[int, ...]) -> Doubles:
    """Sentences of each trace by code. Shapes: `trace` and `code` (n,); result `shape`, (n_traces, 1 + n_labels)."""
    n_traces, width = shape
    return np.bincount(trace * width + code, minlength=n_traces * width).reshape(n_traces, width).astype(np.float64)


def sums_of(traces: TraceTable, trace: Ints, code: Codes, n_labels: int) -> Sums:
    """Labels of some sentences, each given by its trace and its code; unscored ones are left out."""
    is_labelled = code > 0
    trace, code = trace[is_labelled], code[is_labelled]
    slot = traces.question[trace] * n_labels + (code - 1)
    amount = np.bincount(slot, minlength=traces.n_questions * n_labels).reshape(-1, n_labels)
    return Sums(amount.astype(np.float64), len(np.unique(trace)))


def both_ways(own: Sentences, seen: Codes, controlled: Codes) -> Sums:
    """Labels of the sentences as they are seen; only of those that have one with the teacher and under a control.

    Args:
        seen, controlled: (n_sentences of the run,) codes as they are counted, and codes under the control.
    """
    has_both = np.flatnonzero((own.codes[own.places] > 0) & (controlled[own.places] > 0))
    return sums_of(own.traces, own.trace[has_both], seen[own.places[has_both]], len(own.labels))


def of_traces(traces: TraceTable, counts: Doubles) -> Sums:
    """Label counts of traces, (n_traces, n_labels), as sums of their questions."""
    columns = [np.bincount(traces.question, column, traces.n_questions) for column in counts.T]
    return Sums(np.stack(columns, axis=1), int((counts.sum(axis=1) > 0).sum()))


def _both(traces: TraceTable, inside: Doubles, everything: Doubles) -> tuple[Sums, Sums]:
    return of_traces(traces, inside[:, 1:]), of_traces(traces, (everything - inside)[:, 1:])
