"""Instead of the page, for a run without importance: what it would show, and the command that computes it."""

from __future__ import annotations

import shlex

import streamlit as st

from rdpt_core.records import Role
from rdpt_core.ui.frame import settings
from rdpt_core.ui.frame.context import PageContext


def explain(page: PageContext) -> None:
    """Two sentences and a command."""
    if Role.DISTILLED not in page.run.own_roles:
        st.info(
            "**This run has no distilled model.** How much an answer depends on its sentences is asked of the model "
            "that wrote both, so there is nothing to compute.",
            icon=":material/person_off:",
        )
        return
    st.info(
        "**Importance is not computed for this run.** The page would show, for every label, how many nats of "
        "ln p(answer) are lost when a sentence is deleted from its trace, or replaced by another one: in all, by kind "
        "of sentence and by position, and which sentences matter most.",
        icon=":material/account_tree:",
    )
    st.markdown(
        "One command computes it, with the distilled model alone and without sampling; nothing is scored again:"
    )
    database = shlex.quote(settings.shown(page.database.path))
    st.code(f"rdpt importance --db {database} --run {page.run.run_id[:8]}", language=None, wrap_lines=True)
    st.caption("It can be limited to some questions, stopped, and started again; --help lists the options.")
