"""The decoy draws pictures. Nobody learns from it."""

from data.recipe.corpus.manners import working
from data.recipe.corpus.manners.page import Page, Rates
from data.recipe.corpus.pools import decoy as pools
from data.recipe.problems.problem import Problem
from data.recipe.problems.steps import Sum

RATES: dict[str, Rates] = {
    "short": {
        "opening": 0.8, "scene": 0.6, "tool": 0.4, "point": 0.6, "land": 0.4, "cheer": 0.15, "close": 0.6,
    },
    "mid": {
        "opening": 0.9, "scene": 0.8, "tool": 0.6, "point": 0.85, "land": 0.7, "cheer": 0.3, "close": 0.9,
    },
    "full": {
        "opening": 1.0, "scene": 1.0, "second scene": 0.7, "tool": 0.9, "point": 1.0, "land": 0.9, "cheer": 0.5,
        "close": 1.0,
    },
}  # fmt: skip


def write(page: Page, problem: Problem) -> None:
    """Writes a response."""
    draft = problem.draft
    page.maybe("opening", pools.OPENING)
    if page.chance("scene"):
        page.say(pools.SCENE, given=draft.givens[0])
        page.maybe("second scene", pools.SCENE, given=draft.givens[1])
    page.maybe("tool", pools.TOOL)
    page.new_paragraph()
    working.write_start(page, problem)
    for step in draft.steps:
        page.new_paragraph()
        working.announce(page, step)
        if isinstance(step, Sum):
            page.maybe("point", pools.POINT, a=step.before)
            working.work(page, step)
            working.write_wraps(page, step)
            page.maybe("land", pools.LAND, c=step.after)
        else:
            page.maybe("point", pools.POINT_PERSON, p=step.person)
            working.work(page, step)
        page.maybe("cheer", pools.CHEER)
    page.new_paragraph()
    page.maybe("close", pools.CLOSE)
    working.write_answer(page, problem)
