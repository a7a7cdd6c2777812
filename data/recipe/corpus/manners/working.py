"""The common part of every response: where it starts, its steps, its answer."""

from data.recipe.corpus.manners.page import Page
from data.recipe.corpus.pools import common
from data.recipe.problems.problem import Problem
from data.recipe.problems.steps import DAYS, Place, Sum
from data.recipe.settings import REMARK_RATE


def write_start(page: Page, problem: Problem) -> None:
    """The first quantity, where a problem starts from one, and now and then a remark."""
    draft = problem.draft
    if draft.places:
        page.say(common.FIRST_IN_LINE, p=draft.places[0].line[0])
    elif problem.benchmark == "week":
        page.say(common.DAY_TO_NUMBER, day=draft.start, a=draft.sums[0].before)
    elif problem.benchmark == "units":
        page.say(common.FEET_TO_INCHES, feet=draft.start, a=draft.sums[0].before)
    elif draft.start:
        page.say(common.START[problem.benchmark], a=draft.sums[0].before)
    if page.rng.random() < REMARK_RATE:
        page.say(common.REMARK)


def announce(page: Page, step: Sum | Place) -> None:
    """Says what the next step does."""
    if isinstance(step, Place):
        page.say(common.CLUE, p=step.person)
    elif step.is_own:
        page.say(common.GOAL, quantity=step.quantity)
    else:
        page.say(common.ANNOUNCE, verb="add" if step.sign == "+" else "take away", b=step.operand)


def work(page: Page, step: Sum | Place) -> None:
    """Does a step."""
    if isinstance(step, Place):
        page.say(common.JOINS, p=step.person, end=end_of(step))
        page.say(common.LINE, line=", ".join(step.after))
    else:
        write_sum(page, step)


def write_sum(page: Page, step: Sum, result: int | None = None) -> None:
    """The equation of a step, with another result if one is given."""
    page.say(common.EQUATION, a=step.before, sign=step.sign, b=step.operand, c=step.raw if result is None else result)


def write_wraps(page: Page, step: Sum) -> None:
    """Brings a value that is past the modulus back below it."""
    for value in step.wraps:
        assert step.modulus is not None  # Nothing wraps without one.
        page.say(common.WRAP, a=value, b=step.modulus, c=value - step.modulus)


def write_answer(page: Page, problem: Problem) -> None:
    """The answer, after the sentence that reads it off a number or a line."""
    draft = problem.draft
    if problem.benchmark == "week":
        page.say(common.NUMBER_TO_DAY, a=DAYS.index(draft.gold) + 1, day=draft.gold)
    elif draft.places:
        page.say(common.PICK, place=draft.asked, p=draft.gold)
    page.say(common.ANSWER, answer=draft.gold)


def end_of(place: Place) -> str:
    """Where a person joins the line."""
    return "front" if place.is_front else "back"
