"""Every number about the evidence of sentences in a run: sums → p-values → false discoveries. See `evidence_of`."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rdpt_core.analysis.evidence.p_values import tables
from rdpt_core.analysis.evidence.p_values.calibration import Calibrated, calibrate, of_places
from rdpt_core.analysis.evidence.p_values.references import FEWEST, References, can_test, references_of
from rdpt_core.analysis.evidence.p_values.sums import MISSING, Sums, load_sums
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Keep, Key, Memory, kept
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.false_discoveries import Dependence, q_values
from rdpt_core.arrays import Bools, Doubles, Ints, SmallInts
from rdpt_core.store.reader import Reader, Run

RATE = 0.05
"""The rate of false discoveries at which a sentence counts as found."""


@dataclass(frozen=True, slots=True, eq=False)
class RunEvidence:
    """The evidence of all sentences of a run, in order of trace and sentence. Ten million take 40 MB.

    Attributes:
        references: what the teacher was held against.
        trace_no: (n_traces,), ascending.
        start: (n_traces + 1,); the sentences of trace i are `start[i] : start[i + 1]`, as in `Gaps`.
        n_as_high: (n_sentences,), references under which a sentence is at least as likely; `MISSING` where untested.
        calibrated: where the sentences lie among the references' own; None with fewer than `FEWEST` references.
    """

    references: References
    trace_no: SmallInts
    start: Ints
    n_as_high: npt.NDArray[np.uint16]
    calibrated: Calibrated | None

    @property
    def n_sentences(self) -> int:
        """Tested or not."""
        return len(self.n_as_high)

    def p_values(self, rows: slice | Ints = slice(None)) -> Doubles:
        """(n,), the p-value of each sentence: its rank among the references where they are enough for that, else what
        calibration gives; NaN where there is none."""
        if self.calibrated is None:
            return np.full(len(self.n_as_high[rows]), np.nan)
        if self.references.are_ranked:
            n = self.n_as_high[rows]
            return np.where(n == MISSING, np.nan, (1.0 + n) / (len(self.references) + 1))
        return of_places(self.calibrated.p_of_place, self.calibrated.place[rows])


def evidence_of(data: RunData) -> EvidenceData:
    """How likely the sentences of a run are under its teacher, beside models that are none."""
    return EvidenceData(data)


def evidence_from(reader: Reader, run: Run) -> EvidenceData:
    """The same where there is a reader and nothing is kept.

    Args:
        reader: one that was told how the run is seen.
    """
    return EvidenceData(RunData(run, lambda *others: nullcontext(reader), Memory()))


@dataclass(frozen=True, slots=True)
class EvidenceData:
    """The evidence of a run as it is seen: another model in the teacher's place is tested like a teacher."""

    data: RunData

    @property
    def keep(self) -> Keep:
        """Where answers are kept."""
        return self.data.keep

    @property
    def key(self) -> Key:
        """What tells them from those about another run."""
        return (*self.data.key, "p_values")

    @property
    def is_possible(self) -> bool:
        """Whether there is a teacher, and a reference to hold it against."""
        return can_test(self.data.run)

    @property
    def references(self) -> References:
        """What the teacher is held against."""
        return references_of(self.data.run)

    # Ten million sentences and five references: sums take 160 MB, evidence 40 MB.

    def _sums(self, marks: bool) -> Sums:
        with self.data.open_reader() as reader:
            return load_sums(reader, self.data.run, self.references, marks=marks)

    @kept(2, message="Holding the teacher against the references …")
    def _evidence(self, marks: bool) -> RunEvidence:
        sums, references = self._sums(marks), self.references
        found = calibrate(sums.teacher, sums.references, sums.n_tokens) if references.have_p else None
        return RunEvidence(references, sums.trace_no, sums.start, sums.n_as_high, found)

    def evidence(self, rule: LabelRule) -> RunEvidence:
        """The evidence of every sentence; of the rule only matters whether marks of format count."""
        return self._evidence(rule.marks)

    def rows(self, rule: LabelRule, scope: Scope) -> Ints:
        """(n_traces,), the traces in scope as indices among all scored traces."""
        return np.searchsorted(self.evidence(rule).trace_no, self.data.trace_table(scope).trace_no)

    def sentences(self, rule: LabelRule, scope: Scope) -> Ints:
        """(n,), the sentences of the traces in scope, tested or not, as indices."""
        evidence = self.evidence(rule)
        if scope == Scope():
            return np.arange(evidence.n_sentences)
        return np.flatnonzero(in_traces(evidence.start, self.rows(rule, scope)))

    def q_of_place(self, rule: LabelRule, scope: Scope, dependence: Dependence = "positive") -> Doubles:
        """(N_PLACES,), the q-value of a sentence at each place, among those in scope; 1 where nothing lies."""
        return self._q_of_place(rule.marks, scope, dependence)

    @kept(16, is_small=True)
    def _q_of_place(self, marks: bool, scope: Scope, dependence: Dependence) -> Doubles:
        rule = LabelRule.make(marks=marks)
        calibrated = self.calibrated(rule)
        rows = None if scope == Scope() else self.sentences(rule, scope)
        return q_values(calibrated.p_of_place, calibrated.counts(rows), dependence)

    def calibrated(self, rule: LabelRule) -> Calibrated:
        """Where every sentence lies among the references' own; only with `FEWEST` references."""
        found = self.evidence(rule).calibrated
        if found is None:
            raise ValueError(f"{len(self.references)} references give no p-values")
        return found

    def q_values(self, rule: LabelRule, scope: Scope, dependence: Dependence = "positive") -> Doubles:
        """(n_sentences,), of the whole run, from the rate of false discoveries in scope; NaN where untested, and
        everywhere with too few references."""
        evidence = self.evidence(rule)
        if evidence.calibrated is None:
            return np.full(evidence.n_sentences, np.nan)
        return of_places(self.q_of_place(rule, scope, dependence), evidence.calibrated.place)

    @kept(8)
    def found(self, rule: LabelRule, scope: Scope) -> tables.Found:
        """How many sentences in scope are found at `RATE`, by label, and how their p-values spread."""
        evidence = self.evidence(rule)
        return tables.count_found(
            self.data.codes(rule),
            self.data.labels,
            evidence.start,
            self.rows(rule, scope),
            self.data.trace_table(scope).question,
            evidence.p_values(),
            self.q_values(rule, scope),
            self.q_values(rule, scope, "any"),
            RATE,
            tables.n_bins(len(self.references)),
        )

    @property
    def can_place(self) -> bool:
        """Whether each reference can be held against the others as the teacher is held against all."""
        return len(self.references) > FEWEST

    @kept(4, is_small=True, message="Holding each reference against the others …")
    def _placed_shares(self, marks: bool, scope: Scope) -> pa.Table:
        rule, references = LabelRule.make(marks=marks), self.references
        sums, evidence = self._sums(marks), self.evidence(rule)
        question = self.data.trace_table(scope).question
        rows, sentences = self.rows(rule, scope), self.sentences(rule, scope)
        found = []
        for i, name in enumerate(references.names):
            others = tuple(values for j, values in enumerate(sums.references) if j != i)
            placed = calibrate(sums.references[i], others, sums.n_tokens)
            q = of_places(q_values(placed.p_of_place, placed.counts(sentences)), placed.place)
            found.append((name, tables.share_found(q, evidence.start, rows, question, RATE)))
        return tables.placed_table(found)

    def placed(self, rule: LabelRule, scope: Scope) -> pa.Table:
        """How much would be found with each reference in the teacher's place, held against the others: none of them
        taught anything, so whatever exceeds the rate of false discoveries speaks of models and not of a teacher.

        Columns as in `tables.placed_table`. Only where `can_place`.
        """
        return self._placed_shares(rule.marks, scope)


def in_traces(start: Ints, rows: Ints) -> Bools:
    """(n_sentences,), whether each sentence is of one of these traces.

    Args:
        start: (n_traces + 1,), where the sentences of each trace begin.
        rows: the traces, as indices.
    """
    chosen = np.zeros(len(start) - 1, bool)
    chosen[rows] = True
    return np.repeat(chosen, np.diff(start))
