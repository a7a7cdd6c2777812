"""Further models of a run beside its triple: what they are for, and how they are named.

A companion's role is written `kind:name`, such as `teacher:code`, `control:decoy` or `checkpoint:400`. In columns of
tables the same is `teacher_code`. Names are unique in a run without regard to case, as columns are.
"""

from __future__ import annotations

import enum
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from rdpt_core.records import CheckEarlier, ScoredModel


class CompanionKind(enum.StrEnum):
    """What a further model is for. The order is that of every table.

    `TEACHER` is another possible source; `CONTROL` is known to be none; `CHECKPOINT` is the distilled model at an
    earlier time of its training; `VARIANT` is a model of the triple at another temperature, or asked another question:
    no source of its own, and looked at in the teacher's place alone.
    """

    TEACHER = "teacher"
    CONTROL = "control"
    CHECKPOINT = "checkpoint"
    VARIANT = "variant"


NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
"""What a companion, or the teacher of the triple, may be called."""


class CompanionRole(NamedTuple):
    """A companion's role, taken apart."""

    kind: CompanionKind
    name: str

    @property
    def key(self) -> str:
        """As the database and the command line have it: `teacher:code`."""
        return f"{self.kind}:{self.name}"

    @property
    def column(self) -> str:
        """What ends the names of its columns: `teacher_code`."""
        return f"{self.kind}_{self.name}"

    @classmethod
    def parse(cls, key: str) -> CompanionRole:
        """The role that a key names.

        Raises:
            ValueError: it names none.
        """
        kind, colon, name = key.partition(":")
        if not colon or not NAME_PATTERN.fullmatch(name):
            raise ValueError(f"no role of a companion: {key!r}")
        return cls(CompanionKind(kind), name)

    @classmethod
    def is_key(cls, key: str) -> bool:
        """Whether a key names a companion's role."""
        try:
            cls.parse(key)
        except ValueError:
            return False
        return True


class Variant(NamedTuple):
    """What is different about a variant of a model of the triple; its name says it: `teacher-t0.667`.

    Attributes:
        role: whose model it is: `teacher` or `student`.
        temperature: what its logits are divided by; 1 leaves them as they are.
        other_question: whether it is asked another question of the same benchmark in place of the trace's own.
    """

    role: str
    temperature: float = 1.0
    other_question: bool = False

    @property
    def key(self) -> str:
        """As the database has it: `variant:teacher-t0.667`, `variant:teacher-other-question`."""
        change = "other-question" if self.other_question else f"t{self.temperature:.3g}"
        return CompanionRole(CompanionKind.VARIANT, f"{self.role}-{change}").key

    @classmethod
    def parse(cls, key: str) -> Variant:
        """The variant that a key names. Its temperature has three digits.

        Raises:
            ValueError: it names none, or not as `key` would.
        """
        kind, name = CompanionRole.parse(key)
        role, _, change = name.partition("-")
        if kind is not CompanionKind.VARIANT or role not in ("teacher", "student"):
            raise ValueError(f"no variant of a model: {key!r}")
        if change == "other-question":
            return cls(role, other_question=True)
        found = re.fullmatch(r"t([0-9]+(?:\.[0-9]+)?)", change)
        # Whoever asks for the model of a variant asks by its key, so another spelling of the number would find none.
        if found is None or not float(found[1]) or cls(role, float(found[1])).key != key:
            raise ValueError(f"no variant of a model: {key!r}")
        return cls(role, temperature=float(found[1]))


def is_companion(role: str) -> bool:
    """Whether a role is that of a companion, and not one of the triple."""
    return ":" in role


def column_of(role: str) -> str:
    """What ends the names of a role's columns; the same as the role within a triple."""
    return CompanionRole.parse(role).column if is_companion(role) else role


def order_of(role: str) -> tuple[int, int | str, str]:
    """Sorts companions: teachers, controls, checkpoints; checkpoints by their number, all others by their name."""
    kind, name = CompanionRole.parse(role)
    place = list(CompanionKind).index(kind)
    return (place, int(name), name) if name.isdecimal() else (place, -1, name)


class CompanionState(NamedTuple):
    """What is stored of a companion beside its model.

    Attributes:
        identity: everything that changes its numbers and is not the run's.
        environment: one entry for each process that scored it.
        finished_at: UTC; None while traces are still to come.
    """

    identity: dict[str, Any]
    environment: tuple[dict[str, Any], ...]
    finished_at: datetime | None


class CompanionClaim(NamedTuple):
    """Everything that is known of a companion before its first token.

    Attributes:
        model: as it is used; its role is a companion's key, and its name that of the key.
        identity: everything that changes its numbers and is not the run's.
        environment: package versions, device and machine of this process.
        check: as for a run: gives the environment to store from those of earlier processes, or refuses to go on. It is
            told the companion's key if a trace is scored.
    """

    model: ScoredModel
    identity: dict[str, Any]
    environment: dict[str, Any]
    check: CheckEarlier | None = None
