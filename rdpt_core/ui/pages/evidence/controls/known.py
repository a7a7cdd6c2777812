"""Shares corrected by text whose writer is known."""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.scope import Scope
from rdpt_core.ui.frame.context import PageContext


def draw(page: PageContext, scope: Scope) -> None:
    """The part of the page."""
    st.subheader("Shares corrected by text whose writer is known", anchor=False)
