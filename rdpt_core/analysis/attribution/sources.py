"""Whose a sentence may be: the teachers and the student of a run, and the controls that taught nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from rdpt_core.analysis.which_teacher import own_teacher_name
from rdpt_core.errors import UsageError
from rdpt_core.records import CompanionKind, CompanionRole, Role
from rdpt_core.store.reader import Reader, Run

SEVERAL = "several"
NONE_OF_THESE = "none"
BACKGROUND = "controls"
"""What the controls together are called where each source has a column."""
MOST_NAMED = 30
"""How many teachers and student there may be: which of them a sentence may come from is kept as bits of one number."""


class Source(NamedTuple):
    """A model that may be where a sentence comes from.

    Attributes:
        role: its role in the run, such as `teacher`, `teacher:code` or `control:decoy`.
        name: what it is called on pages and in tables.
        kind: `teacher`, `student` or `control`.
    """

    role: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The models that sentences are attributed over.

    Attributes:
        named: those that an answer can name: the triple's teacher, further teachers, and last the student.
        controls: models known to be the source of nothing; together they are the background.
        has_distilled: whether the run has the model that wrote the sentences, against which all are measured.
    """

    named: tuple[Source, ...]
    controls: tuple[Source, ...]
    has_distilled: bool

    @property
    def teachers(self) -> tuple[Source, ...]:
        """All named sources but the student."""
        return self.named[:-1]

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles whose logprobs are read, in the order of all arrays: named sources, controls."""
        return tuple(source.role for source in (*self.named, *self.controls))

    @property
    def answers(self) -> tuple[str, ...]:
        """What can be said of a sentence, in the order of the codes from 1."""
        return (*(source.name for source in self.named), SEVERAL, NONE_OF_THESE)

    @property
    def several(self) -> int:
        """The code of sentences that several sources could have written."""
        return len(self.named) + 1

    @property
    def none(self) -> int:
        """The code of sentences that no named source accounts for."""
        return len(self.named) + 2

    def in_place_of_teachers(self, control: Source) -> Sources:
        """The same question asked of a model that taught nothing: whatever is credited to it is an error."""
        return Sources((control, self.named[-1]), (), self.has_distilled)


def sources_of(run: Run) -> Sources:
    """The sources of a run; companions count once they are finished.

    Args:
        run: as it is, or seen with companions; the answer is the same. Its own teacher is called `teacher` if it has no
            name.

    Raises:
        UsageError: it has no teacher at all, or more than can be told apart.
    """
    finished = [
        (companion, CompanionRole.parse(companion.role)) for companion in run.companions if companion.is_finished
    ]
    own_roles = run.own_roles or run.roles
    named = []
    if Role.TEACHER in own_roles:
        named.append(Source(str(Role.TEACHER), _own_name(run), "teacher"))
    named += [Source(c.role, role.name, "teacher") for c, role in finished if role.kind is CompanionKind.TEACHER]
    controls = [Source(c.role, role.name, "control") for c, role in finished if role.kind is CompanionKind.CONTROL]
    if not named or len(named) >= MOST_NAMED:
        raise UsageError(
            "sentences cannot be attributed",
            where=f"run {run.run_id}",
            expected=f"at least one teacher, and fewer than {MOST_NAMED}",
            got=f"{len(named)}",
            hint="`rdpt score --add` adds teachers to a finished run.",
        )
    named.append(Source(str(Role.STUDENT), str(Role.STUDENT), "student"))
    return Sources(_told_apart(named), tuple(controls), Role.DISTILLED in own_roles)


def _own_name(run: Run) -> str:
    return own_teacher_name(run) or str(Role.TEACHER)


def _told_apart(named: list[Source]) -> tuple[Source, ...]:
    """A teacher that is called like another answer, or as the triple's is without a name, is shown by its role."""
    taken = {str(Role.STUDENT), SEVERAL, NONE_OF_THESE, BACKGROUND}
    shown = []
    for source in named:
        if source.kind == "teacher" and source.name.casefold() in taken:
            source = source._replace(name=source.role)
        taken.add(source.name.casefold())
        shown.append(source)
    return tuple(shown)


def can_attribute(run: Run) -> bool:
    """Whether there is something to tell apart: a teacher, and a further teacher or a control that is scored; and not
    more teachers than can be."""
    kinds = [CompanionRole.parse(companion.role).kind for companion in run.companions if companion.is_finished]
    own = Role.TEACHER in (run.own_roles or run.roles)
    n_teachers = own + kinds.count(CompanionKind.TEACHER)
    return 1 <= n_teachers < MOST_NAMED and (n_teachers >= 2 or CompanionKind.CONTROL in kinds)


def answer_names(run: Run) -> tuple[str, ...]:
    """What can be said of a sentence of the run, in the order of the codes from 1."""
    return sources_of(run).answers


def own_run(reader: Reader, run: Run) -> Run:
    """The run as it is, whatever it is seen with; the reader's queries then find its own numbers, too."""
    if run.seen_as:
        run = reader.run(run.run_id)
    reader.see(run)
    return run


@contextmanager
def as_it_is(reader: Reader, run: Run) -> Iterator[Run]:
    """The same for a while: afterwards the reader's queries find the run as it is seen again."""
    try:
        yield own_run(reader, run)
    finally:
        if run.seen_as:
            reader.see(run)
