"""Every number about behaviours in a run: kinds → pairs of kind and question → tests → what is reported."""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.analysis.behaviours.discovery.results import Behaviours
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Keep, Key, kept
from rdpt_core.analysis.scope import Scope


def behaviours_of(data: RunData) -> BehaviourData:
    """Which kinds of sentence carry a label more often than their traces do."""
    return BehaviourData(data)


@dataclass(frozen=True, slots=True, eq=False)
class BehaviourData:
    """Behaviours in one run of an open file."""

    data: RunData

    @property
    def keep(self) -> Keep:
        """Where answers are kept."""
        return self.data.keep

    @property
    def key(self) -> Key:
        """What tells these answers from others about the run."""
        return (*self.data.key, "behaviours")

    @kept(16, message="Testing kinds of sentences …")
    def table(self, rule: LabelRule, scope: Scope, label: str, seed: int = 0) -> Behaviours:
        """The kinds that enough questions hold, tested for a label.

        Raises:
            UsageError: the run has no such label.
        """
        raise NotImplementedError
