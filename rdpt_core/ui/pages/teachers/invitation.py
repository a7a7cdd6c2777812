"""Instead of the page, for a run that holds no second model to tell the teacher apart from: how to add one."""

from __future__ import annotations

import shlex

import streamlit as st

from rdpt_core.analysis.attribution.sources import MOST_NAMED
from rdpt_core.records import Role
from rdpt_core.records.companions import CompanionKind, CompanionRole
from rdpt_core.store.reader import Companion, Run
from rdpt_core.ui.frame import settings
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.style import words

SOURCES = (CompanionKind.TEACHER, CompanionKind.CONTROL)
"""The kinds of companions that a sentence can be credited to."""


def sources(run: Run) -> tuple[Companion, ...]:
    """The further models of a run that may have taught the distilled one, or are known not to have."""
    return tuple(c for c in run.companions if CompanionRole.parse(c.role).kind in SOURCES)


def explain(page: PageContext) -> None:
    """What the page would show, and the commands that add what it lacks."""
    waiting = [companion for companion in sources(page.run) if not companion.is_finished]
    if waiting:
        names = words.listed([words.no_markdown(companion.role, 60) for companion in waiting])
        st.info(
            f"**{names} {'is' if len(waiting) == 1 else 'are'} not scored to the end yet.** A further model counts "
            "once it has read every trace. If nothing is running, the command that added it goes on where it stopped.",
            icon=":material/hourglass_top:",
        )
        return
    n_teachers = sum(
        CompanionRole.parse(companion.role).kind is CompanionKind.TEACHER for companion in page.run.companions
    )
    if n_teachers >= MOST_NAMED - 1:
        st.info(
            f"**This run has more teachers than can be told apart**, which are {MOST_NAMED - 1} at most, with its own.",
            icon=":material/group_off:",
        )
        return
    known = "has one teacher and nothing to compare it with" if Role.TEACHER in page.run.roles else "has no teacher"
    st.info(
        f"**This run {known}.** Whose a sentence is can only be told once every model in question has read it. You can "
        "add models at any time: only the new one reads the traces, and nothing that is there is scored again.",
        icon=":material/group_add:",
    )
    add = f"rdpt score --add --run {page.run.run_id[:8]} --db {shlex.quote(settings.shown(page.database.path))}"
    st.markdown("**Another possible teacher**, under a name of your choice:")
    st.code(f"{add} --teacher NAME=MODEL", language=None, wrap_lines=True)
    st.markdown(
        "**A control**, a model that surely taught nothing here. How much is credited to it shows how far to trust "
        "the rest:"
    )
    st.code(f"{add} --control NAME=MODEL", language=None, wrap_lines=True)
    st.caption("MODEL is a folder, a name on the hub, a GGUF file or the address of a server, as for the triple.")
