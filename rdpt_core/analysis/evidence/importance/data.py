"""Every number about importance in a run: drops → sample → summaries, contrasts, histograms. See `importance_of`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.evidence.importance import contrasts, drops, histograms, ranked, sample, summaries
from rdpt_core.analysis.evidence.importance.contrasts import Contrast
from rdpt_core.analysis.evidence.importance.drops import Coverage, Drops
from rdpt_core.analysis.evidence.importance.histograms import Histograms
from rdpt_core.analysis.evidence.importance.sample import By, Sample
from rdpt_core.analysis.evidence.importance.summaries import Summary
from rdpt_core.analysis.evidence.overlap.data import overlap_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.drilldown import LIMIT, Drilldown
from rdpt_core.analysis.run.kept import Family, Keep, Key, kept
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import Floats, Ints
from rdpt_core.errors import UsageError


def importance_of(data: RunData) -> ImportanceData:
    """How much the answers of a run depend on its sentences."""
    return ImportanceData(data, data.keep)


_CONTROLLED = Family("importance_under_control", 32, message="Labelling with a control as the teacher …")


@dataclass(frozen=True, slots=True)
class Controlled:
    """Importance by labels that a control makes: summaries of all sentences, and contrasts of the first label."""

    summaries: tuple[Summary, ...]
    contrasts: tuple[Contrast, ...]


def _passing(data: RunData) -> RunData:
    """The same run, but what takes memory for every sentence is not kept: controls are looked at one after another."""

    def keep(family: Family, key: Key, make: Callable[[], Any]) -> Any:
        return make() if family.name in ("_gaps", "codes") else data.keep(family, key, make)

    return replace(data, keep=keep)


@dataclass(frozen=True, slots=True, eq=False)
class ImportanceData:
    """Importance in one run of an open file.

    Attributes:
        data: the run as it is seen, whose labels sentences are grouped by. Drops are the same whatever it is seen with.
        keep: how answers are kept.
    """

    data: RunData
    keep: Keep

    @property
    def key(self) -> Key:
        """What tells these answers from others about the run."""
        return (*self.data.key, "importance")

    def coverage(self) -> tuple[Coverage, ...]:
        """What is stored of each method; empty for a run without importance."""
        return self.data.ask(drops.coverage)

    @property
    def splits(self) -> tuple[By, ...]:
        """What labels may be divided by: by training only where the sentences were looked up in training texts."""
        is_known = overlap_of(self.data) is not None
        return tuple(split for split in sample.SPLITS if split != "training" or is_known)

    def chosen(self, method: str | None = None) -> Coverage:
        """The method that is meant: the first that is stored, if none is named.

        Raises:
            UsageError: nothing is stored of it, or of any.
        """
        stored = self.coverage()
        found = next((item for item in stored if method in (None, item.method)), None)
        if found is None:
            raise UsageError(
                "the run has no importance" if not stored else "the run has no importance by this method",
                where=f"run {self.data.run.run_id}",
                expected=" or ".join(item.method for item in stored) or "importance of its sentences",
                got=method or "none",
                hint=f"`rdpt importance --run {self.data.run.run_id[:8]} --db FILE` computes it.",
            )
        return found

    # Ten million sentences: drops take 220 MB, a sample of all of them 230 MB.

    @kept(2, message="Reading the importance of sentences …")
    def _drops(self, method: str, marks: bool) -> Drops:
        with self.data.open_reader() as reader:
            return drops.load_drops(reader, self.data.run, method, marks)

    def places(self, method: str, marks: bool) -> tuple[Ints, Floats]:
        """(n,) each: which sentences have a drop, as places in `RunData.gaps`, and their drops in nats."""
        found = self._drops(method, marks)
        return found.place, found.drop

    @kept(2)
    def sample(self, rule: LabelRule, scope: Scope, method: str) -> Sample:
        """The labelled sentences in scope."""
        found = self._drops(method, rule.marks)
        overlap = overlap_of(self.data)
        training = None if overlap is None else overlap.codes(rule.marks)
        traces = self.data.trace_table(scope)
        return sample.make_sample(found, self.data.codes(rule), self.data.labels, traces, training)

    @kept(16)
    def summaries(self, rule: LabelRule, scope: Scope, method: str, by: By = "all") -> tuple[Summary, ...]:
        """The drops of every label, in every group of a split."""
        return summaries.summarise(self.sample(rule, scope, method), by)

    @kept(4, message="Comparing labels at equal kind and position …")
    def contrasts(self, rule: LabelRule, scope: Scope, method: str) -> tuple[Contrast, ...]:
        """The label of the model that β compares with the student, against all others."""
        label = str(scheme_of(self.data.run.roles).above)
        return contrasts.contrast_labels(self.sample(rule, scope, method), label)

    def under_control(self, control: RunData, rule: LabelRule, scope: Scope, method: str) -> Controlled:
        """The same sentences, labelled with a control in the teacher's place.

        Args:
            control: the same run, as it is seen with the control.
        """

        def answer() -> Controlled:
            found = self._drops(method, rule.marks)
            codes = _passing(control).codes(rule)
            labelled = sample.make_sample(found, codes, control.labels, self.data.trace_table(scope))
            label = str(scheme_of(control.run.roles).above)
            return Controlled(summaries.summarise(labelled, "all"), contrasts.contrast_labels(labelled, label))

        found: Controlled = self.keep(_CONTROLLED, (*self.key, *control.key, rule, scope, method), answer)
        return found

    @kept(8)
    def histograms(self, rule: LabelRule, scope: Scope, method: str, by: By) -> Histograms:
        """The distributions of every label in every group of a split."""
        return histograms.histograms(self.sample(rule, scope, method), by)

    def behind(self, rule: LabelRule, scope: Scope, method: str, by: By, summary: Summary) -> Drilldown:
        """The traces behind a summary of a split, each at its sentence with the largest drop, the largest first."""
        found = self.sample(rule, scope, method)
        chosen = ranked.largest_of_traces(found, by, summary)
        listed = chosen[:LIMIT]
        trace_no, index = ranked.numbers_of(found, self._drops(method, rule.marks), listed)
        drop = np.round(found.drop[listed].astype(np.float64), 3).tolist()
        return Drilldown(self.data.run, len(chosen), trace_no, index, {"drop (nats)": drop})

    def ranked(
        self, rule: LabelRule, scope: Scope, method: str, label: str | None = None, *, lowest: bool = False
    ) -> pa.Table:
        """The sentences that matter most, or least, as `ranked.ranked_table` gives them."""
        found, stored = self.sample(rule, scope, method), self._drops(method, rule.marks)
        chosen = ranked.most(found, label, lowest=lowest)
        texts = self.data.ask(ranked.load_texts, *ranked.numbers_of(found, stored, chosen))
        return ranked.ranked_table(found, stored, chosen, texts)
