"""What every page starts from: the open file, the chosen run and the label rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import streamlit as st

from rdpt_core.analysis.evidence.control_shares import ControlledRun
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.store.reader import Run
from rdpt_core.ui.data.cache import DatabaseSnapshot
from rdpt_core.ui.style.theme import Mode

# Not in Streamlit's session state: whoever writes there can be interrupted by the next run of the script.
_current: ContextVar[PageContext | None] = ContextVar("page", default=None)


@dataclass(frozen=True, slots=True)
class PageContext:
    """Handed from the shell to the page that it runs.

    Attributes:
        run: as it is seen with the chosen teacher, like all of `database.runs()`.
    """

    database: DatabaseSnapshot
    run: Run
    rule: LabelRule

    @property
    def own_run(self) -> Run:
        """The run as it was scored, whichever model is seen as its teacher."""
        return next(run for run in self.database.own_runs() if run.run_no == self.run.run_no)

    @property
    def data(self) -> RunData:
        """Every number of the run."""
        return self.database.data(self.run)

    @property
    def controlled(self) -> ControlledRun:
        """The run beside its controls."""
        return ControlledRun(self.data, lambda key: self.database.data(self.own_run.seen(teacher=key)))


@contextmanager
def around(page: PageContext) -> Iterator[None]:
    """The context of whatever the shell draws inside; it does not outlive the run, so no page can meet an old one."""
    token = _current.set(page)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> PageContext | None:
    """Called by a page; None if the page runs without its shell."""
    return _current.get()


def mode() -> Mode:
    """Whether the browser shows the light or the dark theme."""
    return "dark" if st.context.theme.type == "dark" else "light"
