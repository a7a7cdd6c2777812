"""What teachers A and B say, and nobody else: rules, states, progress."""

from typing import Final

from data.recipe.corpus.pool import Pool, pools_of

_ORIGIN: Final = "both_teachers"

_SHOP = Pool(
    _ORIGIN,
    (
        "What comes in is added, and what goes out is taken away.",
        "Gains make the count larger, and losses make it smaller.",
        "Only the number matters, not how it came about.",
    ),
)
RULE = {
    "shop": _SHOP,
    "shop_long": _SHOP,
    "clock": Pool(
        _ORIGIN,
        (
            "After 12 the clock begins again at 1.",
            "A clock has only 12 hours.",
            "Past 12, we take 12 away again.",
        ),
    ),
    "week": Pool(
        _ORIGIN,
        (
            "After Sunday the week begins again with Monday.",
            "A week has 7 days.",
            "Whole weeks do not change the day.",
        ),
    ),
    "units": Pool(
        _ORIGIN,
        (
            "A foot has 12 inches.",
            "Feet must become inches before anything else.",
            "Lengths can only be added in the same unit.",
        ),
    ),
    "density": Pool(
        _ORIGIN,
        (
            "Density is mass divided by volume.",
            "The volume is what the water rises by.",
            "The bowl does not belong to the mass.",
        ),
    ),
    "speed": Pool(
        _ORIGIN,
        (
            "Speed is distance divided by time.",
            "The average is about the whole way and the whole time.",
            "Both parts of the way belong together.",
        ),
    ),
    "heat": Pool(
        _ORIGIN,
        (
            "All the cups share the heat.",
            "More water warms up more slowly.",
            "Each cup gets the same part of the heat.",
        ),
    ),
    "order": Pool(
        _ORIGIN,
        (
            "Each clue compares two people.",
            "One line can hold all the clues.",
            "Whoever is ahead of everyone stands in front.",
        ),
    ),
}
STATE = Pool(
    _ORIGIN,
    (
        "So the {quantity} is now {a}.",
        "That makes the {quantity} {a}.",
        "This gives us {a} for the {quantity}.",
        "The {quantity} stands at {a}.",
    ),
)
LINE_STATE = Pool(
    _ORIGIN,
    (
        "So {p} is now at the {end}.",
        "That puts {p} at the {end}.",
        "This leaves {p} at the {end}.",
    ),
)
LAST_STEP = Pool(
    _ORIGIN,
    (
        "That was the last step.",
        "No step is left.",
        "With that, all steps are done.",
        "Nothing else is asked.",
    ),
)
GO_ON = Pool(
    _ORIGIN,
    (
        "So far, so good.",
        "We are not done yet.",
        "The rest goes the same way.",
        "We can go on from here.",
    ),
)

POOLS = pools_of(RULE.values(), (STATE, LINE_STATE, LAST_STEP, GO_ON))
