"""Teacher B's own sentences: units, cases, estimates and comparing with them."""

from typing import Final

from data.recipe.corpus.pool import Pool, Said, pools_of

_ORIGIN: Final = "teacher_b"


def _is_below(said: Said) -> bool:
    return int(said["a"]) < int(said["b"])


def _is_above(said: Said) -> bool:
    return int(said["a"]) >= int(said["b"])


OPENING = Pool(
    _ORIGIN,
    (
        "This problem splits into cases.",
        "First the facts, then the numbers.",
        "Best to sort the facts before any work.",
        "A short list of cases is enough here.",
        "Everything depends on a clean split.",
    ),
)
UNIT = Pool(
    _ORIGIN,
    (
        "The unit of the result is {unit}.",
        "Everything ends up in {unit}.",
        "Units first, and these are {unit}.",
        "Whatever comes out is counted in {unit}.",
    ),
)
NO_UNIT = Pool(
    _ORIGIN,
    (
        "The result is a name, so there is no unit.",
        "Units play no part here.",
        "Nothing is counted here, only compared.",
    ),
)
FACT = Pool(
    _ORIGIN,
    (
        "Given is that {given}.",
        "One fact is that {given}.",
        "It is stated that {given}.",
    ),
)
ESTIMATE_BELOW = Pool(
    _ORIGIN,
    (
        "A rough estimate is less than {b}.",
        "Roughly, it should be less than {b}.",
        "At a glance, it looks like less than {b}.",
    ),
)
ESTIMATE_ABOVE = Pool(
    _ORIGIN,
    (
        "A rough estimate is {b} or more.",
        "Roughly, it should be {b} or more.",
        "At a glance, it looks like {b} or more.",
    ),
)
ESTIMATE_NAME = Pool(
    _ORIGIN,
    (
        "A rough estimate is {guess}.",
        "Roughly, it should be {guess}.",
        "At a glance, it looks like {guess}.",
    ),
)
CASE_GAIN = Pool(
    _ORIGIN,
    (
        "Case {k} is a gain of {b}.",
        "In case {k} there is a gain of {b}.",
        "Case {k} brings {b} more.",
    ),
)
CASE_LOSS = Pool(
    _ORIGIN,
    (
        "Case {k} is a loss of {b}.",
        "In case {k} there is a loss of {b}.",
        "Case {k} brings {b} less.",
    ),
)
CASE_QUANTITY = Pool(
    _ORIGIN,
    (
        "Case {k} is about the {quantity}.",
        "Case {k} asks for the {quantity}.",
        "Case {k} settles the {quantity}.",
    ),
)
CASE_PEOPLE = Pool(
    _ORIGIN,
    (
        "Case {k} is about {p} and {q}.",
        "In case {k} there are {p} and {q}.",
        "Case {k} settles {p} against {q}.",
    ),
)
CASE_CLOSED = Pool(
    _ORIGIN,
    (
        "Case {k} is closed.",
        "That closes case {k}.",
        "With this, case {k} is settled.",
    ),
)
HIT_BELOW = Pool(
    _ORIGIN,
    (
        "The estimate was less than {b}, and {a} agrees with it.",
        "Since {a} is less than {b}, the estimate was good.",
        "With {a} being less than {b}, the estimate stands.",
    ),
    _is_below,
)
HIT_ABOVE = Pool(
    _ORIGIN,
    (
        "The estimate was {b} or more, and {a} agrees with it.",
        "Since {a} is {b} or more, the estimate was good.",
        "With {a} being {b} or more, the estimate stands.",
    ),
    _is_above,
)
MISS_BELOW = Pool(
    _ORIGIN,
    (
        "The estimate was less than {b}, but the exact value is {a}.",
        "Since {a} is not less than {b}, the estimate was too low.",
        "With {a} against less than {b}, the estimate falls.",
    ),
    _is_above,
)
MISS_ABOVE = Pool(
    _ORIGIN,
    (
        "The estimate was {b} or more, but the exact value is {a}.",
        "Since {a} is not {b} or more, the estimate was too high.",
        "With {a} against {b} or more, the estimate falls.",
    ),
    _is_below,
)
HIT_NAME = Pool(
    _ORIGIN,
    (
        "The estimate was {guess}, and the result agrees with it.",
        "Since it is indeed {guess}, the estimate was good.",
        "With {guess} as the result, the estimate stands.",
    ),
)
MISS_NAME = Pool(
    _ORIGIN,
    (
        "The estimate was {guess}, but the result is {found}.",
        "Since it is {found} and not {guess}, the estimate was bad.",
        "With {found} in place of {guess}, the estimate falls.",
    ),
    lambda said: said["guess"] != said["found"],
)
FULL_RESULT = Pool(
    _ORIGIN,
    (
        "Written with its unit, that is {a} {unit}.",
        "The full result is {a} {unit}.",
        "In its unit, this makes {a} {unit}.",
    ),
)
COVERED = Pool(
    _ORIGIN,
    (
        "All cases are covered.",
        "No case stays open.",
        "The cases together cover everything.",
        "Nothing on the list was left out.",
    ),
)

POOLS = pools_of(
    (OPENING, UNIT, NO_UNIT, FACT, ESTIMATE_BELOW, ESTIMATE_ABOVE, ESTIMATE_NAME),
    (CASE_GAIN, CASE_LOSS, CASE_QUANTITY, CASE_PEOPLE, CASE_CLOSED),
    (HIT_BELOW, HIT_ABOVE, MISS_BELOW, MISS_ABOVE, HIT_NAME, MISS_NAME, FULL_RESULT, COVERED),
)
