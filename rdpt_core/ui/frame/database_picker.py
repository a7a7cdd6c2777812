"""Choosing one database of a folder, in the sidebar; the choice lives in the address as `db`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rdpt_core.store.folder import databases_in
from rdpt_core.ui.frame import empty_states, links, settings
from rdpt_core.ui.frame.trace_picker import option_names
from rdpt_core.ui.style import words

_CHOSEN, _PICKED = "database", "database_pick"


def choose_database(folder: Path) -> Path | None:
    """The database of the address, else the one chosen before, else the first.

    Returns:
        Its file; None, with an explanation on the page, if the folder holds no database, or not that one.

    Raises:
        StoreError: the folder cannot be read.
    """
    # Read at every rerun, so that a file added since is in the list. A name is only looked up in it and never becomes
    # part of a path, so an address cannot lead out of the folder.
    databases = databases_in(folder)
    if not databases:
        empty_states.show_no_databases(folder)
        return None
    wanted = links.requested("db") or st.session_state.get(_CHOSEN) or next(iter(databases))
    file = databases.get(wanted)
    labels = option_names(list(databases), words.plain)
    st.session_state[_PICKED] = None if file is None else wanted
    with st.sidebar:
        st.selectbox(
            "Database",
            list(databases),
            key=_PICKED,
            format_func=lambda name: labels[name],
            on_change=_database_changed,
            placeholder="Choose a database",
            help=f"The files that end in .duckdb in {words.no_markdown(settings.shown(folder), 200)}.",
        )
    if file is None:
        _explain_missing(wanted)
        return None
    _use(wanted)
    return file


def _use(name: str) -> None:
    st.session_state[_CHOSEN] = name
    links.publish("db", name)


def _database_changed() -> None:
    chosen = st.session_state[_PICKED]
    if chosen is not None:
        # The ids in the address are those of the file that was shown so far.
        links.forget()
        _use(chosen)


def _explain_missing(name: str) -> None:
    st.error(
        "**This folder holds no database of that name.** It may have been moved or renamed. Choose another one on the "
        "left.",
        icon=":material/link_off:",
    )
    st.code(words.plain(name, 200), language=None)
