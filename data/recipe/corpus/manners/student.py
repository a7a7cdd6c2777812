"""The student guesses (`direct`), writes sums only (`terse`), or takes every step (`step`)."""

from data.recipe.corpus.manners import working
from data.recipe.corpus.manners.page import Page, Rates
from data.recipe.corpus.pools import student as pools
from data.recipe.problems.problem import Problem
from data.recipe.problems.steps import Sum

RATES: dict[str, Rates] = {
    "direct": {"opening": 0.8, "shortcut": 0.6, "guess": 1.0, "close": 0.6},
    "terse": {"opening": 0.7, "work": 1.0, "close": 0.5},
    "step": {"opening": 0.7, "work": 1.0, "announce": 1.0, "close": 0.5},
}


def write(page: Page, problem: Problem) -> None:
    """Writes a response."""
    page.maybe("opening", pools.OPENING)
    page.maybe("shortcut", pools.SHORTCUT)
    page.maybe("guess", pools.GUESS, answer=problem.gold)
    if page.chance("work"):
        working.write_start(page, problem)
        for step in problem.draft.steps:
            page.new_paragraph()
            if page.chance("announce"):
                working.announce(page, step)
            working.work(page, step)
            if isinstance(step, Sum):
                working.write_wraps(page, step)
        page.new_paragraph()
    working.write_answer(page, problem)
    page.maybe("close", pools.CLOSE)
