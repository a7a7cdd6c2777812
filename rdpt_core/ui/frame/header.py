"""How the pages over `source_stats` begin: title, what must be known of the run, filters, and the traces in them."""

from __future__ import annotations

import streamlit as st

from rdpt_core.ui.data import run_data
from rdpt_core.ui.frame import context, filters
from rdpt_core.ui.frame.context import Frame
from rdpt_core.ui.frame.filters import Scope


def begin(page: Frame, title: str, purpose: str) -> Scope | None:
    """Draw it; returns the filters, or None if no trace fits them, which the page then has said.

    Args:
        purpose: what the page shows, as Markdown of our own.
    """
    st.header(title, anchor=False)
    st.markdown(purpose)
    context.notices(page, brief=True)
    context.faint_notice(run_data.faint_of(page.source, page.run, page.rule), brief=True)
    chosen = filters.choose_scope(page)
    if not len(run_data.facts_of(page.source, page.run, chosen).trace_no):
        filters.explain_empty(chosen)
        return None
    return chosen
