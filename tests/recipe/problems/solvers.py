"""Answers worked out from nothing but the words of a question, by code that shares nothing with the recipe."""

import re
from collections.abc import Callable
from itertools import permutations

WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BACKWARDS = {"shorter": "taller", "younger": "older", "slower": "faster"}
FROM_THE_END = ("shortest", "youngest", "slowest")


def numbers(text: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", text)]


def changes(question: str) -> list[int]:
    """The numbers of a question, negative where something is lost."""
    return [
        -int(digits) if re.search("gives|sells|loses|cuts", words) else int(digits)
        for words, digits in re.findall(r"([^.\d]*)(\d+)", question)
    ]


def shop(question: str) -> str:
    return str(sum(changes(question)))


def clock(question: str) -> str:
    return str((sum(numbers(question)) - 1) % 12 + 1)


def week(question: str) -> str:
    today = next(day for day in WEEK if day in question)
    return WEEK[(WEEK.index(today) + sum(numbers(question))) % 7]


def units(question: str) -> str:
    feet, *inches = changes(question)
    return str(12 * feet + sum(inches))


def density(question: str) -> str:
    full, empty, low, high = numbers(question)
    assert (full - empty) % (high - low) == 0, question
    return str((full - empty) // (high - low))


def speed(question: str) -> str:
    first, first_hours, second, second_hours = numbers(question)
    assert (first + second) % (first_hours + second_hours) == 0, question
    return str((first + second) // (first_hours + second_hours))


def heat(question: str) -> str:
    cups, start, heat_units, *cooled = numbers(question)
    assert heat_units % cups == 0, question
    return str(start + heat_units // cups - sum(cooled))


def order(question: str) -> str:
    """Tries every line; exactly one may satisfy all clues."""
    clues = [
        (object_, subject) if word in BACKWARDS else (subject, object_)
        for subject, word, object_ in re.findall(r"(\w+) is (\w+) than (\w+)\.", question)
    ]
    people = sorted({name for clue in clues for name in clue})
    (line,) = [
        line for line in permutations(people) if all(line.index(ahead) < line.index(behind) for ahead, behind in clues)
    ]
    asked = question.rpartition("Who is the ")[2].rstrip("?")
    if asked.startswith("second "):
        return line[1]
    return line[-1] if asked in FROM_THE_END else line[0]


SOLVERS: dict[str, Callable[[str], str]] = {
    "shop": shop,
    "shop_long": shop,
    "clock": clock,
    "week": week,
    "units": units,
    "density": density,
    "speed": speed,
    "heat": heat,
    "order": order,
}
