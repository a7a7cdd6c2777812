"""Which models can stand in the teacher's place, so that it shows what a label owes to the teacher.

They are of two kinds, which answer opposite questions. A model *in the teacher's place* knows nothing of the teacher:
a label that stays under it did not need the teacher. The *teacher itself, changed*, keeps what it knows: a label that
turns under it depended on what was changed.
"""

from __future__ import annotations

import enum
from contextlib import suppress
from dataclasses import dataclass

from rdpt_core.records import CompanionKind, CompanionRole, Role
from rdpt_core.records.companions import Variant
from rdpt_core.store.reader import Run


class ControlKind(enum.StrEnum):
    """What a control asks."""

    IN_PLACE = "in the teacher's place"
    CHANGED = "the teacher itself, changed"


@dataclass(frozen=True, slots=True)
class Control:
    """A model that is looked at as if it were the teacher.

    Attributes:
        key: what `Run.seen` takes for it: a role of the run or a companion's key.
        name: a few words; that of a decoy is what its user called it.
        kind: what it asks.
        takes_away: what labels are made without.
        means: what a Teacher label says under it.
    """

    key: str
    name: str
    kind: ControlKind
    takes_away: str
    means: str


NO_TEACHER = Control(
    str(Role.DISTILLED),
    "no teacher",
    ControlKind.IN_PLACE,
    "everything of the teacher: the distilled model stands in its place",
    "distillation made the sentence clearly likelier, whoever it came from",
)
STUDENT = Control(
    str(Role.STUDENT),
    "the student",
    ControlKind.IN_PLACE,
    "every difference between teacher and student",
    "never occurs, because a model does not differ from itself; what is left is Shared or Boosted",
)


def controls_of(run: Run) -> tuple[Control, ...]:
    """The controls that can be looked at without another pass, always in the same order.

    First no teacher and the student, which every triple has; then the student at other temperatures or asked another
    question, and decoys, in the teacher's place; last the teacher itself, changed. Companions count once they are
    finished.

    Args:
        run: as it is seen. Without a teacher it has no control. The model that is seen as its teacher is none of them.
            What changes the run's own teacher is a control only while that is the one seen.
    """
    if Role.TEACHER not in run.roles:
        return ()
    seen = dict(run.seen_as).get(Role.TEACHER)
    found = [control for control in (NO_TEACHER, STUDENT) if control.key in run.own_roles]
    variants = _variants(run)
    found += [_as_control(variant) for variant in variants if variant.role == Role.STUDENT]
    found += [_decoy(key) for key in _finished(run, CompanionKind.CONTROL)]
    if seen is None:
        found += [_as_control(variant) for variant in variants if variant.role == Role.TEACHER]
    return tuple(control for control in found if control.key != seen)


def _finished(run: Run, kind: CompanionKind) -> list[str]:
    """The keys of its companions of a kind that have scored all traces."""
    scored = [companion.role for companion in run.companions if companion.is_finished]
    return [key for key in scored if CompanionRole.parse(key).kind is kind]


def _variants(run: Run) -> list[Variant]:
    """The finished ones that this version understands, temperatures first and from low to high."""
    found = []
    for key in _finished(run, CompanionKind.VARIANT):
        with suppress(ValueError):
            found.append(Variant.parse(key))
    return sorted(found, key=lambda variant: (variant.other_question, variant.temperature))


def _decoy(key: str) -> Control:
    name = CompanionRole.parse(key).name
    return Control(
        key,
        name,
        ControlKind.IN_PLACE,
        "everything of the teacher: a model that taught nobody stands in its place",
        "the sentence is credited to a model that is no source of it",
    )


def _as_control(variant: Variant) -> Control:
    is_teacher = variant.role == Role.TEACHER
    whose = "the teacher" if is_teacher else "the student"
    kind = ControlKind.CHANGED if is_teacher else ControlKind.IN_PLACE
    if variant.other_question:
        return Control(
            variant.key,
            f"{whose}, asked another question",
            kind,
            "the question: another one of the same benchmark precedes the same response"
            if is_teacher
            else "what the teacher knows, and the question: the student reads the response after another one",
            "the sentence is likely under the teacher whatever was asked"
            if is_teacher
            else "another question alone makes the student find the sentence clearly likelier",
        )
    how = "sharpened" if variant.temperature < 1 else "flattened"
    at = f"{how} (temperature {variant.temperature:.3g})"
    if is_teacher:
        away, means = "how sharp the teacher is: its knowledge stays", "the label does not hang on how sharp it is"
    else:
        away = "what the teacher knows: the student stands in its place, as sharp as another model may be"
        means = f"a student that is only {how} makes the sentence clearly likelier"
    return Control(variant.key, f"{whose}, {at}", kind, away, means)
