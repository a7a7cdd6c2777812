"""What to show instead of a page: no database, one that cannot be used, or one with nothing in it yet."""

from __future__ import annotations

import shlex
from pathlib import Path

import streamlit as st

from rdpt_core import bundled
from rdpt_core.analysis.schemes import TRIPLE
from rdpt_core.errors import StoreBusyError, StoreEmptyError, StoreError, StoreMissingError
from rdpt_core.ui.frame import settings
from rdpt_core.ui.style import words

_DEMO = "make demo" if bundled.IS_CLONE else "rdpt demo"
_OPEN_ANOTHER = "rdpt view FILE"


def _commands(path: Path) -> None:
    st.markdown("**See it work** with the bundled models and traces:")
    st.code(_DEMO, language=None)
    st.markdown("**Or score your own traces**, with three models named in one TOML file:")
    st.code(
        f"rdpt score --traces traces.jsonl --triple triple.toml --db {shlex.quote(settings.shown(path))}",
        language=None,
        wrap_lines=True,
    )
    st.markdown(f"Then reload this page. To open another file: `{_OPEN_ANOTHER}`.")


def _page(title: str, first: str, *, purpose: bool = True) -> None:
    st.header(title, anchor=False)
    if purpose:
        st.markdown(words.PURPOSES[TRIPLE])
    st.info(first)


def _details(error: StoreError, path: Path) -> None:
    lines = [f"file      {settings.shown(path)}", f"problem   {error.what}"]
    if error.expected:
        lines.append(f"expected  {error.expected}")
    if error.got:
        lines.append(f"found     {words.plain(settings.without_paths(error.got, path), 300)}")
    st.code("\n".join(lines), language=None, wrap_lines=True)


def show_problem(error: StoreError, path: Path) -> None:
    """Explain why the database cannot be read, and what to do about it."""
    if isinstance(error, StoreMissingError):
        _page("There is no database yet", "This app shows what is in **one database file**. There is none here so far:")
        st.code(settings.shown(path), language=None, wrap_lines=True)
        _commands(path)
    elif isinstance(error, StoreBusyError):
        _page(
            "The database is being written",
            "A run is storing results just now and kept the file longer than this page waited. Nothing is lost.",
            purpose=False,
        )
        st.button("Try again", type="primary", icon=":material/refresh:")
        _details(error, path)
    elif isinstance(error, StoreEmptyError):
        show_no_runs(path)
    else:
        what = words.capitalised(error.what)
        _page("This database cannot be opened", f"{what}. {error.hint or ''}", purpose=False)
        _details(error, path)
        st.markdown("To open another file:")
        st.code(_OPEN_ANOTHER, language=None)


def show_no_runs(path: Path) -> None:
    """A good database without a run."""
    _page("The database holds no run yet", "The file is there, but nothing has been scored into it:")
    st.code(settings.shown(path), language=None, wrap_lines=True)
    _commands(path)


def show_no_databases(folder: Path) -> None:
    """A folder was given that holds no database so far."""
    _page(
        "The folder holds no database yet",
        "This app shows the databases of **one folder**, files that end in `.duckdb`. There is none so far in:",
    )
    st.code(settings.shown(folder), language=None, wrap_lines=True)
    _commands(folder / "runs.duckdb")
