"""Problems of density, speed and heat: quantities that are read off, worked out and divided."""

from random import Random

from data.recipe.problems.problem import Draft
from data.recipe.problems.steps import LARGEST_NUMBER, Sum
from data.recipe.problems.words import HEAVY_THINGS, PEOPLE


def draw_density(rng: Random) -> Draft:
    """A thing is weighed in a bowl and lifts the water in a glass: mass by volume."""
    volume, density = rng.randint(2, 6), rng.randint(2, 6)
    mass = volume * density
    while mass > LARGEST_NUMBER - 2:
        volume, density = rng.randint(2, 6), rng.randint(2, 6)
        mass = volume * density
    bowl = rng.randint(2, min(9, LARGEST_NUMBER - mass))
    low = rng.randint(5, 15)
    high = low + volume
    thing = rng.choice(HEAVY_THINGS)
    return Draft(
        numbers=(mass + bowl, bowl, high, low),
        question=(
            f"A bowl with a {thing} in it weighs {mass + bowl} grams, and the bowl alone weighs {bowl} grams. "
            f"The {thing} lifts the water in a glass from {low} to {high} millilitres. "
            f"What is the density of the {thing} in grams per millilitre?"
        ),
        gold=str(density),
        target=f"the density of the {thing}",
        unit="grams per millilitre",
        givens=(f"the bowl alone weighs {bowl} grams", f"the water rises to {high} millilitres"),
        sums=(
            Sum(mass + bowl, "-", bowl, "mass", is_own=True),
            Sum(high, "-", low, "volume", is_own=True),
            Sum(mass, "/", volume, "density", is_own=True),
        ),
    )


def draw_speed(rng: Random) -> Draft:
    """Two parts of a hike: the whole distance by the whole time."""
    hours = [rng.randint(1, 4), rng.randint(1, 4)]
    time = sum(hours)
    speed = rng.randint(2, min(6, LARGEST_NUMBER // time))
    distance = time * speed
    second = rng.randint(2, min(12, distance - 2))
    first = distance - second
    person = rng.choice(PEOPLE)
    return Draft(
        numbers=(first, second, *hours),
        question=(
            f"{person.name} hikes {first} kilometres in {_hours(hours[0])}. After lunch {person.pronoun.lower()} hikes "
            f"{second} kilometres in {_hours(hours[1])}. What is the average speed in kilometres per hour?"
        ),
        gold=str(speed),
        target="the average speed",
        unit="kilometres per hour",
        givens=(f"the first part is {first} kilometres long", f"the second part takes {_hours(hours[1])}"),
        sums=(
            Sum(first, "+", second, "distance", is_own=True),
            Sum(hours[0], "+", hours[1], "time", is_own=True),
            Sum(distance, "/", time, "speed", is_own=True),
        ),
    )


def draw_heat(rng: Random) -> Draft:
    """Heat is shared by some cups of water and warms them; sometimes they cool again."""
    cups, rise = rng.randint(2, 5), rng.randint(2, 6)
    start = rng.randint(5, 15)
    steps = [
        Sum(cups * rise, "/", cups, "rise", is_own=True),
        Sum(start, "+", rise, "temperature", is_own=True),
    ]
    cooling = ""
    if rng.random() < 0.5:
        steps.append(Sum(start + rise, "-", rng.randint(2, 6), "temperature"))
        cooling = f"Then it cools by {steps[-1].operand} degrees. "
    return Draft(
        numbers=(cups, rise, start, *(step.operand for step in steps[2:])),
        question=(
            f"A pan holds {cups} cups of water at {start} degrees. One unit of heat warms one cup by one degree. "
            f"The water takes in {cups * rise} units of heat. {cooling}How warm is the water now, in degrees?"
        ),
        gold=str(steps[-1].after),
        target="the temperature of the water",
        unit="degrees",
        givens=(f"the pan holds {cups} cups of water", f"the water starts at {start} degrees"),
        sums=tuple(steps),
    )


def _hours(hours: int) -> str:
    return "1 hour" if hours == 1 else f"{hours} hours"
