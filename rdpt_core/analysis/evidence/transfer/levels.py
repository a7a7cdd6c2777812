"""Which groups of traces the training data had: seen, half seen or unseen. Nobody guesses; each answer says its origin.

    domain    the traces say so: their `domain` is `seen`, `half seen` or `unseen`
    overlap   the sentences say so: the part of them that stands in the training texts, copied or as a template

        part ≥ 0.5  seen          0.2 ≤ part < 0.5  half seen          part < 0.2  unseen          (**ours**)

    chosen    the reader says so

The levels of overlap are not independent of reach: a model that took much from its teacher writes much that stands in
the training texts. So a trend over them says less than one over levels that were known before. Nor does overlap know
who wrote the training texts: where the student's own text is among them, groups that no teacher taught count as seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.arrays import Ints

Level = Literal["seen", "half seen", "unseen"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""From what the training data had most of."""

Origin = Literal["domain", "overlap", "chosen"]
ORIGINS: tuple[Origin, ...] = get_args(Origin)

By = Literal["domain", "benchmark"]
GROUPED_BY: tuple[By, ...] = get_args(By)
"""What traces are grouped by."""

SEEN_FROM, HALF_FROM = 0.5, 0.2
"""Parts of a group's sentences that stand in the training texts, from which it counts as seen, and as half seen."""

NO_LEVEL = -1

_SPOKEN: dict[str, Level] = {
    "seen": "seen",
    "half seen": "half seen",
    "partly seen": "half seen",
    "unseen": "unseen",
}


@dataclass(frozen=True, slots=True)
class Assignment:
    """The level of every group of traces.

    Attributes:
        by: what traces are grouped by.
        levels: name of each group with its level; None where the origin says nothing of it.
        origin: who says so.
    """

    by: By
    levels: tuple[tuple[str, Level | None], ...]
    origin: Origin

    @property
    def level_of(self) -> dict[str, Level | None]:
        """Group → level."""
        return dict(self.levels)

    @property
    def present(self) -> tuple[Level, ...]:
        """The levels that some group has, in their order."""
        held = {level for _, level in self.levels}
        return tuple(level for level in LEVELS if level in held)

    def trace_levels(self, traces: TraceTable) -> Ints:
        """(n_traces,), the index of each trace's level in `LEVELS`; `NO_LEVEL` without one."""
        found = self.level_of
        known = [found.get(name) for name in traces.names[self.by]]
        numbers = np.array([NO_LEVEL if level is None else LEVELS.index(level) for level in known], np.int64)
        return numbers[traces.codes[self.by]] if len(numbers) else np.zeros(0, np.int64)


def spoken_level(domain: str) -> Level | None:
    """The level that a domain's name is, whatever its case, hyphens and underscores; None for any other name."""
    return _SPOKEN.get(" ".join(domain.lower().replace("-", " ").replace("_", " ").split()))


def from_domains(traces: TraceTable, by: By) -> Assignment | None:
    """Levels as the traces' domains say; None where they name fewer than two levels.

    A group whose traces are of several levels, or of a domain that is none, has no level.
    """
    spoken = [spoken_level(name) for name in traces.names["domain"]]
    if len({level for level in spoken if level is not None}) < 2:
        return None
    levels: list[tuple[str, Level | None]] = []
    for code, name in enumerate(traces.names[by]):
        held = {spoken[number] for number in np.unique(traces.codes["domain"][traces.codes[by] == code]).tolist()}
        levels.append((name, held.pop() if len(held) == 1 else None))
    return Assignment(by, tuple(levels), "domain")


def from_parts(parts: Mapping[str, float], by: By) -> Assignment:
    """Levels as the training texts say.

    Args:
        parts: group → the part of its sentences that is copied or has a template there; NaN where unknown.
    """
    return Assignment(by, tuple((name, _level_of_part(part)) for name, part in parts.items()), "overlap")


def _level_of_part(part: float) -> Level | None:
    if np.isnan(part):
        return None
    return "seen" if part >= SEEN_FROM else "half seen" if part >= HALF_FROM else "unseen"


def from_choice(names: Collection[str], by: By, seen: Collection[str], half: Collection[str]) -> Assignment:
    """Levels as a reader says: what is named neither seen nor half seen is unseen; who is named both is seen."""

    def level(name: str) -> Level:
        return "seen" if name in seen else "half seen" if name in half else "unseen"

    return Assignment(by, tuple((name, level(name)) for name in names), "chosen")
