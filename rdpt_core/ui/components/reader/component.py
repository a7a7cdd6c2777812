"""The reader as a component of Streamlit.

draw_text(view, key, extras=Extras(...))                     anywhere on the page
draw_labels(view, key, ReaderState(selected=3), on={...})    in the same run, best inside a fragment
reader_message(trigger, key)                                 in a callback: what the reader said
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.ui.components import bundle
from rdpt_core.ui.components.reader.payload import (
    NO_EXTRAS,
    SCRIPT,
    STYLE,
    Extras,
    ReaderState,
    labels_payload,
    text_payload,
)

_TEXT = st.components.v2.component("rdpt_reader", css=STYLE, js=SCRIPT)
_PART = st.components.v2.component("rdpt_reader_part", js=bundle.script("reader/hub.js", "reader/part.js"))

TRIGGERS = ("pick", "thresholds", "step", "math")


def draw_text(view: TraceView, key: str, name: str = "main", extras: Extras = NO_EXTRAS) -> None:
    """Mount the component with its trace."""
    _TEXT(key=f"reader:{name}", data=text_payload(view, key, name, extras))


def draw_labels(
    view: TraceView,
    key: str,
    state: ReaderState | None = None,
    *,
    on: Mapping[str, Callable[[], None]],
    name: str = "main",
) -> None:
    """Bring labels. `on` holds a callback for every trigger that matters to the page; see `reader_message`."""
    callbacks: dict[str, Any] = {f"on_{trigger}_change": call for trigger, call in on.items()}
    _PART(key=f"reader:{name}:labels", data=labels_payload(view, key, state, name), **callbacks)


def draw_math(payload: dict[str, Any], name: str = "main") -> None:
    """Bring the formulas; see `formulas.formulas_payload`. To take them away, do not draw them."""
    _PART(key=f"reader:{name}:math", data=payload)


def reader_message(trigger: str, key: str, name: str = "main") -> dict[str, Any] | None:
    """What the reader said just now; None if it spoke of another trace, or did not speak."""
    message = (st.session_state.get(f"reader:{name}:labels") or {}).get(trigger)
    return message if isinstance(message, dict) and message.get("key") == key else None
