"""The evidence of the sentences of one trace, for the reader."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.evidence.p_values.data import RATE, EvidenceData
from rdpt_core.analysis.evidence.p_values.sums import MISSING, columns_sql
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.kept import Family
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Codes, Doubles, Ints

STEPS = ("strong", "found", "weak", "none")
"""How strong the evidence is, in the order of the codes from 1."""
STRONG = 0.01
"""The q-value up to which it is strong."""
WEAK = 0.05
"""The p-value up to which it is weak, if the sentence is not found."""


@dataclass(frozen=True, slots=True, eq=False)
class TraceEvidence:
    """The evidence of n sentences.

    Attributes:
        sentence_index: (n,), ascending; marks of format are among them only if they count.
        n_as_high: (n,), references under which each is at least as likely; -1 where a model has no number.
        n_references: how many there are.
        p, q: (n,), NaN where there is none; q among all sentences of the run.
    """

    sentence_index: Ints
    n_as_high: Ints
    n_references: int
    p: Doubles
    q: Doubles

    @property
    def has_p(self) -> bool:
        """Whether any sentence has a p-value, so that evidence comes in steps."""
        return not bool(np.isnan(self.p).all())

    def codes(self) -> Codes:
        """(n,), the step of each sentence as `STEPS` counts them from 1, 0 where there is none."""
        steps = np.select([np.isnan(self.q), self.q <= STRONG, self.q <= RATE, self.p <= WEAK], [0, 1, 2, 3], 4)
        return steps.astype(np.uint8)


def trace_evidence(own: EvidenceData, trace_no: int, rule: LabelRule) -> TraceEvidence:
    """The evidence of one trace. With p-values, the whole run is read once for all of its traces.

    Args:
        rule: says whether marks of format count.
    """
    counted = LabelRule.make(marks=rule.marks)
    family = Family("trace_evidence", 64, is_small=True)
    found: TraceEvidence = own.keep(family, (*own.key, trace_no, rule.marks), lambda: _load(own, trace_no, counted))
    return found


def _load(own: EvidenceData, trace_no: int, rule: LabelRule) -> TraceEvidence:
    run, references = own.data.run, own.references
    counted = sentences_sql(run.run_no, rule, f"trace_no = {trace_no:d}")
    as_high = columns_sql(run, references)["n_as_high"]
    with own.data.open_reader() as reader:
        table = reader.query(f"SELECT sentence_index, {as_high} AS n FROM {counted} ORDER BY sentence_index")
    index = table.column("sentence_index").to_numpy().astype(np.int64)
    n = table.column("n").to_numpy().astype(np.int64)
    n = np.where(n == MISSING, -1, n)
    nothing = np.full(len(index), np.nan)
    if not references.have_p:
        return TraceEvidence(index, n, len(references), nothing, nothing)
    evidence = own.evidence(rule)
    place = int(np.searchsorted(evidence.trace_no, trace_no))
    rows = slice(int(evidence.start[place]), int(evidence.start[place + 1]))
    q = own.q_values(rule, Scope())[rows]
    return TraceEvidence(index, n, len(references), evidence.p_values(rows), q)
