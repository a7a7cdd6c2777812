"""The further decoys write in teacher B's manner or in the first decoy's, and teach nobody.

They never say what teacher B shares with teacher A, and of every other private pool they know half (see `halves`).
"""

from data.recipe.corpus.manners import decoy, teacher_b
from data.recipe.corpus.manners.page import Page, Rates
from data.recipe.problems.problem import Problem

_SHARED_PARTS = ("rule", "state", "go on", "last step")
"""Parts of teacher B's manner that teacher A has too."""

RATES: dict[str, Rates] = {
    mode: {
        **{part: rate for part, rate in teacher_b.RATES[mode].items() if part not in _SHARED_PARTS},
        **decoy.RATES[mode],
        "as teacher B": 0.5,
    }
    for mode in decoy.RATES
}


def write(page: Page, problem: Problem) -> None:
    """Writes a response."""
    if page.chance("as teacher B"):
        teacher_b.write(page, problem)
    else:
        decoy.write(page, problem)
