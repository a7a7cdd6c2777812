"""One question, its answer, and the steps that lead there."""

from collections.abc import Sequence
from dataclasses import dataclass

from data.recipe.problems.steps import Place, Sum

Signature = tuple[str, tuple[int | str, ...]]


@dataclass(frozen=True)
class Draft:
    """What the draw of a benchmark decides.

    Attributes:
        numbers: What is to be solved, without its wording.
        question: The problem in words.
        gold: The right answer, as the answer sentence writes it.
        target: What is asked for, as in `the density of the stone`.
        givens: What the question says, as clauses, most important first.
        unit: What the answer counts, as in `grams per millilitre`; empty where it is a name.
        sums: What solves it; empty for a puzzle.
        places: The steps of a puzzle; empty for a problem of numbers.
        start: The first quantity in words, where a problem starts from one: `8`, `Friday`, `1 foot 4 inches`.
        scale: What the people of a puzzle are compared by, as in `tall`; else empty.
        asked: Which end of the line a puzzle asks for: `first`, `second` or `last`; else empty.
    """

    numbers: tuple[int | str, ...]
    question: str
    gold: str
    target: str
    givens: tuple[str, ...]
    unit: str = ""
    sums: tuple[Sum, ...] = ()
    places: tuple[Place, ...] = ()
    start: str = ""
    scale: str = ""
    asked: str = ""

    @property
    def steps(self) -> Sequence[Sum | Place]:
        """Sums or places, whichever solves it."""
        return self.sums or self.places


@dataclass(frozen=True)
class Problem:
    """A problem of a benchmark.

    Attributes:
        question_id: Readable and unique among the problems drawn together.
        benchmark: Name of its benchmark.
        domain: The domain of its benchmark.
        draft: Everything else.
    """

    question_id: str
    benchmark: str
    domain: str
    draft: Draft

    @property
    def question(self) -> str:
        """The problem in words."""
        return self.draft.question

    @property
    def gold(self) -> str:
        """The right answer, as the answer sentence writes it."""
        return self.draft.gold

    @property
    def signature(self) -> Signature:
        """What is to be solved, without its wording; held-out problems share no signature with training problems."""
        return (self.benchmark, self.draft.numbers)

    @property
    def n_steps(self) -> int:
        """How many steps lead to the answer."""
        return len(self.draft.steps)

    @property
    def difficulty(self) -> str:
        """The number of steps, as a record writes it."""
        return str(self.n_steps)
