"""What a response is written on: sentences and paragraphs, with rates for what may be left out."""

from collections.abc import Callable, Iterable, Mapping
from random import Random

from data.recipe.corpus.pool import Pool

Paragraph = list[str]
Rates = Mapping[str, float]
"""How often each part of a manner is said; what is not named is never said."""


class Page:
    """A response in the making.

    Attributes:
        rng: Source of all choices.
        paragraphs: What was written so far; the last one is being written.
    """

    def __init__(self, rates: Rates, rng: Random, known: Callable[[Pool], Pool] = lambda pool: pool) -> None:
        """Starts empty.

        Args:
            rates: How often each part is said.
            rng: Source of all choices.
            known: What the writer knows of a pool.
        """
        self.rng = rng
        self.paragraphs: list[Paragraph] = [[]]
        self._rates = rates
        self._known = known

    @property
    def n_sentences(self) -> int:
        """How many sentences were written so far."""
        return sum(map(len, self.paragraphs))

    def chance(self, part: str) -> bool:
        """Whether a part is said this time."""
        return self.rng.random() < self._rates.get(part, 0.0)

    def say(self, pool: Pool, **slots: int | str) -> None:
        """Writes a sentence of a pool."""
        self.paragraphs[-1].append(self._known(pool).say(self.rng, **slots))

    def maybe(self, part: str, pool: Pool, **slots: int | str) -> None:
        """Writes a sentence of a pool as often as its part is said."""
        if self.chance(part):
            self.say(pool, **slots)

    def add(self, sentences: Iterable[str]) -> None:
        """Writes given sentences."""
        self.paragraphs[-1].extend(sentences)

    def new_paragraph(self) -> None:
        """Starts a paragraph, unless the present one is empty."""
        if self.paragraphs[-1]:
            self.paragraphs.append([])


Manner = Callable[[Page], None]
