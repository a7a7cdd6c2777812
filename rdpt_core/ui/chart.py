"""Drawing a figure on a page: the same settings for all, so that every figure can be clicked and saved."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

# The camera must be there for the export's buttons to press; it appears when the pointer is over the figure.
_CONFIG = {"displayModeBar": "hover", "modeBarButtons": [["toImage"]], "displaylogo": False}


def chart(figure: go.Figure, key: str, alt: str, *, clickable: bool = True) -> Any | None:
    """Draw a figure; returns the customdata of the point that was clicked just now, None without one.

    Args:
        key: names the figure on its page, and for `export_panel.offer`.
        alt: what it shows and where the same numbers stand as text.
        clickable: whether a click on a point is reported.
    """
    if not clickable:
        st.plotly_chart(figure, key=key, config=_CONFIG, alt=alt)
        return None
    event = st.plotly_chart(figure, key=key, on_select="rerun", selection_mode="points", config=_CONFIG, alt=alt)
    points = event.selection.points
    return points[0].get("customdata") if points else None
