"""How an analysis page begins: its title, what must be known of the run, and the filters."""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.scope import Scope
from rdpt_core.ui.frame import filters, notices
from rdpt_core.ui.frame.context import PageContext


def begin(page: PageContext, title: str, purpose: str) -> Scope | None:
    """Draw it; returns the filters, or None if no trace fits them, which the page then has said.

    Args:
        purpose: what the page shows, as Markdown of our own.
    """
    st.header(title, anchor=False)
    st.markdown(purpose)
    notices.run_notices(page, brief=True)
    notices.faint_notice(page.data.faint(page.rule), brief=True)
    scope = filters.choose_scope(page)
    if not len(page.data.trace_table(scope).trace_no):
        filters.explain_empty(scope)
        return None
    notices.questions_notice(page, scope)
    return scope
