"""Whether a kind that was found is only the teacher's, or merely preferred by it; likewise the student's.

A sentence is Teacher if the teacher finds it clearly likelier than the student does. That holds for what the student
would never write, and for what everybody writes and the teacher a little more often. Models that taught nobody tell
them apart: put in the teacher's place, they still find the second kind likelier than this student does, and not the
first. Where a run has too few of them, the student's own probability decides: next to nothing, or more than that.
"""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.analysis.behaviours.discovery.results import ONLY, PREFERRED
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.records import Label, Role

FEWEST_DECOYS = 2
"""Decoys from which they decide: one of them may happen to resemble the student."""
MOST_UNDER_DECOYS = 0.05
"""The largest part of a kind's sentences that decoys may be credited with, on average, if it is only the teacher's."""
FLOOR = 0.05
"""The largest median p under the other model: such a probability differs from 0 by no more than the default α, below
which the label rule calls probabilities alike."""
LEAST_SHARE = 0.9
"""A kind of which a smaller part carries the label is nobody's alone: others write it, too, or it is several kinds."""

_CREDITED = {Label.TEACHER: (Role.TEACHER, Role.STUDENT), Label.STUDENT: (Role.STUDENT, Role.TEACHER)}


@dataclass(frozen=True, slots=True)
class Credit:
    """Whom a label credits, and against whom.

    Attributes:
        role: the credited one.
        other: the one whose p is asked for.
        by_decoys: whether decoys decide.
    """

    role: Role
    other: Role
    by_decoys: bool


def credit_of(scheme: Scheme, label: str, n_decoys: int) -> Credit | None:
    """Whom a label credits; None for labels that credit nobody, and without a teacher.

    Decoys stand in the teacher's place, so they say nothing of what is only the student's.
    """
    if label not in _CREDITED or Role.TEACHER not in scheme.roles:
        return None
    role, other = _CREDITED[Label(label)]
    return Credit(role, other, role is Role.TEACHER and n_decoys >= FEWEST_DECOYS)


def verdict(
    credit: Credit | None, share: float, decoy_share: float | None, floor: float | None, *, is_found: bool
) -> tuple[str | None, str]:
    """The verdict on a kind, or None, and why.

    Args:
        share: the label's part of its sentences.
        decoy_share, floor: see `results.Behaviour`.
    """
    if credit is None:
        return None, "the label credits no model"
    if not is_found:
        return None, "not found at this rate of false discoveries"
    only, preferred = ONLY.format(credit.role), PREFERRED.format(credit.role)
    if share < LEAST_SHARE:
        return preferred, f"only {share:.0%} of its sentences carry the label"
    if credit.by_decoys:
        if decoy_share is None:
            return None, "its sentences have no label under decoys"
        why = f"decoys in the teacher's place are credited with {decoy_share:.1%} of its sentences"
        return (only if decoy_share <= MOST_UNDER_DECOYS else preferred), why
    if floor is None:
        return None, f"its sentences have no probability under the {credit.other}"
    why = f"the median p of its sentences under the {credit.other} is {floor:.3f}"
    return (only if floor <= FLOOR else preferred), why
