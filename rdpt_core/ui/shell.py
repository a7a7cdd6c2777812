"""The frame around every page: navigation, the open database, and the controls that all pages share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from rdpt_core.analysis.schemes import TRIPLE, scheme_of
from rdpt_core.errors import StoreError
from rdpt_core.ui.data.cache import DatabaseSnapshot, settled
from rdpt_core.ui.frame import (
    context,
    controls,
    database_picker,
    empty_states,
    missing,
    settings,
    teacher_picker,
    unfinished,
)
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.registry import OVERVIEW, PAGES
from rdpt_core.ui.style import theme


def navigation() -> Page:
    """The pages; returns the one that the address names.

    They have no icons: the browser's tab would fetch those from a font server before `set_page_config` is heard.
    """
    sections: dict[str, list[Page]] = {}
    for entry in PAGES:
        page = st.Page(entry.path, title=entry.title, default=entry is OVERVIEW)
        sections.setdefault(entry.section, []).append(page)
    return st.navigation(sections, position="top")


def run() -> None:
    """Draw the frame, then the page; a database that cannot be read is explained in the page's place."""
    # Local images, for the same reason as in `navigation`.
    st.set_page_config(page_title="RDPT Explorer", page_icon=str(theme.ICON), layout="wide")
    st.logo(str(theme.LOGO), icon_image=str(theme.ICON), size="large")
    page = navigation()
    path = settings.location()
    try:
        if os.path.isdir(path):
            chosen = database_picker.choose_database(path)
            if chosen is None:
                return
            path = chosen
        _draw_database(path, page)
    except StoreError as error:
        empty_states.show_problem(error, path)


def _draw_database(path: Path, page: Page) -> None:
    database = DatabaseSnapshot.at(path)
    own_runs = database.own_runs()
    if not own_runs:
        empty_states.show_no_runs(path)
        return
    with st.sidebar:
        own = controls.choose_run(own_runs)
        chosen = None if own is None else teacher_picker.choose_teacher(own, own_runs)
        database = replace(database, teacher=teacher_picker.chosen_name())
        rule = controls.choose_rule(TRIPLE if chosen is None else scheme_of(chosen.roles))
    runs = database.runs()
    if own is None:
        missing.explain_run(database, runs)
    elif chosen is None:
        teacher_picker.explain_teacher(own)
    elif rule is None:
        controls.explain_bad_rule()
    else:
        missing.publish_file(runs)
        unfinished.notice(database, runs, chosen)
        teacher_picker.notice(chosen)
        with context.around(PageContext(database, chosen, rule)):
            page.run()
        settled()


def draw_page(draw: Callable[[PageContext], None]) -> None:
    """Draw a page inside its frame.

    The first request to a fresh server, if it goes straight to a page, runs that page's file alone: Streamlit takes a
    folder named `pages` for its older layout until `st.navigation` was called once. Then it is called here, and the
    request starts again through `app.py`.
    """
    page = context.current()
    if page is None:
        navigation()
        st.rerun()
    draw(page)
