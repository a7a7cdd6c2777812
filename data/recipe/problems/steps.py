"""The steps that solve a problem: sums that work on small numbers, and places in a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Sign = Literal["+", "-", "*", "/"]
LARGEST_NUMBER = 30
"""Every number of every question and every working lies between 0 and this."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
INCHES_PER_FOOT = 12

UNDOING: dict[Sign, Sign] = {"+": "-", "-": "+", "*": "/", "/": "*"}


def calculate(first: int, sign: Sign, second: int) -> int | None:
    """The value of `first sign second`, or None where a division leaves a rest or divides by zero."""
    if sign == "+":
        return first + second
    if sign == "-":
        return first - second
    if sign == "*":
        return first * second
    return first // second if second and first % second == 0 else None


@dataclass(frozen=True)
class Sum:
    """One step of arithmetic: `before sign operand = raw`.

    Attributes:
        before: The number that it starts from.
        sign: What is done.
        operand: The second number.
        quantity: What the result is: a count, an hour, a mass.
        modulus: Where values wrap around (they run from 1 to the modulus), or None.
        is_own: Whether it finds a quantity of its own; else it changes the result of the step before.
    """

    before: int
    sign: Sign
    operand: int
    quantity: str
    modulus: int | None = None
    is_own: bool = False

    @property
    def raw(self) -> int:
        """The result before wrapping."""
        value = calculate(self.before, self.sign, self.operand)
        if value is None:
            raise ValueError(f"{self.before} {self.sign} {self.operand}: expected a division without rest")
        return value

    @property
    def after(self) -> int:
        """The result, wrapped into the modulus."""
        return self.raw if self.modulus is None else (self.raw - 1) % self.modulus + 1

    @property
    def wraps(self) -> Iterator[int]:
        """The values that are past the modulus, from `raw` down."""
        value = self.raw
        while self.modulus is not None and value > self.modulus:
            yield value
            value -= self.modulus


@dataclass(frozen=True)
class Place:
    """One step of a puzzle: a clue names two people, and one of them joins the line.

    Attributes:
        person: Who joins.
        other: Who stands at that end of the line already.
        is_front: Whether the person joins in front.
        line: Everyone who has a place before this step, from the front.
    """

    person: str
    other: str
    is_front: bool
    line: tuple[str, ...]

    @property
    def after(self) -> tuple[str, ...]:
        """The line with the person."""
        return (self.person, *self.line) if self.is_front else (*self.line, self.person)

    @property
    def wrong(self) -> tuple[str, ...]:
        """The line with the person at the wrong end."""
        return (*self.line, self.person) if self.is_front else (self.person, *self.line)
