"""Problems of the shop, the clock, the week and lengths: chains of small additions and subtractions."""

from collections.abc import Sequence
from random import Random

from data.recipe.problems.problem import Draft
from data.recipe.problems.steps import DAYS, INCHES_PER_FOOT, LARGEST_NUMBER, Sum
from data.recipe.problems.words import GOODS, LONG_THINGS, PEOPLE, feet_text

_GAINS = ("buys {n} more", "finds {n} more", "gets {n} more")
_LOSSES = ("gives away {n}", "sells {n}", "loses {n}")
_PASTIMES = ("works", "reads", "travels", "sleeps")
_HOURS = 12


def draw_shop(rng: Random) -> Draft:
    """Two or three times something is gained or lost."""
    return _shop(rng, (2, 3))


def draw_shop_long(rng: Random) -> Draft:
    """The same in four or five steps."""
    return _shop(rng, (4, 5))


def draw_clock(rng: Random) -> Draft:
    """Hours pass, and after 12 comes 1."""
    start = rng.randint(1, _HOURS)
    steps = _chain(start, "hour", _HOURS, (2, 3), rng)
    person = rng.choice(PEOPLE)
    subjects = [person.name] + [f"Then {person.pronoun.lower()}"] * (len(steps) - 1)
    events = [
        f"{subject} {rng.choice(_PASTIMES)} for {step.operand} hours."
        for subject, step in zip(subjects, steps, strict=True)
    ]
    return Draft(
        numbers=_numbers(steps),
        question=" ".join([f"A clock shows {start}.", *events, "Which hour does the clock show now?"]),
        gold=str(steps[-1].after),
        target="the final hour",
        unit="hours",
        givens=(f"the clock shows {start} at first", f"{len(steps)} stretches of time go by"),
        sums=steps,
        start=str(start),
    )


def draw_week(rng: Random) -> Draft:
    """Days pass, and after Sunday comes Monday."""
    start = rng.randint(1, len(DAYS))
    steps = _chain(start, "day", len(DAYS), (2, 3), rng)
    first = rng.choice(("Then {n} days pass.", "We wait {n} days.")).format(n=steps[0].operand)
    later = [f"After that we wait {step.operand} more days." for step in steps[1:]]
    return Draft(
        numbers=_numbers(steps),
        question=" ".join([f"Today is {DAYS[start - 1]}.", first, *later, "Which day of the week is it now?"]),
        gold=DAYS[steps[-1].after - 1],
        target="the final day",
        unit="days",
        givens=(f"today is {DAYS[start - 1]}", f"{len(steps)} stretches of time go by"),
        sums=steps,
        start=DAYS[start - 1],
    )


def draw_units(rng: Random) -> Draft:
    """Feet become inches, and inches are added or cut off."""
    feet, inches = rng.randint(1, 2), rng.randint(2, 6)
    steps = _chain(feet * INCHES_PER_FOOT + inches, "length", None, (1, 2), rng)
    person, thing = rng.choice(PEOPLE), rng.choice(LONG_THINGS)
    subjects = [person.name] + [person.pronoun] * (len(steps) - 1)
    events = [
        f"{subject} {'adds' if step.sign == '+' else 'cuts off'} {step.operand} inches."
        for subject, step in zip(subjects, steps, strict=True)
    ]
    start = f"{feet_text(feet)} {inches} inches"
    conversion = Sum(feet * INCHES_PER_FOOT, "+", inches, "length", is_own=True)
    return Draft(
        numbers=_numbers(steps),
        question=" ".join([f"A {thing} is {start} long.", *events, f"How many inches long is the {thing} now?"]),
        gold=str(steps[-1].after),
        target=f"the length of the {thing}",
        unit="inches",
        givens=(f"the {thing} is {start} long", "the length is wanted in inches"),
        sums=(conversion, *steps),
        start=feet_text(feet),
    )


def _shop(rng: Random, step_counts: Sequence[int]) -> Draft:
    start = rng.randint(5, 15)
    steps = _chain(start, "count", None, step_counts, rng)
    person, goods = rng.choice(PEOPLE), rng.choice(GOODS)
    events = [
        f"{person.pronoun} {rng.choice(_GAINS if step.sign == '+' else _LOSSES).format(n=step.operand)}."
        for step in steps
    ]
    return Draft(
        numbers=_numbers(steps),
        question=" ".join(
            [f"{person.name} has {start} {goods}.", *events, f"How many {goods} does {person.name} have now?"]
        ),
        gold=str(steps[-1].after),
        target=f"the number of {goods}",
        unit=goods,
        givens=(f"{person.name} has {start} {goods} at first", f"{len(steps)} changes follow"),
        sums=steps,
        start=str(start),
    )


def _chain(start: int, quantity: str, modulus: int | None, step_counts: Sequence[int], rng: Random) -> tuple[Sum, ...]:
    """Steps of 2 to 9 that keep every value between 0 and 30; with a modulus they only go up."""
    steps: list[Sum] = []
    value = start
    for _ in range(rng.choice(step_counts)):
        size = rng.randint(2, 9)
        goes_up = modulus is not None or rng.random() < 0.5
        if goes_up and modulus is None and value + size > LARGEST_NUMBER:
            goes_up = False
        elif not goes_up and value < size:
            goes_up = True
        steps.append(Sum(value, "+" if goes_up else "-", size, quantity, modulus))
        value = steps[-1].after
    return tuple(steps)


def _numbers(steps: Sequence[Sum]) -> tuple[int | str, ...]:
    return (steps[0].before, *(f"{step.sign}{step.operand}" for step in steps))
