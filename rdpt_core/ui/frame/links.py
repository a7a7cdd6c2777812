"""Ids in the address: which run, trace and sentence a link opens, and what they looked like when it was made.

`db` names the database, where a folder of them is shown; `teacher` the model that is seen as the teacher, where that is
not the run's own.
`file` names the runs of the file and `text` the response (see `analysis.fingerprint`). A link whose run is still there
and whose text is still the same opens, whatever was added to the file; else it says what has changed.

Thresholds and filters are bound to their widgets by Streamlit itself. Ids are kept here, because a bound widget drops
an unknown value in silence and shows its first option instead: a link to a vanished trace would open another one.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.analysis.trace.view import TraceView

_PREFIX = "link:"
_TEACHERS = "teacher_of_runs"


def _published(key: str) -> str:
    return f"{_PREFIX}{key}"


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


def forget() -> None:
    """Take every id out of the address that this session wrote there; what a link asked for in vain stays."""
    written = [str(key).removeprefix(_PREFIX) for key in st.session_state if str(key).startswith(_PREFIX)]
    for key in written:
        publish(key, None)


def within_database(ids: Mapping[str, str]) -> dict[str, str]:
    """The ids of a link to another page, with the name of the database if a folder of them is shown, and with the
    chosen teacher if the run that is meant has it.

    A link that opens a tab of its own starts a new session, which knows only what the address says.
    """
    name = st.session_state.get(_published("db"))
    run_id = ids.get("run", st.session_state.get(_published("run")))
    teacher = st.session_state.get(_TEACHERS, {}).get(run_id)
    found = dict(ids) if name is None else {"db": name, **ids}
    return found if teacher is None else {**found, "teacher": teacher}


def publish_teachers(addresses: Mapping[str, str]) -> None:
    """Keep what names the chosen teacher in each run that has it: run id → name."""
    st.session_state[_TEACHERS] = dict(addresses)


def text_changed(view: TraceView) -> bool:
    """Whether the link was made for another text of this trace, so that its sentence is another one, too."""
    return requested("text") not in (None, text_hash(view.trace.response))


def publish_text(view: TraceView) -> None:
    """Take the text that is shown for the one that is meant from now on."""
    publish("text", text_hash(view.trace.response))


def forget_text() -> None:
    """Another trace was chosen: the text of the link concerns it no longer."""
    publish("text", None)
