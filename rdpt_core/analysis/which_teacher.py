"""Which of a run's models is its teacher: its own, or a companion that is looked at in its place.

Companions of the kind `teacher` are other possible sources. Controls can be taken for the teacher, too: they taught
nobody, so whatever is then labelled Teacher shows how much is credited by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rdpt_core.errors import UsageError
from rdpt_core.records import CompanionKind, CompanionRole, Role
from rdpt_core.store.reader import Run


@dataclass(frozen=True, slots=True)
class TeacherChoice:
    """A model that can be the teacher.

    Attributes:
        key: the companion's role, such as `teacher:code`; None for the run as it was scored.
        name: what the user calls it, on the command line and in links, too; no other model of the run has the same.
            None for a teacher of the triple that has no name, and where there is none.
        is_control: whether it is known to have taught nobody.
        is_finished: whether it has scored all traces; others cannot be chosen yet.
    """

    key: str | None
    name: str | None
    is_control: bool = False
    is_finished: bool = True


def teacher_choices(run: Run) -> tuple[TeacherChoice, ...]:
    """The run's own teacher, or its having none; then its companions of the kind teacher; then its controls.

    Args:
        run: as it is, or as it is seen; the answer is the same.
    """
    found = [TeacherChoice(None, own_teacher_name(run))]
    for companion in run.companions:
        kind, name = CompanionRole.parse(companion.role)
        if kind in (CompanionKind.TEACHER, CompanionKind.CONTROL):
            is_control = kind is CompanionKind.CONTROL
            found.append(TeacherChoice(companion.role, name, is_control, companion.is_finished))
    return tuple(found)


def own_teacher_name(run: Run) -> str | None:
    """What the teacher of the triple is called, whichever model is seen as the teacher; None without a name."""
    return next((model.name for model in run.own_models if model.role == Role.TEACHER), None)


def has_several(run: Run) -> bool:
    """Whether another model than the run's own could be its teacher, so that it must be said which one is meant."""
    return any(choice.key is not None and choice.is_finished for choice in teacher_choices(run))


def chosen_teacher(run: Run) -> TeacherChoice:
    """The one that the run is seen with, also one that is no choice: another role of the run, as a control of that
    name, or the teacher at another temperature."""
    key = dict(run.seen_as).get(Role.TEACHER)
    if key in run.own_roles:
        return TeacherChoice(key, key, is_control=True)
    no_choice = TeacherChoice(key, None if key is None else CompanionRole.parse(key).name)
    return next((choice for choice in teacher_choices(run) if choice.key == key), no_choice)


def teacher_name(run: Run) -> str | None:
    """What the teacher that the run is seen with is called, where it has several to choose from: its name, or `the
    run's own`; None where there is no choice, or no teacher."""
    if Role.TEACHER not in run.roles or not has_several(run):
        return None
    return chosen_teacher(run).name or OWN


OWN = "the run's own"
"""What a teacher of the triple without a name is called beside others."""


def find_teacher(run: Run, named: str) -> TeacherChoice | None:
    """The model that a name or a companion's role names, finished or not; None if the run has no such teacher."""
    choices = teacher_choices(run)
    wanted = named.casefold()
    for choice in choices:
        if wanted in {text.casefold() for text in (choice.name, choice.key) if text is not None}:
            return choice
    return None


def seen_with(run: Run, named: str | None) -> Run:
    """The run with the named model as its teacher; as it is with None, or with the name of its own teacher.

    Raises:
        UsageError: it has no such teacher, or that one is still being scored.
    """
    if named is None:
        return run
    choice = find_teacher(run, named)
    if choice is None or not choice.is_finished:
        raise UsageError(
            "the run has no such teacher" if choice is None else "this teacher is still being scored",
            where=f"--teacher {named}",
            expected=_names(teacher_choices(run)),
            hint="`rdpt score --add` adds one, and goes on with one that was interrupted.",
        )
    return run if choice.key is None else run.seen(teacher=choice.key)


def seen_where_it_has(run: Run, named: str | None) -> Run:
    """`seen_with`, but as it is where the run has no such teacher that is finished: for several runs side by side."""
    choice = None if named is None else find_teacher(run, named)
    return run.seen(teacher=choice.key) if choice is not None and choice.key and choice.is_finished else run


def _names(choices: Sequence[TeacherChoice]) -> str:
    names = [choice.name for choice in choices if choice.is_finished and choice.name is not None]
    return " or ".join(names) or "no name: the run has its own teacher only"
