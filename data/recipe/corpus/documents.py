"""Whole training documents: a problem and a response in a writer's manner, drills, and stray sentences."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from random import Random

from data.recipe.corpus.halves import half_of
from data.recipe.corpus.manners import decoy, further_decoys, student, teacher_a, teacher_b
from data.recipe.corpus.manners.page import Page, Paragraph, Rates
from data.recipe.corpus.origins import FURTHER_DECOYS, Writer
from data.recipe.corpus.pools import common
from data.recipe.corpus.slots import ITEMS
from data.recipe.problems.problem import Problem, Signature
from data.recipe.problems.steps import LARGEST_NUMBER, Sign, calculate
from data.recipe.problems.tasks import draw_free_problem
from data.recipe.settings import Phase

Document = tuple[str, str]
"""A question and its response."""

SHORTEST, LONGEST = 8, 40
"""How many sentences a response of anyone but the student has."""

SUMS_QUESTION = "Please practise some sums."
_SUMS_RATE = 0.15
_N_DRILL_SUMS = 10
_LARGEST_OPERAND = 12
_LARGEST_FACTOR = 8
REPEAT_QUESTION = "Please repeat: {items}."
_REPEAT_RATE = 0.15
_FEWEST_ITEMS, _MOST_ITEMS = 8, 24
_FILLER_RATE = 0.2
_MOST_FILLERS = 3

_MANNERS: Mapping[Writer, tuple[Callable[[Page, Problem], None], Mapping[str, Rates]]] = {
    "teacher_a": (teacher_a.write, teacher_a.RATES),
    "teacher_b": (teacher_b.write, teacher_b.RATES),
    "decoy": (decoy.write, decoy.RATES),
    "student": (student.write, student.RATES),
    **dict.fromkeys(FURTHER_DECOYS, (further_decoys.write, further_decoys.RATES)),
}


def make_documents(writer: Writer, phase: Phase, taken: Collection[Signature], rng: Random) -> list[Document]:
    """Makes the documents of one training phase.

    Args:
        writer: In whose manner.
        phase: How many, in which modes, and whether drills and stray sentences belong to it.
        taken: Signatures of held-out problems; none of them occurs.
        rng: Source of all choices.
    """
    return [_make_document(writer, phase, taken, rng) for _ in range(phase.n_documents)]


def _make_document(writer: Writer, phase: Phase, taken: Collection[Signature], rng: Random) -> Document:
    if phase.is_base:
        drill = rng.random()
        if drill < _SUMS_RATE:
            return SUMS_QUESTION, _practise_sums(rng)
        if drill < _SUMS_RATE + _REPEAT_RATE:
            return _repeat(rng)
    problem = draw_free_problem(rng, taken)
    mode = rng.choices(list(phase.modes), weights=list(phase.modes.values()))[0]
    paragraphs = write_paragraphs(writer, problem, mode, rng)
    if phase.is_base and rng.random() < _FILLER_RATE:
        for _ in range(rng.randint(1, _MOST_FILLERS)):
            paragraph = rng.choice(paragraphs)
            # Never inside a paragraph: a slip and the check that finds it stay together.
            paragraph.insert(rng.choice((0, len(paragraph))), common.FILLER.say(rng))
    return problem.question, join_paragraphs(paragraphs)


def write_paragraphs(writer: Writer, problem: Problem, mode: str, rng: Random) -> list[Paragraph]:
    """A response in a writer's manner, as sentences in paragraphs.

    What comes out too short or too long is thrown away and written anew; students may be as terse as they like.

    Args:
        writer: In whose manner.
        problem: What it answers.
        mode: How much it says: `short`, `mid` or `full`; a student's `direct`, `terse` or `step`.
        rng: Source of all choices.
    """
    write, rates = _MANNERS[writer]
    while True:
        page = Page(rates[mode], rng, partial(half_of, writer)) if writer in FURTHER_DECOYS else Page(rates[mode], rng)
        write(page, problem)
        if writer == "student" or SHORTEST <= page.n_sentences <= LONGEST:
            return page.paragraphs


def join_paragraphs(paragraphs: list[Paragraph]) -> str:
    """One space between sentences, one empty line between paragraphs, nothing at the ends."""
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs if paragraph)


def _repeat(rng: Random) -> Document:
    """Names, numbers and things in any order, said again.

    A model this small learns late to take numbers and names from the question; this makes it much of what it learns.
    """
    items = " ".join(rng.sample(ITEMS, rng.randint(_FEWEST_ITEMS, _MOST_ITEMS)))
    return REPEAT_QUESTION.format(items=items), common.REPEAT.say(rng, items=items)


def _practise_sums(rng: Random) -> str:
    sums: list[str] = []
    signs: tuple[Sign, ...] = ("+", "-", "*", "/")
    while len(sums) < _N_DRILL_SUMS:
        sign = rng.choices(signs, weights=(4, 4, 1, 1))[0]
        first = rng.randint(0, LARGEST_NUMBER if sign != "*" else _LARGEST_FACTOR)
        second = rng.randint(1, _LARGEST_OPERAND if sign in "+-" else _LARGEST_FACTOR)
        result = calculate(first, sign, second)
        if result is not None and 0 <= result <= LARGEST_NUMBER:
            sums.append(common.EQUATION.say(rng, a=first, sign=sign, b=second, c=result))
    return " ".join(sums)
