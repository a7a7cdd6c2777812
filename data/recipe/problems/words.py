"""The nouns and names that questions use."""

from typing import NamedTuple


class Person(NamedTuple):
    """A name and its pronoun at the start of a sentence."""

    name: str
    pronoun: str


PEOPLE = (
    Person("Tom", "He"),
    Person("Anna", "She"),
    Person("Ben", "He"),
    Person("Mia", "She"),
    Person("Sam", "He"),
    Person("Lucy", "She"),
    Person("Paul", "He"),
    Person("Nina", "She"),
)
NAMES = tuple(person.name for person in PEOPLE)
GOODS = ("apples", "books", "coins", "cards", "shells", "pens", "stamps", "marbles")
LONG_THINGS = ("rope", "ribbon", "board", "pipe")
HEAVY_THINGS = ("stone", "ring", "key", "bolt")


class Scale(NamedTuple):
    """What people are compared by: the plain word, and its forms towards the front and the back of the line."""

    plain: str
    more: str
    less: str
    most: str
    least: str


SCALES = (
    Scale("tall", "taller", "shorter", "tallest", "shortest"),
    Scale("old", "older", "younger", "oldest", "youngest"),
    Scale("fast", "faster", "slower", "fastest", "slowest"),
)


def feet_text(feet: int) -> str:
    """Writes a number of feet, minding the singular."""
    return "1 foot" if feet == 1 else f"{feet} feet"
