"""How a problem is put into words. The wording varies; the arithmetic is decided before."""

from collections.abc import Sequence
from random import Random

_PEOPLE = (("Tom", "He"), ("Anna", "She"), ("Ben", "He"), ("Mia", "She"), ("Sam", "He"), ("Lucy", "She"))
_GOODS = ("apples", "books", "coins", "cards", "shells", "pens", "stamps", "marbles")
_GAINS = ("buys {n} more", "finds {n} more", "gets {n} more")
_LOSSES = ("gives away {n}", "sells {n}", "loses {n}")
_LONG_THINGS = ("rope", "ribbon", "board", "pipe")
_PASTIMES = ("works", "reads", "travels", "sleeps")


def word_question(benchmark_name: str, start_words: str, operands: Sequence[int], rng: Random) -> str:
    """Writes the question of a problem.

    Args:
        benchmark_name: One of the five benchmarks.
        start_words: The starting value in words, such as `8`, `Friday` or `1 foot 4 inches`.
        operands: What each step adds; negative where it takes away.
        rng: Source of the wording.
    """
    writers = {"shop": _shop, "shop_long": _shop, "clock": _clock, "week": _week, "units": _units}
    return writers[benchmark_name](start_words, operands, rng)


def _shop(start_words: str, operands: Sequence[int], rng: Random) -> str:
    name, pronoun = rng.choice(_PEOPLE)
    goods = rng.choice(_GOODS)
    events = [
        f"{pronoun} {rng.choice(_GAINS if operand > 0 else _LOSSES).format(n=abs(operand))}." for operand in operands
    ]
    return " ".join([f"{name} has {start_words} {goods}.", *events, f"How many {goods} does {name} have now?"])


def _clock(start_words: str, operands: Sequence[int], rng: Random) -> str:
    name, pronoun = rng.choice(_PEOPLE)
    events = [f"{name} {rng.choice(_PASTIMES)} for {operands[0]} hours."]
    events += [f"Then {pronoun.lower()} {rng.choice(_PASTIMES)} for {operand} hours." for operand in operands[1:]]
    return " ".join([f"A clock shows {start_words}.", *events, "Which hour does the clock show now?"])


def _week(start_words: str, operands: Sequence[int], rng: Random) -> str:
    first = rng.choice(("Then {n} days pass.", "We wait {n} days.")).format(n=operands[0])
    later = [f"After that we wait {operand} more days." for operand in operands[1:]]
    return " ".join([f"Today is {start_words}.", first, *later, "Which day of the week is it now?"])


def _units(start_words: str, operands: Sequence[int], rng: Random) -> str:
    name, pronoun = rng.choice(_PEOPLE)
    thing = rng.choice(_LONG_THINGS)
    subjects = [name] + [pronoun] * (len(operands) - 1)
    events = [
        f"{subject} {'adds' if operand > 0 else 'cuts off'} {abs(operand)} inches."
        for subject, operand in zip(subjects, operands, strict=True)
    ]
    return " ".join([f"A {thing} is {start_words} long.", *events, f"How many inches long is the {thing} now?"])
