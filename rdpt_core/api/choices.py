"""What every table of a run may be asked with: the label rule, and which traces count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from rdpt_core.analysis.catalog import GRADES
from rdpt_core.analysis.labels import LabelRule, Space, Unit
from rdpt_core.analysis.questions import HALVES
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.scope import Scope, load_choices
from rdpt_core.errors import UsageError

_GRADE_OF = {True: GRADES[0], False: GRADES[1], "unknown": GRADES[2]}


class Choices(TypedDict, total=False):
    """Keyword arguments of every table.

    Attributes:
        alpha: largest gap that counts as Shared; the default depends on unit and space (0.05).
        beta: gap between teacher and student that decides (0.1); without a teacher, between distilled and student.
        unit: what a logprob sum is divided by: `own_token`, `common_token` or `byte`.
        space: `difference` of probabilities, or `ratio`, in nats.
        with_marks: label and count marks of format (`<think>`, turn markers) like sentences; by default they carry no
            label.
        teacher: which of the run's teachers and controls is the teacher of labels, by its name, such as `code` or
            `control:decoy`; by default the triple's own. Its numbers then stand in the columns of the teacher.
        benchmark: traces of this benchmark only; and so on.
        domain: see `benchmark`.
        model: whoever wrote the trace, as its file named it.
        difficulty: see `benchmark`.
        correct: True, False, or `unknown` for traces that are not graded.
        half: one half of the questions, `A` or `B`: thresholds can be chosen on one and results read on the other.
    """

    alpha: float | None
    beta: float | None
    unit: str
    space: str
    with_marks: bool
    teacher: str | None
    benchmark: str | None
    domain: str | None
    model: str | None
    difficulty: str | None
    correct: bool | Literal["unknown"] | None
    half: Literal["A", "B"] | None


def rule_of(choices: Choices) -> LabelRule:
    """The label rule.

    Raises:
        UsageError: a threshold below 0, an unknown unit or space, or bytes with differences.
        TypeError: a keyword that is none of `Choices`.
    """
    unknown = sorted(set(choices) - set(Choices.__annotations__))
    if unknown:
        raise TypeError(f"unknown keyword {unknown[0]!r}; known are {', '.join(Choices.__annotations__)}")
    return LabelRule.make(
        choices.get("alpha"),
        choices.get("beta"),
        choices.get("unit", Unit.OWN_TOKEN),
        choices.get("space", Space.DIFFERENCE),
        choices.get("with_marks", False),
    )


def scope_of(data: RunData, choices: Choices) -> Scope:
    """The traces that count.

    Raises:
        UsageError: no trace of the run has such a value.
    """
    correct = choices.get("correct")
    if correct not in (None, *_GRADE_OF):
        raise UsageError("unknown value", where="correct", expected='True, False or "unknown"', got=repr(correct))
    half = choices.get("half")
    if half not in (None, *HALVES):
        raise UsageError("unknown value", where="half", expected=" or ".join(map(repr, HALVES)), got=repr(half))
    scope = Scope(
        benchmark=choices.get("benchmark"),
        domain=choices.get("domain"),
        grade=None if correct is None else _GRADE_OF[correct],
        model=choices.get("model"),
        difficulty=choices.get("difficulty"),
        half=half,
    )
    for name, value in scope.items():
        if name == "half":
            continue
        values = sorted(set(data.ask(load_choices).column(name).to_pylist()) - {None})
        if value not in values:
            raise UsageError(
                "no trace of the run has this value",
                where="correct" if name == "grade" else name,
                expected="one of " + ", ".join(map(repr, values)) if values else "a run whose traces name one",
                got=repr(value),
            )
    return scope


def check_known(name: str, value: object, known: Sequence[str | None]) -> None:
    """Refuse a value of an argument that is none of those it can have.

    Raises:
        UsageError: it is none of them.
    """
    if value not in known:
        raise UsageError("unknown value", where=name, expected=" or ".join(map(repr, known)), got=repr(value))
