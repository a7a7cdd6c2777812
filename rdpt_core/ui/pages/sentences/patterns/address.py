"""Which pattern the address means: a saved one by its name, or any other by what it is.

?pattern=NAME                              a saved pattern
?how=kind&family=lens&value=hesitation     a kind; `how` is text, expression, kind or tag
?how=text&value=wait&case=true             a phrase, its case to be matched
&with=NAME                                 the saved pattern beside it
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from rdpt_core.analysis.behaviours.patterns.pattern import HOWS, Pattern, SavedPattern
from rdpt_core.errors import UsageError
from rdpt_core.ui.pages.sentences.saving import known_as
from rdpt_core.ui.style import words

NAME, HOW, VALUE, FAMILY, CASE, WITH = "pattern", "how", "value", "family", "case", "with"
_KEYS = (NAME, HOW, VALUE, FAMILY, CASE, WITH)
_TRUE = ("true", "1")


def asks() -> bool:
    """Whether the address asks for one pattern."""
    return NAME in st.query_params or HOW in st.query_params or VALUE in st.query_params


def asked(saved: tuple[SavedPattern, ...]) -> Pattern:
    """The pattern of the address.

    Args:
        saved: those of the sidecar.

    Raises:
        UsageError: there is none of that name, or it is no pattern.
    """
    name = st.query_params.get(NAME)
    if name is not None:
        return named(name, saved).pattern
    value, how = st.query_params.get(VALUE, ""), st.query_params.get(HOW, HOWS[0])
    for one in HOWS:
        if one == how and value:
            is_cased = st.query_params.get(CASE) in _TRUE
            found = Pattern("", one, value, st.query_params.get(FAMILY, ""), is_cased)
            known = known_as(found, saved)
            return found if known is None else known.pattern
    raise UsageError(
        "the link names no pattern",
        expected=f"how to be {words.listed(HOWS)}, and a value",
        got=f"how = {how}, value = {value}",
    )


def named(name: str, saved: tuple[SavedPattern, ...]) -> SavedPattern:
    """A saved pattern.

    Raises:
        UsageError: there is none of that name.
    """
    for one in saved:
        if one.pattern.name == name:
            return one
    raise UsageError(
        "no pattern of this name is saved beside this database",
        got=name,
        hint="It may have been renamed or deleted, or the file of notes did not come along with the database.",
    )


def of(pattern: Pattern) -> dict[str, str]:
    """The parameters that lead to a pattern."""
    if pattern.name:
        return {NAME: pattern.name}
    found = {HOW: pattern.how, VALUE: pattern.value}
    if pattern.family:
        found[FAMILY] = pattern.family
    return found | ({CASE: "true"} if pattern.match_case else {})


def go(parameters: Mapping[str, str]) -> None:
    """Show another pattern, or with no parameters the list; in a callback."""
    for key in (*_KEYS, "page"):
        st.query_params.pop(key, None)
    st.query_params.update(dict(parameters))
