"""How the pages over `source_stats` begin: title, what must be known of the run, filters, and the traces in them."""

from __future__ import annotations

import streamlit as st

from rdpt_core.ui import frame, scope, source_stats
from rdpt_core.ui.frame import Frame
from rdpt_core.ui.scope import Scope


def begin(page: Frame, title: str, purpose: str) -> Scope | None:
    """Draw it; returns the filters, or None if no trace fits them, which the page then has said.

    Args:
        purpose: what the page shows, as Markdown of our own.
    """
    st.header(title, anchor=False)
    st.markdown(purpose)
    frame.notices(page, brief=True)
    frame.faint_notice(source_stats.faint_of(page.source, page.run, page.rule), brief=True)
    chosen = scope.choose_scope(page)
    if not len(source_stats.facts_of(page.source, page.run, chosen).trace_no):
        scope.explain_empty(chosen)
        return None
    return chosen
