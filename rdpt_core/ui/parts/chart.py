"""Drawing a figure on a page: the same settings for all, so that every figure can be clicked and saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from rdpt_core.analysis.which_teacher import chosen_teacher, teacher_name
from rdpt_core.ui.frame import context
from rdpt_core.ui.style import words
from rdpt_core.ui.style.theme import MUTED

# The camera must be there for the export's buttons to press; it appears when the pointer is over the figure.
_CONFIG = {"displayModeBar": "hover", "modeBarButtons": [["toImage"]], "displaylogo": False}

# Back to the range that the figure was drawn with: beyond it nothing is drawn.
_ZOOM = {"modeBarButtons": [["zoom2d", "pan2d", "resetScale2d", "toImage"]], "doubleClick": "reset"}

# Below a figure, for the name of the teacher.
_ROOM_PX = 16


def chart(
    figure: go.Figure,
    key: str,
    alt: str,
    *,
    clickable: bool = True,
    zoom: bool = False,
    on_click: Callable[[], None] | None = None,
    teachers: str | None = None,
    has_teacher: bool = True,
) -> list[Any] | None:
    """Draw a figure; returns the customdata of the point that was clicked just now, None without one.

    Args:
        key: names the figure on its page, and for `export_panel.offer`.
        alt: what it shows and where the same numbers stand as text.
        clickable: whether a click on a point is reported.
        zoom: whether the figure has buttons to zoom and to pan.
        on_click: runs before the page is drawn again, when controls may still be set; it finds the point by `clicked`.
        teachers: which model is the teacher, if not that of the page alone.
        has_teacher: whether its numbers are about a teacher at all; if not, none is named below it.
    """
    config = _CONFIG | (_ZOOM if zoom else {})
    if has_teacher:
        _name_the_teacher(figure, teachers)
    if not clickable:
        st.plotly_chart(figure, key=key, config=config, alt=alt)
        return None
    st.plotly_chart(figure, key=key, on_select=on_click or "rerun", selection_mode="points", config=config, alt=alt)
    return clicked(key)


def _name_the_teacher(figure: go.Figure, teachers: str | None) -> None:
    """Where a run has several teachers, a figure says below which one is meant: it may be looked at elsewhere."""
    page = context.current()
    named = teachers if teachers is not None or page is None else teacher_name(page.run)
    if page is None or named is None or figure.layout.title.text is not None:
        return
    kind = "control " if teachers is None and chosen_teacher(page.run).is_control else ""
    figure.update_layout(
        title={
            "text": f"Teacher (T): {kind}{words.no_markup(named, 100)}",
            "font": {"size": 11, "color": MUTED[context.mode()], "weight": "normal"},
            "x": 1,
            "xref": "container",
            "xanchor": "right",
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "pad": {"r": 4, "b": 3},
            "automargin": False,
        },
        margin={"b": (figure.layout.margin.b or 0) + _ROOM_PX},
        height=None if figure.layout.height is None else figure.layout.height + _ROOM_PX,
    )


def clicked(key: str) -> list[Any] | None:
    """The customdata of the point of a figure that was clicked last; None without one."""
    state = st.session_state.get(key) or {}
    points = state.get("selection", {}).get("points", [])
    return _as_list(points[0].get("customdata")) if points else None


def _as_list(data: Any) -> list[Any] | None:
    """A row of a numpy array comes back from the browser as an object with the keys "0", "1" and so on."""
    if isinstance(data, dict):
        return [data[key] for key in sorted(data, key=int)]
    return data if isinstance(data, list) else None
