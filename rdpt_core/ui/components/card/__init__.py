"""A card of terms and texts. Texts may hold anything: they are shown, never interpreted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import streamlit as st

from rdpt_core.ui.components import bundle

_CARD = st.components.v2.component(
    "rdpt_card",
    css=bundle.style("card/card.css", "reader/zero_width.css", root=".card"),
    js=bundle.script("reader/dom.js", "card/card.js"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One text with the term before it.

    `long` takes a line of its own; `good`, `bad` and `unknown` are verdicts; `about` and `note` step back.
    """

    term: str
    text: str
    kind: Literal["short", "long", "good", "bad", "unknown", "about", "note"] = "short"


def card(name: str, *rows: list[Item], key: str) -> None:
    """Draw a card; every row is a list of items that flow."""
    _CARD(key=key, data={"name": name, "rows": [[asdict(item) for item in row] for row in rows if row]})
