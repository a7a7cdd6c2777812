"""Keeping a pattern by name in the file beside the database, and what to say where that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import streamlit as st

from rdpt_core.analysis.behaviours.patterns.pattern import Pattern, SavedPattern
from rdpt_core.errors import RdptError, SidecarError, UsageError
from rdpt_core.store.beside import patterns
from rdpt_core.store.beside.patterns import MOST_NAME_CHARACTERS
from rdpt_core.ui.parts import notes
from rdpt_core.ui.style import words

_PROBLEM, _DONE = "pattern_problem", "pattern_done"
_MOST_SUGGESTED = 40


def saved_patterns(path: Path) -> tuple[SavedPattern, ...]:
    """All that are kept; none where the file beside the database cannot be read, which is said."""
    try:
        return patterns.read_patterns(path)
    except SidecarError as error:
        st.warning(notes.in_words(error), icon=":material/edit_off:")
        return ()


def outcome() -> None:
    """What became of the last attempt to keep, rename or delete a pattern, said once."""
    if _PROBLEM in st.session_state:
        st.error(st.session_state.pop(_PROBLEM), icon=":material/error:")
    if _DONE in st.session_state:
        st.success(st.session_state.pop(_DONE), icon=":material/check:")


def explain_problem(error: UsageError) -> None:
    """Why a pattern cannot be shown. What was asked for, and what there is, may hold anything."""
    what = words.capitalised(words.no_markdown(error.what, 200))
    st.warning(f"**{what}.** {error.hint or ''}", icon=":material/search_off:")
    lines = [("expected", error.expected), ("got", error.got)]
    told = [f"{name:<10}{words.plain(text, 600)}" for name, text in lines if text]
    if told:
        st.code("\n".join(told), language=None, wrap_lines=True)


def known_as(pattern: Pattern, saved: tuple[SavedPattern, ...]) -> SavedPattern | None:
    """The kept pattern that looks for the same."""
    alike = replace(pattern, name="")
    return next((one for one in saved if replace(one.pattern, name="") == alike), None)


def save_button(path: Path, pattern: Pattern, key: str) -> None:
    """A button that asks for a name and keeps the pattern.

    Args:
        key: of the parts; one a page.
    """
    name_key = f"{key}_name"
    with st.popover("Save as a pattern", icon=":material/bookmark_add:", key=key), st.form(f"{key}_form", border=False):
        st.text_input(
            "Name",
            words.plain(pattern.value, _MOST_SUGGESTED),
            key=name_key,
            max_chars=MOST_NAME_CHARACTERS,
            help="It is kept in the file of notes beside the database, which itself stays as it is.",
        )
        st.form_submit_button("Save", icon=":material/check:", on_click=_save, args=(path, pattern, name_key))


def keep(path: Path, pattern: Pattern, key: str) -> None:
    """The button that keeps a pattern; the name of one that is kept already.

    Args:
        key: of the parts; one a page.
    """
    known = known_as(pattern, saved_patterns(path))
    if known is None:
        save_button(path, pattern, key)
    else:
        st.markdown(f"Kept as **{words.no_markdown(known.pattern.name, 80)}**", width="content")


def change_buttons(path: Path, saved: SavedPattern, on_change: Callable[[str | None], None]) -> None:
    """Buttons that rename and delete a pattern.

    Args:
        on_change: told the new name, or None after a deletion.
    """
    key = f"pattern_rename_{saved.saved_at}"
    with st.popover("Rename", icon=":material/edit:"), st.form(f"{key}_form", border=False):
        st.text_input("New name", saved.pattern.name, key=key, max_chars=MOST_NAME_CHARACTERS)
        st.form_submit_button("Rename", on_click=_rename, args=(path, saved, key, on_change))
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown("The name is forgotten; nothing else is lost.")
        st.button("Delete it", key="pattern_delete", on_click=_delete, args=(path, saved, on_change))


def _save(path: Path, pattern: Pattern, name_key: str) -> None:
    kept = _try(lambda: patterns.save_pattern(path, replace(pattern, name=st.session_state[name_key])))
    if kept is not None:
        name = words.no_markdown(kept.pattern.name, MOST_NAME_CHARACTERS)
        st.session_state[_DONE] = f"Saved as **{name}**. The page Patterns lists it."


def _rename(path: Path, saved: SavedPattern, key: str, on_change: Callable[[str | None], None]) -> None:
    renamed = _try(lambda: patterns.rename(path, saved, st.session_state[key]))
    if renamed is not None:
        on_change(renamed.pattern.name)


def _delete(path: Path, saved: SavedPattern, on_change: Callable[[str | None], None]) -> None:
    def delete() -> SavedPattern:
        patterns.delete(path, saved)
        return saved

    if _try(delete) is not None:
        on_change(None)


def _try(write: Callable[[], SavedPattern]) -> SavedPattern | None:
    """What was written; None if it could not be, which the page says when it is drawn next."""
    try:
        return write()
    except RdptError as error:
        st.session_state[_PROBLEM] = notes.in_words(error)
        return None
