"""In whose marks the roles of a run saw the thinking of its responses, as the run's identity tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from rdpt_core.records import MarksPolicy
from rdpt_core.store.soundness import damaged, parsed

OwnMarks: TypeAlias = Mapping[str, Mapping[str, str] | None]
"""Role → the marks of its own that it saw (`family`, `open`, `close`, `end`), None where the writer's stayed."""

OWN_MARKS = "own_marks"
"""Their key in identities."""

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


def seen_marks(identity: Mapping[str, Any]) -> SeenMarks:
    """What the identity of a stored run says."""
    return SeenMarks(identity.get(OWN_MARKS))


def parsed_identity(text: str, roles: Sequence[str], place: str) -> dict[str, Any]:
    """A run's identity.

    Raises:
        StoreError: it is no JSON object, or names marks that are not one spelling, or null, for each role.
    """
    identity = parsed(text, dict, f"identity of {place}")
    marks = identity.get(OWN_MARKS)
    is_sound = isinstance(marks, dict) and marks.keys() == set(roles) and all(map(_is_spelling, marks.values()))
    if marks is not None and not is_sound:
        raise damaged(f"own marks of {place}", f"for each role, null or the texts {', '.join(sorted(_TEXTS))}", marks)
    return identity


def parsed_companion(text: str, place: str) -> dict[str, Any]:
    """A companion's identity.

    Raises:
        StoreError: it is no JSON object, says nothing of a model, or names marks that are neither a spelling nor null.
    """
    identity = parsed(text, dict, f"identity of {place}")
    if not isinstance(identity.get("model"), dict):
        raise damaged(f"identity of {place}", "what is known of its model, as an object", identity.get("model"))
    if not _is_spelling(identity.get(OWN_MARKS)):
        raise damaged(f"own marks of {place}", f"null or the texts {', '.join(sorted(_TEXTS))}", identity[OWN_MARKS])
    return identity


def _is_spelling(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, dict) and value.keys() == _TEXTS and all(isinstance(text, str) for text in value.values())
