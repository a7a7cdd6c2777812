"""Which pattern the address means: a saved one by its name, or any other by what it is.

?pattern=NAME                              a saved pattern
?how=kind&family=lens&value=hesitation     a kind; `how` is text, expression, kind or tag
?how=text&value=wait&case=true             a phrase, its case to be matched
&with=NAME                                 the saved pattern beside it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from rdpt_core.analysis.behaviours.patterns.pattern import HOWS, Pattern
from rdpt_core.errors import UsageError

NAME, HOW, VALUE, FAMILY, CASE, WITH = "pattern", "how", "value", "family", "case", "with"
_KEYS = (NAME, HOW, VALUE, FAMILY, CASE, WITH)
_TRUE = ("true", "1")


def asks() -> bool:
    """Whether the address asks for one pattern."""
    return NAME in st.query_params or HOW in st.query_params or VALUE in st.query_params


def asked(saved: Sequence[Pattern]) -> Pattern:
    """The pattern of the address.

    Args:
        saved: those of the sidecar.

    Raises:
        UsageError: there is none of that name, or it is no pattern.
    """
    name = st.query_params.get(NAME)
    if name is not None:
        return named(name, saved)
    how, value = st.query_params.get(HOW, HOWS[0]), st.query_params.get(VALUE, "")
    found = Pattern("", how, value, st.query_params.get(FAMILY, ""), st.query_params.get(CASE) in _TRUE)
    # One that was saved meanwhile goes by its name.
    return next((one for one in saved if one.is_like(found)), found)


def named(name: str, saved: Sequence[Pattern]) -> Pattern:
    """A saved pattern.

    Raises:
        UsageError: there is none of that name.
    """
    for pattern in saved:
        if pattern.name == name:
            return pattern
    raise UsageError(
        "no pattern of this name is saved beside this database",
        got=name,
        hint="It may have been renamed or deleted, or the notes were left behind when the database was copied.",
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
