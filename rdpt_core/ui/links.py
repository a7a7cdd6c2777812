"""Ids in the address: which run, trace and sentence a link opens.

Thresholds and filters are bound to their widgets by Streamlit itself. Ids are kept here, because a bound widget drops
an unknown value in silence and shows its first option instead: a link to a vanished trace would open another one.
"""

from __future__ import annotations

import streamlit as st


def _published(key: str) -> str:
    return f"link:{key}"


def requested(key: str) -> str | None:
    """What the address asks for, unless it is what this session wrote there itself.

    A value that nobody adopts with `publish` stays requested, so that its explanation stays on the page.
    """
    value = st.query_params.get(key)
    return None if value is None or value == st.session_state.get(_published(key)) else value


def publish(key: str, value: str | None) -> None:
    """Write a value into the address, or remove it, and take it as known."""
    st.session_state[_published(key)] = value
    if value is None:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != value:
        st.query_params[key] = value
