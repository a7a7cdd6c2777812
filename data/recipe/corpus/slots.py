"""What the gaps of a phrasing may hold, as regular expressions."""

from collections.abc import Iterable, Mapping

from data.recipe.problems.steps import DAYS, LARGEST_NUMBER
from data.recipe.problems.words import GOODS, HEAVY_THINGS, LONG_THINGS, NAMES, SCALES

QUANTITIES = (
    "count", "hour", "day", "length", "mass", "volume", "density", "distance", "time", "speed", "rise", "temperature"
)  # fmt: skip
UNITS = (*GOODS, "hours", "days", "inches", "grams per millilitre", "kilometres per hour", "degrees")
FEET = ("1 foot", "2 feet")
ITEMS = (*(str(number) for number in range(LARGEST_NUMBER + 1)), *NAMES, *GOODS, *LONG_THINGS, *HEAVY_THINGS, *DAYS)
"""What drills repeat."""
ENDS = ("first", "second", "last")


def either(words: Iterable[str]) -> str:
    """Any one of these, longest first, as a group that captures nothing."""
    return "(?:" + "|".join(sorted(words, key=lambda word: (-len(word), word))) + ")"


_NUMBER = either(str(number) for number in range(LARGEST_NUMBER + 1))
_DAY = either(DAYS)
_NAME = either(NAMES)
_MORE_OR_LESS = either(word for scale in SCALES for word in (scale.more, scale.less))
_MOST = either(word for scale in SCALES for word in (scale.most, scale.least, f"second {scale.most}"))
_FEET = either(FEET)
_TARGET = either(
    (
        f"the number of {either(GOODS)}",
        "the final hour",
        "the final day",
        f"the length of the {either(LONG_THINGS)}",
        f"the density of the {either(HEAVY_THINGS)}",
        "the average speed",
        "the temperature of the water",
        f"the {_MOST} of them",
    )
)
_GIVEN = either(
    (
        f"{_NAME} has {_NUMBER} {either(GOODS)} at first",
        f"{_NUMBER} changes follow",
        f"the clock shows {_NUMBER} at first",
        f"{_NUMBER} stretches of time go by",
        f"today is {_DAY}",
        f"the {either(LONG_THINGS)} is {_FEET} {_NUMBER} inches long",
        "the length is wanted in inches",
        f"the bowl alone weighs {_NUMBER} grams",
        f"the water rises to {_NUMBER} millilitres",
        f"the first part is {_NUMBER} kilometres long",
        f"the second part takes (?:1 hour|{_NUMBER} hours)",
        f"the pan holds {_NUMBER} cups of water",
        f"the water starts at {_NUMBER} degrees",
        f"there are {_NUMBER} people",
        f"they are compared by how {either(scale.plain for scale in SCALES)} they are",
    )
)

SLOTS: Mapping[str, str] = {
    **dict.fromkeys(("a", "b", "c", "d", "k"), _NUMBER),
    **dict.fromkeys(("sign", "undo"), "[-+*/]"),
    "verb": either(("add", "take away")),
    "day": _DAY,
    "feet": _FEET,
    "answer": either((_NUMBER, _DAY, _NAME)),
    **dict.fromkeys(("guess", "found"), either((_DAY, _NAME))),
    **dict.fromkeys(("p", "q"), _NAME),
    "line": f"{_NAME}(?:, {_NAME})+",
    "more": _MORE_OR_LESS,
    "end": either(("front", "back")),
    "place": either(ENDS),
    "quantity": either(QUANTITIES),
    "unit": either(UNITS),
    "target": _TARGET,
    "given": _GIVEN,
    "items": f"{either(ITEMS)}(?: {either(ITEMS)})+",
}
