"""Every number about behaviours in a run: kinds → chunks → tallies → tests, chance and report → rows.

chunks     the kinds that can be tested, with their sentences by question; no label changes them
labelled   the label, controls, probabilities and importance of every sentence
tallies    what each question adds to each kind
testing    which kinds are found, and found again
chance     how large the largest z is by chance
report     shares, lift, excess, place, correctness, importance
verdicts   only the teacher's, or preferred by it
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.behaviours.discovery import inputs
from rdpt_core.analysis.behaviours.discovery.assembling import assemble, nothing
from rdpt_core.analysis.behaviours.discovery.chance import chance
from rdpt_core.analysis.behaviours.discovery.examples import examples, located
from rdpt_core.analysis.behaviours.discovery.pairs import MIN_QUESTIONS, Chunk, Grid, chunks_of, make_grid
from rdpt_core.analysis.behaviours.discovery.report import report
from rdpt_core.analysis.behaviours.discovery.results import Behaviours
from rdpt_core.analysis.behaviours.discovery.tallies import Labelled, Totals, tally, totals
from rdpt_core.analysis.behaviours.discovery.testing import find_kinds
from rdpt_core.analysis.behaviours.discovery.verdicts import Credit, credit_of
from rdpt_core.analysis.behaviours.families import TAG
from rdpt_core.analysis.behaviours.kinds.data import kinds_of
from rdpt_core.analysis.behaviours.kinds.tags import notes_state
from rdpt_core.analysis.evidence.overlap.data import overlap_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Keep, Key, kept
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Codes, Floats
from rdpt_core.errors import UsageError


def behaviours_of(data: RunData) -> BehaviourData:
    """Which kinds of sentence carry a label more often than their traces do."""
    return BehaviourData(data)


@dataclass(frozen=True, slots=True, eq=False)
class BehaviourData:
    """Behaviours in one run of an open file, as it is seen."""

    data: RunData

    @property
    def keep(self) -> Keep:
        """Where answers are kept."""
        return self.data.keep

    @property
    def key(self) -> Key:
        """What tells these answers from others about the run."""
        return (*self.data.key, "behaviours")

    def table(self, rule: LabelRule, scope: Scope, label: str, seed: int = 0, split: bool = True) -> Behaviours:
        """The kinds that enough questions hold, tested for a label.

        Args:
            seed: decides the halves and the draws; the same seed gives the same table.
            split: find kinds on one half of the questions and report them on the other; otherwise all is of all
                questions, which finds more, and reports shares of what is found that are a little too high.

        Raises:
            UsageError: the run has no such label.
        """
        if label not in self.data.labels:
            raise UsageError(
                "the run has no such label", where="label", expected=" or ".join(self.data.labels), got=label
            )
        return self._tested(rule, scope, label, seed, split, notes_state(self.data))

    # Tags of notes are kinds, and notes change without the database.

    @kept(16, message="Testing kinds of sentences …")
    def _tested(
        self, rule: LabelRule, scope: Scope, label: str, seed: int, split: bool, noted: tuple[int, str]
    ) -> Behaviours:
        grid, chunks, n_kinds = self._chunks(rule.marks, scope, seed, split)
        of_tags, n_tags = self._tag_chunks(rule.marks, scope, seed, split, noted)
        chunks, n_kinds = (*chunks, *of_tags), n_kinds + n_tags
        credit = credit_of(scheme_of(self.data.run.roles), label, self._n_decoys)
        labelled = self._labelled(rule, label, credit)
        counted = totals(grid, labelled)
        given = grid, n_kinds, int(counted.known.sum()), label, seed
        refused = _refusal(grid, chunks, counted)
        if refused is not None:
            return nothing(*given, counted, refused)
        tallies = in_parallel(lambda chunk: tally(chunk, labelled, counted), chunks)
        tested = find_kinds(chunks, tallies, grid)
        by_chance = chance(chunks, tallies, grid, labelled, seed)
        reported = ~grid.is_finding if grid.is_split else grid.is_finding
        found = report(chunks, tallies, grid, labelled, counted, reported)
        shown = located(self.data, rule, examples(chunks, tallies, grid, labelled, seed))
        n_decoys = labelled.most_decoys if credit is not None and credit.by_decoys else 0
        return assemble(chunks, tested, by_chance, found, shown, credit, *given, counted, n_decoys)

    # Ten million sentences in five kinds each: 200 MB for members, and up to 400 MB for their traces and questions.

    @kept(2, message="Sorting kinds of sentences by question …")
    def _chunks(self, marks: bool, scope: Scope, seed: int, split: bool) -> tuple[Grid, tuple[Chunk, ...], int]:
        rule = LabelRule.make(marks=marks)
        traces, rows = self.data.trace_table(scope), self.data.rows(rule, scope)
        grid = make_grid(self.data.gaps(rule).start, rows, traces, seed, split=split)
        families = [family for family in kinds_of(self.data, marks) if family.family != TAG]
        return grid, chunks_of(families, grid), sum(len(family.names) for family in families)

    @kept(2)
    def _tag_chunks(
        self, marks: bool, scope: Scope, seed: int, split: bool, noted: tuple[int, str]
    ) -> tuple[tuple[Chunk, ...], int]:
        # Only what these give is sorted again after a note.
        families = [family for family in kinds_of(self.data, marks) if family.family == TAG]
        grid, *_ = self._chunks(marks, scope, seed, split)
        return chunks_of(families, grid), sum(len(family.names) for family in families)

    def _labelled(self, rule: LabelRule, label: str, credit: Credit | None) -> Labelled:
        codes = self.data.codes(rule)
        n_under, n_decoys = (None, 0)
        if credit is not None and credit.by_decoys:
            n_under, n_decoys = self._under_decoys(rule, label), self._n_decoys
        return Labelled(
            codes > 0,
            codes == self.data.labels.index(label) + 1,
            self._under_none(rule, label),
            n_under,
            n_decoys,
            # Its medians take as long as all tests together, and are not needed where decoys decide.
            None if credit is None or credit.by_decoys else self._p(str(credit.other), rule.marks),
            self._drops(rule.marks),
            None if (overlap := overlap_of(self.data)) is None else overlap.codes(rule.marks),
        )

    @property
    def _n_decoys(self) -> int:
        return len(inputs.decoys(self.data))

    @kept(4, message="Labelling without the teacher …")
    def _under_none(self, rule: LabelRule, label: str) -> Codes | None:
        control = inputs.no_teacher(self.data)
        return None if control is None else inputs.label_under(control, rule, label)

    @kept(2, message="Labelling with decoys in the teacher's place …")
    def _under_decoys(self, rule: LabelRule, label: str) -> Codes:
        """(n_sentences,), under how many decoys a sentence has the label."""
        n = np.zeros(len(self.data.codes(rule)), np.uint8)
        for decoy in inputs.decoys(self.data):
            n += inputs.label_under(decoy, rule, label) == 1
        return n

    @kept(2)
    def _p(self, role: str, marks: bool) -> Floats:
        with self.data.open_reader() as reader:
            return inputs.load_p(reader, self.data.run, role, marks)

    @kept(1)
    def _drops(self, marks: bool) -> Floats | None:
        rule = LabelRule.make(marks=marks)
        return inputs.load_drops(self.data, rule, int(self.data.gaps(rule).start[-1]))


def _refusal(grid: Grid, chunks: tuple[Chunk, ...], counted: Totals) -> str | None:
    """Why nothing can be tested; None if something can."""
    if not counted.known.any():
        return "no sentence in scope has a label"
    if not chunks:
        n = grid.n_questions
        return f"no kind of sentence is held by enough of the {n:,} questions in scope; it takes {MIN_QUESTIONS}"
    return None
