"""The page Importance: how much the answer depends on each sentence, and whose the sentence is."""

from __future__ import annotations

import streamlit as st

from rdpt_core.ui.frame.context import PageContext


def draw(page: PageContext) -> None:
    """The whole page."""
    st.header("Does it matter?", anchor=False)
