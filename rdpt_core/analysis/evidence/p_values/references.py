"""Which models stand for "no teacher" when a sentence is tested."""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.records import CompanionKind, CompanionRole, Role
from rdpt_core.store.reader import Run

FEWEST = 4
"""References from which there is a p-value: fewer say too little of how much models differ."""
RANKED = 19
"""References from which a rank alone can be 1 in 20, and so a p-value of its own."""


@dataclass(frozen=True, slots=True)
class References:
    """Models that are known not to be the teacher: the finished controls of a run.

    Attributes:
        roles: their roles in the run, in its order.
        names: what they are called.
    """

    roles: tuple[str, ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.roles)

    @property
    def n_missing(self) -> int:
        """How many more a p-value takes."""
        return max(0, FEWEST - len(self))

    @property
    def have_p(self) -> bool:
        """Whether they are enough for p-values."""
        return len(self) >= FEWEST

    @property
    def are_ranked(self) -> bool:
        """Whether they are enough for the p-value of a sentence to be its rank among them."""
        return len(self) >= RANKED


def references_of(run: Run) -> References:
    """The references of a run as it is seen: a control in the place of the teacher is tested, and so is none."""
    seen = {key for _, key in run.seen_as}
    found = [
        companion.role
        for companion in run.companions
        if companion.is_finished
        and companion.role not in seen
        and CompanionRole.parse(companion.role).kind is CompanionKind.CONTROL
    ]
    return References(tuple(found), tuple(CompanionRole.parse(role).name for role in found))


def can_test(run: Run) -> bool:
    """Whether the run has a teacher, and a reference to hold it against."""
    return Role.TEACHER in run.roles and len(references_of(run)) > 0
