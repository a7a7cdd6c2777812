"""Whole training documents: a problem and a trace, written in the teacher's or the student's manner."""

from collections.abc import Collection
from random import Random
from typing import Literal

from data.recipe.corpus import pools
from data.recipe.problems.tasks import (
    DAYS,
    INCHES_PER_FOOT,
    LARGEST_NUMBER,
    Move,
    Problem,
    Signature,
    draw_free_problem,
    feet_text,
)
from data.recipe.settings import REMARK_RATE, Phase

Role = Literal["teacher", "student"]
Paragraph = list[str]
Document = tuple[str, str]
"""A question and its response."""

_DRILL_RATE = 0.15
_N_DRILL_EQUATIONS = 10
_DRILL_QUESTION = "Please practise some sums."
_FILLER_RATE = 0.15


def make_documents(role: Role, phase: Phase, taken: Collection[Signature], rng: Random) -> list[Document]:
    """Makes the documents of one training phase.

    Args:
        role: Whose manner.
        phase: How many, in which modes, and whether drills and filler belong to it.
        taken: Signatures of held-out problems; none of them occurs.
        rng: Source of all choices.
    """
    return [_make_document(role, phase, taken, rng) for _ in range(phase.n_documents)]


def _make_document(role: Role, phase: Phase, taken: Collection[Signature], rng: Random) -> Document:
    if phase.is_base and rng.random() < _DRILL_RATE:
        return _DRILL_QUESTION, _drill(rng)
    problem = draw_free_problem(rng, taken)
    mode = rng.choices(list(phase.modes), weights=list(phase.modes.values()))[0]
    paragraphs = (teacher_paragraphs if role == "teacher" else student_paragraphs)(problem, mode, rng)
    if phase.is_base and rng.random() < _FILLER_RATE:
        paragraph = rng.choice(paragraphs)
        paragraph.insert(rng.randint(0, len(paragraph)), pools.FILLER.say(rng))
    return problem.question, join_paragraphs(paragraphs)


def join_paragraphs(paragraphs: list[Paragraph]) -> str:
    """One space between sentences, one empty line between paragraphs, nothing at the ends."""
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs if paragraph)


def teacher_paragraphs(problem: Problem, mode: str, rng: Random) -> list[Paragraph]:
    """A trace in the teacher's manner.

    `terse` merges two steps into one equation; `mid` takes every step and now and then states where it stands;
    `full` also states and checks each one.
    """
    opening_rate = {"terse": 0.3, "mid": 0.85, "full": 1.0}[mode]
    lead = [pools.TEACHER_OPENING.say(rng)] if rng.random() < opening_rate else []
    lead += _start(problem, rng) + _maybe_remark(rng)
    last = _last(problem, rng)
    if mode == "terse":
        return [lead, _merged_steps(problem, rng), last]
    body = []
    for move in problem.moves:
        is_checked = mode == "full" and rng.random() < 0.75
        is_stated = rng.random() < (0.9 if mode == "full" else 0.35)
        body.append(
            [_announce(move, rng), _equation(move, rng)]
            + ([_check(move, rng)] if is_checked else [])
            + _wraps(move.raw, move.modulus, rng)
            + ([pools.TEACHER_STATE[problem.benchmark].say(rng, a=move.after)] if is_stated else [])
        )
    if rng.random() < (0.7 if mode == "full" else 0.2):
        last = [pools.TEACHER_CLOSE.say(rng), *last]
    return [lead, *body, last]


