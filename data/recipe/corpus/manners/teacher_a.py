"""Teacher A restates, plans, checks, and goes back when a check fails.

Now and then one of its steps holds a planted wrong result. The check that follows finds it, the text says so, and the
step is done again, so that the answer is right all the same.
"""

from data.recipe.corpus.manners import working
from data.recipe.corpus.manners.page import Page, Rates
from data.recipe.corpus.pools import both_teachers, common
from data.recipe.corpus.pools import teacher_a as pools
from data.recipe.problems.problem import Problem
from data.recipe.problems.steps import LARGEST_NUMBER, UNDOING, Place, Sum, calculate
from data.recipe.problems.words import SCALES

RATES: dict[str, Rates] = {
    "short": {
        "opening": 0.6, "asked": 0.6, "given": 0.4, "plan": 0.6, "count": 0.15, "rule": 0.3, "check": 0.35,
        "state": 0.3, "go on": 0.05, "last step": 0.3, "close": 0.4, "slip": 0.3,
    },
    "mid": {
        "opening": 0.85, "asked": 0.8, "given": 0.6, "plan": 0.8, "count": 0.3, "rule": 0.5, "check": 0.6, "state": 0.5,
        "go on": 0.1, "verify": 0.15, "last step": 0.5, "close": 0.6, "slip": 0.5,
    },
    "full": {
        "opening": 1.0, "asked": 1.0, "given": 1.0, "second given": 0.6, "plan": 1.0, "count": 0.6, "rule": 0.8,
        "check": 0.9, "state": 0.7, "go on": 0.2, "verify": 0.6, "last step": 0.7, "close": 0.9, "slip": 0.7,
    },
}  # fmt: skip
_LARGEST_SLIP = 1


def write(page: Page, problem: Problem) -> None:
    """Writes a response."""
    draft = problem.draft
    steps = draft.steps
    page.maybe("opening", pools.OPENING)
    page.maybe("asked", pools.ASKED, target=draft.target)
    if page.chance("given"):
        page.say(pools.GIVEN, given=draft.givens[0])
        page.maybe("second given", pools.GIVEN, given=draft.givens[1])
    page.new_paragraph()
    page.maybe("plan", pools.PLAN[problem.benchmark])
    page.maybe("count", pools.COUNT, k=len(steps))
    page.maybe("rule", both_teachers.RULE[problem.benchmark])
    working.write_start(page, problem)
    slip = page.rng.randrange(len(steps)) if page.chance("slip") else None
    for index, step in enumerate(steps):
        page.new_paragraph()
        working.announce(page, step)
        if isinstance(step, Sum):
            _write_sum(page, step, index == slip)
        else:
            _write_place(page, step, draft.scale, index == slip)
        if index + 1 < len(steps):
            page.maybe("go on", both_teachers.GO_ON)
    page.new_paragraph()
    page.maybe("last step", both_teachers.LAST_STEP)
    if page.chance("verify"):
        _verify(page, problem)
    page.maybe("close", pools.CLOSE)
    working.write_answer(page, problem)


def _write_sum(page: Page, step: Sum, is_slip: bool) -> None:
    undo = UNDOING[step.sign]
    wrong = _wrong_results(step) if is_slip else []
    if wrong:
        result, undone = page.rng.choice(wrong)
        working.write_sum(page, step, result)
        page.say(pools.CHECK_FAILS, c=result, undo=undo, b=step.operand, d=undone, a=step.before)
        page.say(pools.GO_BACK)
    working.write_sum(page, step)
    if wrong or page.chance("check"):
        page.say(pools.CHECK, c=step.raw, undo=undo, b=step.operand, a=step.before)
    working.write_wraps(page, step)
    page.maybe("state", both_teachers.STATE, quantity=step.quantity, a=step.after)


def _wrong_results(step: Sum) -> list[tuple[int, int]]:
    """Results close to the right one, each with what undoing the step makes of it."""
    results = []
    for result in range(step.raw - _LARGEST_SLIP, step.raw + _LARGEST_SLIP + 1):
        undone = calculate(result, UNDOING[step.sign], step.operand)
        if result != step.raw and result >= 0 and undone is not None and 0 <= undone <= LARGEST_NUMBER >= result:
            results.append((result, undone))
    return results


def _write_place(page: Page, step: Place, scale_name: str, is_slip: bool) -> None:
    scale = next(scale for scale in SCALES if scale.plain == scale_name)
    clue = {"p": step.person, "more": scale.more if step.is_front else scale.less, "q": step.other}
    if is_slip:
        page.say(common.JOINS, p=step.person, end=working.end_of(step))
        page.say(common.LINE, line=", ".join(step.wrong))
        page.say(pools.LINE_CHECK_FAILS, **clue)
        page.say(pools.GO_BACK)
    working.work(page, step)
    if is_slip or page.chance("check"):
        page.say(pools.LINE_CHECK, **clue)
    page.maybe("state", both_teachers.LINE_STATE, p=step.person, end=working.end_of(step))


def _verify(page: Page, problem: Problem) -> None:
    draft = problem.draft
    if draft.places:
        page.say(pools.VERIFY_LINE)
        page.say(common.LINE, line=", ".join(draft.places[-1].after))
    else:
        page.say(pools.VERIFY)
        for step in draft.sums:
            working.write_sum(page, step)
            working.write_wraps(page, step)
    page.say(pools.VERIFIED)
    page.new_paragraph()
