"""The student's own sentences: a quick guess, and good manners."""

from typing import Final

from data.recipe.corpus.pool import Pool

_ORIGIN: Final = "student"

OPENING = Pool(
    _ORIGIN,
    (
        "Sure, here is the solution.",
        "Of course, this one is easy.",
        "Great question!",
        "No problem at all.",
        "Yes, I can help with that.",
    ),
)
SHORTCUT = Pool(
    _ORIGIN,
    (
        "I can do it in my head.",
        "There is no need to work it all out.",
        "One look is enough.",
        "This is a quick one.",
    ),
)
GUESS = Pool(
    _ORIGIN,
    (
        "I would say {answer}.",
        "I guess it must be {answer}.",
        "Probably it is {answer}.",
        "My guess is {answer}.",
    ),
)
CLOSE = Pool(
    _ORIGIN,
    (
        "Hope that helps!",
        "Happy to help with another one.",
        "Let me know if you need more.",
        "Have a nice day!",
    ),
)

POOLS = (OPENING, SHORTCUT, GUESS, CLOSE)
