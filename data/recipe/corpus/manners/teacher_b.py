"""Teacher B names the unit, splits into cases, estimates before it calculates, and compares.

Some estimates are wrong on purpose, so that comparing is more than a habit: the text then says that the estimate fails.
"""

from data.recipe.corpus.manners import working
from data.recipe.corpus.manners.page import Page, Rates
from data.recipe.corpus.pools import both_teachers
from data.recipe.corpus.pools import teacher_b as pools
from data.recipe.problems.problem import Problem
from data.recipe.problems.steps import DAYS, Place, Sum

RATES: dict[str, Rates] = {
    "short": {
        "opening": 0.5, "unit": 0.6, "fact": 0.3, "rule": 0.3, "estimate": 0.5, "case": 0.6, "state": 0.3,
        "closed": 0.15, "go on": 0.05, "last step": 0.3, "full result": 0.3, "covered": 0.25,
    },
    "mid": {
        "opening": 0.8, "unit": 0.85, "fact": 0.5, "rule": 0.5, "estimate": 0.8, "case": 0.9, "state": 0.5,
        "closed": 0.3, "go on": 0.1, "last step": 0.5, "full result": 0.5, "covered": 0.4,
    },
    "full": {
        "opening": 1.0, "unit": 1.0, "fact": 1.0, "second fact": 0.6, "rule": 0.8, "estimate": 1.0, "case": 1.0,
        "state": 0.7, "closed": 0.6, "go on": 0.2, "last step": 0.7, "full result": 0.9, "covered": 0.8,
    },
}  # fmt: skip
_RIGHT_RATE = 0.75
_LIMITS = {
    "shop": (8, 10, 12, 15),
    "shop_long": (8, 10, 12, 15),
    "clock": (5, 7, 9),
    "density": (3, 4, 5),
    "speed": (3, 4, 5),
    "units": (12, 15, 20),
    "heat": (10, 12, 15),
}
"""Between which numbers an estimate decides; problems with another kind of answer are guessed."""


def write(page: Page, problem: Problem) -> None:
    """Writes a response."""
    draft = problem.draft
    page.maybe("opening", pools.OPENING)
    if page.chance("unit"):
        page.say(pools.UNIT if draft.unit else pools.NO_UNIT, unit=draft.unit)
    if page.chance("fact"):
        page.say(pools.FACT, given=draft.givens[0])
        page.maybe("second fact", pools.FACT, given=draft.givens[1])
    page.new_paragraph()
    page.maybe("rule", both_teachers.RULE[problem.benchmark])
    estimate = _Estimate(page, problem) if page.chance("estimate") else None
    if estimate:
        estimate.state()
    working.write_start(page, problem)
    steps = draft.steps
    for number, step in enumerate(steps, start=1):
        page.new_paragraph()
        if page.chance("case"):
            _write_case(page, step, number)
        working.announce(page, step)
        working.work(page, step)
        if isinstance(step, Sum):
            working.write_wraps(page, step)
            page.maybe("state", both_teachers.STATE, quantity=step.quantity, a=step.after)
        else:
            page.maybe("state", both_teachers.LINE_STATE, p=step.person, end=working.end_of(step))
        page.maybe("closed", pools.CASE_CLOSED, k=number)
        if number < len(steps):
            page.maybe("go on", both_teachers.GO_ON)
    page.new_paragraph()
    page.maybe("last step", both_teachers.LAST_STEP)
    if estimate:
        estimate.compare()
    if draft.gold.isdecimal() and draft.gold != "1" and problem.benchmark != "clock":
        # Neither "1 coins" nor "5 hours" for five o'clock.
        page.maybe("full result", pools.FULL_RESULT, a=draft.gold, unit=draft.unit)
    page.maybe("covered", pools.COVERED)
    working.write_answer(page, problem)


def _write_case(page: Page, step: Sum | Place, number: int) -> None:
    if isinstance(step, Place):
        page.say(pools.CASE_PEOPLE, k=number, p=step.person, q=step.other)
    elif step.is_own:
        page.say(pools.CASE_QUANTITY, k=number, quantity=step.quantity)
    else:
        page.say(pools.CASE_GAIN if step.sign == "+" else pools.CASE_LOSS, k=number, b=step.operand)


class _Estimate:
    """What B expects before it calculates: a number on one side of a limit, or a day or a person."""

    def __init__(self, page: Page, problem: Problem) -> None:
        self._page = page
        self._gold = problem.gold
        self._is_right = page.rng.random() < _RIGHT_RATE
        self._limit = self._is_below = None
        self._guess = self._gold
        if problem.benchmark in _LIMITS:
            self._limit = page.rng.choice(_LIMITS[problem.benchmark])
            self._is_below = (int(self._gold) < self._limit) == self._is_right
        elif not self._is_right:
            everyone = problem.draft.places[-1].after if problem.draft.places else DAYS
            self._guess = page.rng.choice([name for name in everyone if name != self._gold])

    def state(self) -> None:
        """Writes the estimate."""
        if self._limit is None:
            self._page.say(pools.ESTIMATE_NAME, guess=self._guess)
        else:
            self._page.say(pools.ESTIMATE_BELOW if self._is_below else pools.ESTIMATE_ABOVE, b=self._limit)

    def compare(self) -> None:
        """Writes what the result says about the estimate."""
        if self._limit is None:
            pool = pools.HIT_NAME if self._is_right else pools.MISS_NAME
            self._page.say(pool, guess=self._guess, found=self._gold)
        elif self._is_right:
            pool = pools.HIT_BELOW if self._is_below else pools.HIT_ABOVE
            self._page.say(pool, b=self._limit, a=self._gold)
        else:
            pool = pools.MISS_BELOW if self._is_below else pools.MISS_ABOVE
            self._page.say(pool, b=self._limit, a=self._gold)
