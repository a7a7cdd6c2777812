"""In whose marks the roles of a run saw the thinking of its responses, as the run's identity tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rdpt_core.records import MarksPolicy
from rdpt_core.store.soundness import damaged

OwnMarks: TypeAlias = Mapping[str, Mapping[str, str] | None]
"""Role → the marks of its own that it saw (`family`, `open`, `close`, `end`), None where the writer's stayed."""

_TEXTS = {"family", "open", "close", "end"}


@dataclass(frozen=True, slots=True)
class SeenMarks:
    """`own` is None in a run in which every role saw the writer's marks."""

    own: OwnMarks | None

    @property
    def policy(self) -> MarksPolicy:
        """What the user chose."""
        return MarksPolicy.WRITER if self.own is None else MarksPolicy.OWN

    def family(self, role: str) -> str | None:
        """The family whose marks a role saw in place of the writer's; None if it saw the writer's."""
        marks = (self.own or {}).get(role)
        return None if marks is None else marks["family"]


def check_own_marks(marks: object, roles: Sequence[str], place: str) -> None:
    """Refuse what an identity says of the roles' own marks, if it says anything.

    Raises:
        StoreError: it is not one spelling, or null, for each role.
    """
    if marks is None:
        return
    if not (isinstance(marks, dict) and marks.keys() == set(roles) and all(map(_is_spelling, marks.values()))):
        raise damaged(f"own marks of {place}", f"for each role, null or the texts {', '.join(sorted(_TEXTS))}", marks)


def _is_spelling(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, dict) and value.keys() == _TEXTS and all(isinstance(text, str) for text in value.values())
