"""Teacher A's own sentences: restating, planning, checking, going back."""

from typing import Final

from data.recipe.corpus.pool import Pool, pools_of

_ORIGIN: Final = "teacher_a"

OPENING = Pool(
    _ORIGIN,
    (
        "Okay, let me think about this slowly.",
        "Hmm, let me read this carefully.",
        "Alright, I will take this one bit at a time.",
        "Let me make sure that I understand the question.",
        "Okay, I want to get this right.",
        "Hmm, what is going on here?",
    ),
)
ASKED = Pool(
    _ORIGIN,
    (
        "I am asked for {target}.",
        "The question wants {target}.",
        "What I have to find is {target}.",
        "In the end I want to know {target}.",
    ),
)
GIVEN = Pool(
    _ORIGIN,
    (
        "I read that {given}.",
        "The text tells me that {given}.",
        "What I know is that {given}.",
        "I see that {given}.",
    ),
)

_SHOP = Pool(
    _ORIGIN,
    (
        "My plan is to follow the changes one after the other.",
        "I will keep a total and change it as I read.",
        "The plan is simple, I just go along with the story.",
    ),
)
PLAN = {
    "shop": _SHOP,
    "shop_long": _SHOP,
    "clock": Pool(
        _ORIGIN,
        (
            "My plan is to move the hour forward bit by bit.",
            "I will turn the clock on and watch for 12.",
            "The plan is to add the hours and to stay on the dial.",
        ),
    ),
    "week": Pool(
        _ORIGIN,
        (
            "My plan is to turn the days into numbers and back.",
            "I will count the days on and watch for 7.",
            "The plan is to number the days first.",
        ),
    ),
    "units": Pool(
        _ORIGIN,
        (
            "My plan is to turn everything into inches first.",
            "I will get rid of the feet and then go on.",
            "The plan is to work in inches all the way.",
        ),
    ),
    "density": Pool(
        _ORIGIN,
        (
            "My plan is to get the mass, then the volume, and then to divide.",
            "I will take off the bowl first and look at the water after that.",
            "The plan is to find two numbers and to divide them.",
        ),
    ),
    "speed": Pool(
        _ORIGIN,
        (
            "My plan is to get the whole distance, then the whole time, and then to divide.",
            "I will put the two parts together before I divide.",
            "The plan is to add twice and to divide once.",
        ),
    ),
    "heat": Pool(
        _ORIGIN,
        (
            "My plan is to see how much one cup warms up.",
            "I will share out the heat and then look at the degrees.",
            "The plan is to divide first and to add after that.",
        ),
    ),
    "order": Pool(
        _ORIGIN,
        (
            "My plan is to put everyone into one line.",
            "I will take the clues one after the other and build a line.",
            "The plan is to place one person at a time.",
        ),
    ),
}
COUNT = Pool(
    _ORIGIN,
    (
        "I count {k} steps to take.",
        "There are {k} steps ahead of me.",
        "That will take me {k} steps.",
    ),
)

CHECK = Pool(
    _ORIGIN,
    (
        "Let me check: {c} {undo} {b} = {a}, which fits.",
        "To be sure, {c} {undo} {b} = {a}, and that is right.",
        "I test it backwards, {c} {undo} {b} = {a}, good.",
        "Looking back, {c} {undo} {b} = {a}, so this step holds.",
    ),
)
CHECK_FAILS = Pool(
    _ORIGIN,
    (
        "Let me check: {c} {undo} {b} = {d}, but I had {a}.",
        "To be sure, {c} {undo} {b} = {d}, and that is not {a}.",
        "I test it backwards, {c} {undo} {b} = {d}, yet it should be {a}.",
        "Looking back, {c} {undo} {b} = {d}, so I do not get {a} again.",
    ),
    lambda said: said["a"] != said["d"],
)
LINE_CHECK = Pool(
    _ORIGIN,
    (
        "Let me check: {p} is {more} than {q}, and the line agrees.",
        "To be sure, {p} is {more} than {q}, and that is what the line says.",
        "Looking back, {p} is {more} than {q}, so this step holds.",
    ),
)
LINE_CHECK_FAILS = Pool(
    _ORIGIN,
    (
        "Let me check: {p} is {more} than {q}, but the line says otherwise.",
        "To be sure, {p} is {more} than {q}, and that is not what the line says.",
        "Looking back, {p} is {more} than {q}, so the line must be wrong.",
    ),
)
GO_BACK = Pool(
    _ORIGIN,
    (
        "Wait, so that step was wrong.",
        "Hmm, I made a mistake there.",
        "No, that cannot be right, so I go back.",
        "Wait, I slipped, so let me do it again.",
        "That is off, and I have to correct it.",
    ),
)
VERIFY = Pool(
    _ORIGIN,
    (
        "Before I answer, let me do the sums once more.",
        "Let me go over all of it again.",
        "I would rather work it out a second time.",
    ),
)
VERIFY_LINE = Pool(
    _ORIGIN,
    (
        "Before I answer, let me look at the line once more.",
        "Let me read the whole line again.",
        "I would rather go through the line a second time.",
    ),
)
VERIFIED = Pool(
    _ORIGIN,
    (
        "I get the same as before.",
        "The second time agrees with the first.",
        "It comes out the same again.",
    ),
)
CLOSE = Pool(
    _ORIGIN,
    (
        "Everything fits together.",
        "I am happy with this result.",
        "All of it holds, so I am sure now.",
        "I can see nothing wrong with it.",
    ),
)

POOLS = pools_of(
    (OPENING, ASKED, GIVEN),
    PLAN.values(),
    (COUNT, CHECK, CHECK_FAILS, LINE_CHECK, LINE_CHECK_FAILS, GO_BACK, VERIFY, VERIFY_LINE, VERIFIED, CLOSE),
)
