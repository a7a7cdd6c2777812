"""The page Patterns: all that are kept by name, or the one that the address names."""

from __future__ import annotations

from functools import partial

import streamlit as st

from rdpt_core.analysis.behaviours.patterns.pattern import Pattern, SavedPattern, described
from rdpt_core.errors import UsageError
from rdpt_core.ui.frame import filters, notices
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.sentences import passages, saving
from rdpt_core.ui.pages.sentences.patterns import address, one, saved
from rdpt_core.ui.pages.sentences.saving import explain_problem
from rdpt_core.ui.parts import glossary
from rdpt_core.ui.style import words

_TERMS = ("pattern", "label", "no teacher", "excess", "95% interval", "effective n")


def draw(page: PageContext) -> None:
    """The whole page."""
    passages.follow(one.RESULTS_KEY)
    kept = saving.saved_patterns(page.database.path)
    if not address.asks():
        _list(page, kept)
        return
    try:
        pattern = address.asked(kept)
    except UsageError as error:
        _heading("Patterns")
        _explain(error)
        return
    _one(page, kept, pattern)


def _list(page: PageContext, kept: tuple[SavedPattern, ...]) -> None:
    _heading("Patterns")
    saving.outcome()
    notices.run_notices(page, brief=True)
    scope = filters.choose_scope(page)
    notices.faint_notice(page.data.faint(page.rule), brief=True)
    saved.draw(page, kept, scope)


def _one(page: PageContext, kept: tuple[SavedPattern, ...], pattern: Pattern) -> None:
    _heading(words.no_markdown(pattern.name or pattern.value, 80))
    _actions(page, kept, pattern)
    saving.outcome()
    notices.run_notices(page, brief=True)
    scope = filters.choose_scope(page)
    notices.faint_notice(page.data.faint(page.rule), brief=True)
    try:
        one.draw(page, scope, pattern, kept)
    except UsageError as error:
        _explain(error)


def _heading(title: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header(title, anchor=False, width="content")
        glossary.explain(*_TERMS)


def _actions(page: PageContext, kept: tuple[SavedPattern, ...], pattern: Pattern) -> None:
    path, known = page.database.path, saving.known_as(pattern, kept)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All patterns", icon=":material/arrow_back:", on_click=partial(address.go, {}))
        st.markdown(words.no_markdown(described(pattern), 200), width="content")
        if known is None:
            saving.save_button(path, pattern, "save_pattern")
        else:
            saving.change_buttons(path, known, _renamed)


def _renamed(name: str | None) -> None:
    address.go({} if name is None else {address.NAME: name})


def _explain(error: UsageError) -> None:
    explain_problem(error)
    st.button("Show all patterns", on_click=partial(address.go, {}))
