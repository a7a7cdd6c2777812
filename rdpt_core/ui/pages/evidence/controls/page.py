"""The page Controls: every label beside what it would be without the teacher."""

from __future__ import annotations

from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.header import begin
from rdpt_core.ui.pages.evidence.controls import context, known, p_values, shares

_PURPOSE = (
    "Would the labels say the same without the teacher? Each is set beside what it would be with another model in the "
    "teacher's place, and each sentence beside models that are no source of it."
)


def draw(page: PageContext) -> None:
    """The whole page."""
    scope = begin(page, "Controls", _PURPOSE)
    if scope is None:
        return
    for part in (shares, p_values, known, context):
        part.draw(page, scope)
