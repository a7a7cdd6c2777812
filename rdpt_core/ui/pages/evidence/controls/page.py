"""The page Controls: every label beside what it would be without the teacher."""

from __future__ import annotations

from rdpt_core.ui.frame import empty_states, filters
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.evidence.controls import context, known, p_values, shares


def draw(page: PageContext) -> None:
    """The whole page."""
    catalog = page.data.catalog()
    if not catalog.n_traces:
        empty_states.show_no_runs(page.database.path)
        return
    scope = filters.choose_scope(page)
    for part in (shares, p_values, known, context):
        part.draw(page, scope)
