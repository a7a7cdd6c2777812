"""Every answer about how far the sentences of a run stand in its training texts. See `overlap_of`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.evidence.overlap import stored
from rdpt_core.analysis.evidence.overlap.classes import CLASSES
from rdpt_core.analysis.evidence.overlap.stored import SentenceOverlap, TrainingSet
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Keep, Key, kept
from rdpt_core.arrays import Codes, SmallInts


def overlap_of(data: RunData) -> OverlapData | None:
    """What is known of the training texts of a run; None if its sentences were not looked up in any."""
    training = data.ask(stored.load_training_set)
    return None if training is None else OverlapData(data, training, data.keep)


@dataclass(frozen=True, slots=True, eq=False)
class OverlapData:
    """The sentences of one run of an open file, and its training texts.

    Attributes:
        data: the run. Whichever companion it is seen with, its sentences are the same.
        training: the training texts.
        keep: how answers are kept.
    """

    data: RunData
    training: TrainingSet
    keep: Keep

    @property
    def key(self) -> Key:
        """What tells these answers from others about the file."""
        return (self.data.run.run_no, "overlap")

    @kept(2, message="Reading which sentences stand in the training texts …")
    def codes(self, marks: bool) -> Codes:
        """(n_sentences,), 0 unknown, 1 copied, 2 template, 3 new, in the places of `data.gaps(rule)`.

        Args:
            marks: whether marks of format count, as in the rule.
        """
        with self.data.open_reader() as reader:
            return stored.load_codes(reader, self.data.run, marks)

    def traces_with(self, rule: LabelRule, training_class: str, label: str | None = None) -> SmallInts:
        """The numbers of the traces that have a sentence of a class, which carries the label if one is named."""
        gaps = self.data.gaps(rule)
        is_meant = self.codes(rule.marks) == CLASSES.index(training_class) + 1
        if label is not None:
            is_meant &= self.data.codes(rule) == self.data.labels.index(label) + 1
        n_before = np.concatenate([[0], np.cumsum(is_meant)])[gaps.start]
        return gaps.trace_no[np.diff(n_before) > 0]

    @kept(64, is_small=True)
    def trace(self, trace_no: int) -> tuple[SentenceOverlap | None, ...]:
        """One entry a sentence of a trace, marks too, with the texts side by side; empty if it was not looked up."""
        with self.data.open_reader() as reader:
            return stored.load_trace(reader, self.data.run, trace_no)
