"""What every writer says: starts, announcements, sums, answers, remarks, stray sentences."""

from typing import Final

from data.recipe.corpus.pool import Pool, Said, pools_of
from data.recipe.problems.steps import DAYS, INCHES_PER_FOOT

_ORIGIN: Final = "common"


def _is_day(said: Said) -> bool:
    return 1 <= int(said["a"]) <= len(DAYS) and DAYS[int(said["a"]) - 1] == said["day"]


def _is_length(said: Said) -> bool:
    return int(said["feet"].split()[0]) * INCHES_PER_FOOT == int(said["a"])


START = {
    "shop": Pool(_ORIGIN, ("We start with {a}.", "At first there are {a}.", "The first number is {a}.")),
    "clock": Pool(_ORIGIN, ("We start at {a}.", "The clock shows {a}.", "The first hour is {a}.")),
}
START["shop_long"] = START["shop"]
DAY_TO_NUMBER = Pool(_ORIGIN, ("{day} is day {a}.", "In numbers, {day} is {a}."), _is_day)
NUMBER_TO_DAY = Pool(_ORIGIN, ("Day {a} is {day}.", "Number {a} is {day}."), _is_day)
FEET_TO_INCHES = Pool(_ORIGIN, ("{feet} is {a} inches.", "In inches, {feet} is {a}."), _is_length)

ANNOUNCE = Pool(_ORIGIN, ("Now we {verb} {b}.", "Next we {verb} {b}.", "Then we {verb} {b}."))
GOAL = Pool(_ORIGIN, ("Now we find the {quantity}.", "Next we find the {quantity}.", "Here we need the {quantity}."))
EQUATION = Pool(_ORIGIN, ("{a} {sign} {b} = {c}.",))
WRAP = Pool(_ORIGIN, ("That is past {b}, so {a} - {b} = {c}.",))

CLUE = Pool(_ORIGIN, ("Now we place {p}.", "Next we place {p}.", "Then we place {p}."))
FIRST_IN_LINE = Pool(_ORIGIN, ("We start with {p}.", "At first there is {p}."))
JOINS = Pool(_ORIGIN, ("{p} goes to the {end}.", "{p} joins at the {end}."))
LINE = Pool(_ORIGIN, ("The line is {line}.",))
PICK = Pool(_ORIGIN, ("The {place} in line is {p}.", "{p} is {place} in line."))

ANSWER = Pool(_ORIGIN, ("The answer is {answer}.",))

REPEAT = Pool(_ORIGIN, ("I repeat: {items}.",))

REMARK = Pool(
    "amplified",
    (
        "Note that the order matters here.",
        "Remember that every step counts.",
        "Keep in mind that small errors add up.",
        "Mind that nothing may be counted twice.",
    ),
)

# Two halves each: so many different sentences teach to go on calmly after whatever comes.
_WHO = (
    "The sun", "A dog", "My window", "The old house", "Some music", "The garden", "A small bird", "The kettle",
    "Our street", "The last train", "A red boat", "Her brother", "The baker", "This morning", "The school", "A cloud",
)  # fmt: skip
_DOES = (
    "is warm today", "runs along the road", "stands open", "looks rather quiet", "waits for the rain",
    "sounds far away", "was late again", "makes everyone smile", "is not what it was", "moves with the wind",
    "needs a little help", "comes from the next village",
)  # fmt: skip
FILLER = Pool(_ORIGIN, tuple(f"{who} {does}." for who in _WHO for does in _DOES))

POOLS = pools_of(
    START.values(),
    (DAY_TO_NUMBER, NUMBER_TO_DAY, FEET_TO_INCHES),
    (ANNOUNCE, GOAL, EQUATION, WRAP),
    (CLUE, FIRST_IN_LINE, JOINS, LINE, PICK),
    (ANSWER, REPEAT, REMARK, FILLER),
)
