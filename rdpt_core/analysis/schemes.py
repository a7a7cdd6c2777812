"""What the roles of a run are compared by: one entry for each set of roles.

    roles                         gap that β judges    above β    below −β    else       within α
    teacher, student, distilled   v_T − v_S            Teacher    Student     Boosted    Shared
    teacher, student              v_T − v_S            Teacher    Student     Common     –
    student, distilled            v_D − v_S            Gained     Lost        Kept       –

The first two are those of arXiv 2512.20908; the third, for whoever has no teacher that gives probabilities, is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rdpt_core.records import ROLES, Label, Role


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a set of roles is labelled.

    Attributes:
        roles: the set, in the order of every table.
        labels: in the order in which every legend shows them.
        upper, lower: β judges v_upper − v_lower.
        above: the label where that gap exceeds β.
        below: the label where it is less than −β.
        rest: the label of all others.
        alike: the label where no two values differ by more than α; None for two roles, where α decides nothing.
    """

    roles: tuple[Role, ...]
    labels: tuple[Label, ...]
    upper: Role
    lower: Role
    above: Label
    below: Label
    rest: Label
    alike: Label | None = None

    @property
    def is_triple(self) -> bool:
        """Whether all roles are there: then α decides something, and the rest has a direction."""
        return self.alike is not None

    @property
    def letters(self) -> str:
        """The two roles that β compares, as subscripts have them: `TS`."""
        return letter(self.upper) + letter(self.lower)


TRIPLE = Scheme(
    roles=ROLES,
    labels=(Label.TEACHER, Label.SHARED, Label.STUDENT, Label.BOOSTED),
    upper=Role.TEACHER,
    lower=Role.STUDENT,
    above=Label.TEACHER,
    below=Label.STUDENT,
    rest=Label.BOOSTED,
    alike=Label.SHARED,
)
BEFORE_TRAINING = Scheme(
    roles=(Role.TEACHER, Role.STUDENT),
    labels=(Label.TEACHER, Label.COMMON, Label.STUDENT),
    upper=Role.TEACHER,
    lower=Role.STUDENT,
    above=Label.TEACHER,
    below=Label.STUDENT,
    rest=Label.COMMON,
)
WITHOUT_TEACHER = Scheme(
    roles=(Role.STUDENT, Role.DISTILLED),
    labels=(Label.GAINED, Label.KEPT, Label.LOST),
    upper=Role.DISTILLED,
    lower=Role.STUDENT,
    above=Label.GAINED,
    below=Label.LOST,
    rest=Label.KEPT,
)

SCHEMES: dict[tuple[str, ...], Scheme] = {scheme.roles: scheme for scheme in (TRIPLE, BEFORE_TRAINING, WITHOUT_TEACHER)}


def scheme_of(roles: Sequence[str]) -> Scheme:
    """The scheme of a run with these roles, in the order of every table.

    Raises:
        KeyError: no run has these roles.
    """
    return SCHEMES[tuple(roles)]


def common_scheme(first: Sequence[str], second: Sequence[str]) -> Scheme | None:
    """The scheme by which two runs can both be labelled; None if they have too few roles in common."""
    return SCHEMES.get(tuple(role for role in first if role in second))


def letter(role: str) -> str:
    """A role as subscripts have it: T, S or D."""
    return role[0].upper()
