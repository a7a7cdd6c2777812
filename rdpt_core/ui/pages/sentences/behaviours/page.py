"""The page Behaviours."""

from __future__ import annotations

import streamlit as st

from rdpt_core.ui.frame.context import PageContext


def draw(page: PageContext) -> None:
    """The whole page."""
    st.header("Behaviours", anchor=False)