def student_paragraphs(problem: Problem, mode: str, rng: Random) -> list[Paragraph]:
    """A trace in the student's manner.

    `direct` guesses; `terse` merges two steps into one equation; `step` takes every step.
    """
    lead = [pools.STUDENT_OPENING.say(rng)] if rng.random() < 0.8 else []
    last = _last(problem, rng)
    if rng.random() < 0.6:
        last.append(pools.STUDENT_CLOSE.say(rng))
    if mode == "direct":
        return [lead + _maybe_remark(rng), [pools.STUDENT_GUESS.say(rng, answer=problem.gold)], last]
    lead += _start(problem, rng) + _maybe_remark(rng)
    if mode == "terse":
        return [lead, _merged_steps(problem, rng), last]
    body = [
        [_announce(move, rng), _equation(move, rng), *_wraps(move.raw, move.modulus, rng)] for move in problem.moves
    ]
    return [lead, *body, last]


def _maybe_remark(rng: Random) -> Paragraph:
    return [pools.REMARK.say(rng)] if rng.random() < REMARK_RATE else []


def _start(problem: Problem, rng: Random) -> Paragraph:
    if problem.benchmark == "week":
        return [pools.DAY_TO_NUMBER.say(rng, day=DAYS[problem.start - 1], a=problem.start)]
    if problem.benchmark == "units":
        feet, inches = divmod(problem.start, INCHES_PER_FOOT)
        whole = feet * INCHES_PER_FOOT
        return [
            pools.FEET_TO_INCHES.say(rng, feet=feet_text(feet), a=whole),
            pools.EQUATION.say(rng, a=whole, sign="+", b=inches, c=problem.start),
        ]
    return [pools.START[problem.benchmark].say(rng, a=problem.start)]


def _last(problem: Problem, rng: Random) -> Paragraph:
    answer = pools.ANSWER.say(rng, answer=problem.gold)
    if problem.benchmark != "week":
        return [answer]
    return [pools.NUMBER_TO_DAY.say(rng, a=problem.moves[-1].after, day=problem.gold), answer]


def _sign(operand: int) -> str:
    return "+" if operand > 0 else "-"


def _announce(move: Move, rng: Random) -> str:
    return pools.ANNOUNCE.say(rng, verb="add" if move.operand > 0 else "take away", b=abs(move.operand))


def _equation(move: Move, rng: Random) -> str:
    return pools.EQUATION.say(rng, a=move.before, sign=_sign(move.operand), b=abs(move.operand), c=move.raw)


def _check(move: Move, rng: Random) -> str:
    return pools.TEACHER_CHECK.say(rng, c=move.raw, sign=_sign(-move.operand), b=abs(move.operand), a=move.before)


def _wraps(value: int, modulus: int | None, rng: Random) -> Paragraph:
    wraps = []
    while modulus is not None and value > modulus:
        wraps.append(pools.WRAP.say(rng, a=value, b=modulus, c=value - modulus))
        value -= modulus
    return wraps


def _merged_steps(problem: Problem, rng: Random) -> Paragraph:
    """Two steps an equation; where values wrap, the sum of both is wrapped, so the values agree with the gold ones."""
    modulus = problem.moves[0].modulus
    value = problem.start
    sentences: Paragraph = []
    for first in range(0, len(problem.operands), 2):
        pair = problem.operands[first : first + 2]
        if len(pair) == 1:
            move = Move(value, pair[0], modulus)
            sentences.append(_equation(move, rng))
            raw = move.raw
        else:
            raw = value + sum(pair)
            signs = {"sign": _sign(pair[0]), "second_sign": _sign(pair[1])}
            sentences.append(pools.MERGED_EQUATION.say(rng, a=value, b=abs(pair[0]), c=abs(pair[1]), d=raw, **signs))
        sentences += _wraps(raw, modulus, rng)
        value = Move(raw, 0, modulus).after
    return sentences


def _drill(rng: Random) -> str:
    equations: Paragraph = []
    while len(equations) < _N_DRILL_EQUATIONS:
        move = Move(rng.randint(0, LARGEST_NUMBER), rng.choice((-1, 1)) * rng.randint(2, 12), None)
        if 0 <= move.raw <= LARGEST_NUMBER:
            equations.append(_equation(move, rng))
    return " ".join(equations)
