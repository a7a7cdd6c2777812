"""Buttons that save a figure as PNG or SVG. The browser makes the image: nothing is installed or fetched."""

from __future__ import annotations

import streamlit as st

from rdpt_core.ui.components import bundle
from rdpt_core.ui.style.theme import PAGE, Mode

FORMATS = ("png", "svg")

_PICTURE = st.components.v2.component(
    "rdpt_picture",
    css=bundle.style("picture/picture.css", root=".picture"),
    js=bundle.script("reader/dom.js", "picture/picture.js"),
)


def picture_buttons(chart: str, name: str, file: str, mode: Mode) -> None:
    """Draw the buttons for the figure that `chart` draws elsewhere on the page.

    Args:
        chart: the figure's key.
        name: what it shows, for screen readers.
        file: the name of the saved file, without its ending.
    """
    data = {"chart": chart, "name": name, "file": file, "formats": list(FORMATS), "background": PAGE[mode]}
    _PICTURE(key=f"picture_{chart}", data=data)
