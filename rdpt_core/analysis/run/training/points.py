"""The times of a training at which its model was scored: the student before it, checkpoints, the distilled model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from rdpt_core.analysis.schemes import TRIPLE, WITHOUT_TEACHER, Scheme
from rdpt_core.records import CompanionKind, CompanionRole, Role
from rdpt_core.store.reader import Run

MAX_POINTS = 20
"""Of more than these, some are left out, evenly: a label at each of them must fit into one number."""

_NUMBER = re.compile(r"[^\d.]*(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Point:
    """One time of a training.

    Attributes:
        role: whose numbers are those of this time: `student`, a checkpoint's key, or `distilled`.
        name: what it is called: `start`, the name of the checkpoint, or `final`.
        step: when it was; None if its name states no number.
        is_final: whether it is the distilled model.
    """

    role: str
    name: str
    step: float | None
    is_final: bool = False

    @property
    def is_start(self) -> bool:
        """Whether it is the student, before training."""
        return self.role == Role.STUDENT


def points_of(run: Run) -> tuple[Point, ...]:
    """All times in order, the student first; at most `MAX_POINTS`. Empty if the run has no checkpoint that is scored.

    Checkpoints are ordered by the number in their names, and those without one by name, before the others. The
    distilled model comes last. If its files are those of a checkpoint, the two are one.
    """
    found = [companion.model for companion in run.companions if companion.is_finished]
    scored = {model.role: model for model in found if CompanionRole.parse(model.role).kind is CompanionKind.CHECKPOINT}
    names = {role: CompanionRole.parse(role).name for role in scored}
    checkpoints = sorted((Point(role, name, step_of(name)) for role, name in names.items()), key=_place)
    if not checkpoints or Role.STUDENT not in run.roles:
        return ()
    seen_as = dict(run.seen_as)
    final = next((model for model in run.models if model.role == Role.DISTILLED), None)
    last: list[Point] = []
    if final is not None and Role.DISTILLED not in seen_as:
        end = Point(Role.DISTILLED, "final", None, is_final=True)
        same = next((point for point in checkpoints[::-1] if scored[point.role].revision == final.revision), None)
        if same is not None and same is checkpoints[-1]:
            checkpoints.remove(same)
            end = replace(end, name=same.name, step=same.step)
        last = [end]
    kept = _thinned(checkpoints, MAX_POINTS - 1 - len(last))
    return (Point(Role.STUDENT, "start", 0.0), *kept, *last)


def step_of(name: str) -> float | None:
    """The number that a checkpoint's name states: 400 for `400`, `step-400` and `ckpt_400`; None if there is none, or
    more than one."""
    match = _NUMBER.fullmatch(name)
    return None if match is None else float(match[1])


def _place(point: Point) -> tuple[bool, float, str]:
    return (point.step is not None, point.step or 0.0, point.name)


def _thinned(points: Sequence[Point], most: int) -> list[Point]:
    """So many of them, evenly spread, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]


def n_left_out(run: Run) -> int:
    """How many scored checkpoints `points_of` leaves out for being too many."""
    n = sum(
        companion.is_finished and CompanionRole.parse(companion.role).kind is CompanionKind.CHECKPOINT
        for companion in run.companions
    )
    points = points_of(run)
    merged = any(point.is_final and point.name != "final" for point in points)
    shown = sum(not point.is_start and not point.is_final for point in points) + merged
    return n - shown


def schemes_of(run: Run) -> tuple[Scheme, ...]:
    """By what the sentences of a training can be labelled: against the student always, against a teacher if there is
    one."""
    return (WITHOUT_TEACHER, TRIPLE) if Role.TEACHER in run.roles else (WITHOUT_TEACHER,)


def can_space_truly(points: Sequence[Point]) -> bool:
    """Whether the times between the points are known; only that of the distilled model may be missing."""
    return len(points) > 1 and all(point.step is not None for point in points if not point.is_final)


def places(points: Sequence[Point], *, truly: bool) -> list[float]:
    """Where the points stand on an axis: by their steps, or one by one.

    A distilled model whose step is not known stands one usual distance after the last checkpoint.
    """
    if not truly or not can_space_truly(points):
        return [float(number) for number in range(len(points))]
    steps = [point.step for point in points if point.step is not None]
    distance = median([b - a for a, b in pairwise(steps)] or [1.0])
    return [steps[-1] + distance if point.step is None else point.step for point in points]
