"""Every answer about how far the sentences of a run stand in its training texts. See `overlap_of`."""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.analysis.evidence.overlap import stored
from rdpt_core.analysis.evidence.overlap.stored import SentenceOverlap, TrainingSet
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Keep, Key, kept
from rdpt_core.arrays import Codes


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

    @kept(64, is_small=True)
    def trace(self, trace_no: int) -> tuple[SentenceOverlap | None, ...]:
        """One entry a sentence of a trace, marks too, with the texts side by side; empty if it was not looked up."""
        with self.data.open_reader() as reader:
            return stored.load_trace(reader, self.data.run, trace_no)
