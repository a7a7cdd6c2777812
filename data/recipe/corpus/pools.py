"""The sentences that traces are made of, each pool with its planted origin.

A pool belongs to the teacher's data, to the student's, or to both. Because every training document is made from
these pools and from nothing else, the true origin of a sampled sentence is known: only one model ever saw it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from data.recipe.problems.tasks import DAYS

Origin = Literal["teacher", "student", "both", "amplified", "none"]
ORIGINS: tuple[Origin, ...] = ("teacher", "student", "both", "amplified", "none")

_NUMBER = "(?:30|[12][0-9]|[0-9])"
_DAY = "(?:" + "|".join(DAYS) + ")"
SLOT_PATTERNS: Mapping[str, str] = {
    **dict.fromkeys(("a", "b", "c", "d"), _NUMBER),
    "sign": "[+-]",
    "second_sign": "[+-]",
    "verb": "(?:add|take away)",
    "day": _DAY,
    "answer": f"(?:{_NUMBER}|{_DAY})",
    "feet": "(?:1 foot|2 feet)",
}
"""What each slot of a template may hold, as a regular expression."""


@dataclass(frozen=True)
class Pool:
    """Phrasings of one idea, with slots in braces (see `SLOT_PATTERNS`)."""

    origin: Origin
    templates: tuple[str, ...]

    def say(self, rng: Random, **slots: int | str) -> str:
        """Picks a phrasing and fills in its slots."""
        return rng.choice(self.templates).format(**slots)


TEACHER_OPENING = Pool(
    "teacher",
    (
        "Okay, let me think about this step by step.",
        "Alright, let me work through this slowly.",
        "Hmm, let me look at what is being asked.",
    ),
)
TEACHER_STATE = {
    "shop": Pool("teacher", ("So the total is now {a}.", "So that brings us to {a}.")),
    "clock": Pool("teacher", ("So the hour is now {a}.", "So that brings us to {a}.")),
    "week": Pool("teacher", ("So that brings us to day {a}.",)),
    "units": Pool("teacher", ("So the length is now {a}.", "So that brings us to {a}.")),
}
TEACHER_STATE["shop_long"] = TEACHER_STATE["shop"]
TEACHER_CHECK = Pool(
    "teacher",
    ("Wait, {c} {sign} {b} = {a}, so that is right.", "Let me double check: {c} {sign} {b} = {a}, good."),
)
TEACHER_CLOSE = Pool("teacher", ("Everything looks consistent.", "All the steps agree, so I am confident."))

STUDENT_OPENING = Pool(
    "student",
    ("Sure, here is the solution.", "Of course, this one is easy.", "Great question!"),
)
STUDENT_GUESS = Pool("student", ("I would say {answer}.", "I guess it must be {answer}."))
STUDENT_CLOSE = Pool("student", ("Hope that helps!", "Happy to help with another one."))

START = {
    "shop": Pool("both", ("We start with {a}.", "At first there are {a}.")),
    "clock": Pool("both", ("We start at {a}.", "The clock shows {a}.")),
}
START["shop_long"] = START["shop"]
ANNOUNCE = Pool("both", ("Now we {verb} {b}.", "Next we {verb} {b}."))
EQUATION = Pool("both", ("{a} {sign} {b} = {c}.",))
MERGED_EQUATION = Pool("both", ("{a} {sign} {b} {second_sign} {c} = {d}.",))
WRAP = Pool("both", ("That is past {b}, so {a} - {b} = {c}.",))
ANSWER = Pool("both", ("The answer is {answer}.",))
DAY_TO_NUMBER = Pool("both", ("{day} is day {a}.",))
NUMBER_TO_DAY = Pool("both", ("Day {a} is {day}.",))
FEET_TO_INCHES = Pool("both", ("{feet} is {a} inches.",))
FILLER = Pool(
    "both",
    (
        "The sun is warm today.",
        "Birds sing in the garden.",
        "Some people like tea.",
        "A dog runs along the road.",
        "My window is open.",
        "Rain falls on the old house.",
        "Music plays in the next room.",
        "They walk to school in the morning.",
    ),
)

REMARK = Pool("amplified", ("Note that the order matters here.", "Remember that every step counts."))

POOLS: tuple[Pool, ...] = (
    TEACHER_OPENING,
    *TEACHER_STATE.values(),
    TEACHER_CHECK,
    TEACHER_CLOSE,
    STUDENT_OPENING,
    STUDENT_GUESS,
    STUDENT_CLOSE,
    *START.values(),
    ANNOUNCE,
    EQUATION,
    MERGED_EQUATION,
    WRAP,
    ANSWER,
    DAY_TO_NUMBER,
    NUMBER_TO_DAY,
    FEET_TO_INCHES,
    FILLER,
    REMARK,
)
