"""Puzzles: clues compare two people each, and somebody is the tallest, the youngest or the second fastest."""

from random import Random

from data.recipe.problems.problem import Draft
from data.recipe.problems.steps import Place
from data.recipe.problems.words import NAMES, SCALES, Scale


def draw_order(rng: Random) -> Draft:
    """Three or four people, each clue about the newcomer and someone at an end of the line, so the order is whole."""
    scale = rng.choice(SCALES)
    names = rng.sample(NAMES, rng.choice((3, 4)))
    line: tuple[str, ...] = (names[0],)
    places: list[Place] = []
    for name in names[1:]:
        is_front = rng.random() < 0.5
        places.append(Place(name, line[0] if is_front else line[-1], is_front, line))
        line = places[-1].after
    # Each clue may be told from either side: Ann is taller than Ben, or Ben is shorter than Ann.
    told_by_newcomer = [rng.random() < 0.5 for _ in places]
    clues = [_clue(place, scale, by_newcomer) for place, by_newcomer in zip(places, told_by_newcomer, strict=True)]
    asked, what = rng.choice((("first", scale.most), ("last", scale.least), ("second", f"second {scale.most}")))
    gold = {"first": line[0], "last": line[-1], "second": line[1]}[asked]
    return Draft(
        numbers=(scale.plain, asked, *clues),
        question=" ".join([*clues, f"Who is the {what}?"]),
        gold=gold,
        target=f"the {what} of them",
        givens=(f"there are {len(names)} people", f"they are compared by how {scale.plain} they are"),
        places=tuple(places),
        scale=scale.plain,
        asked=asked,
    )


def _clue(place: Place, scale: Scale, by_newcomer: bool) -> str:
    subject, object_ = (place.person, place.other) if by_newcomer else (place.other, place.person)
    is_more = place.is_front == by_newcomer
    return f"{subject} is {scale.more if is_more else scale.less} than {object_}."
