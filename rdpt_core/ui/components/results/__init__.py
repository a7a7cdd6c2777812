"""A list of passages with links to where they stand: a component of our own, which shows texts and parses none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from rdpt_core.analysis.run.search import Passage
from rdpt_core.ui.components import bundle
from rdpt_core.ui.style.theme import MARKS, label_key

_RESULTS = st.components.v2.component(
    "rdpt_results",
    css=bundle.style("reader/swatch.css", "results/results.css", root=".results"),
    js=bundle.script("reader/dom.js", "results/results.js"),
)


def mark_of(label: str | None, direction: str | None, n_sentences: int | None = None) -> dict[str, str]:
    """Key, letter and name of a label, or of what stands in its place."""
    if label is None:
        return {"key": "none", "letter": "–", "name": "Unscored"}
    mark = MARKS[label_key(label, direction)]
    return {"key": mark.key, "letter": mark.letter, "name": f"{label}, {direction}" if direction else label}


def passage_item(passage: Passage, *, with_run: bool) -> dict[str, Any]:
    """A sentence found, as the component shows it."""
    trace = passage.trace
    index = passage.sentence_index
    address = {"run": passage.run.run_id, "trace": trace["trace_id"]}
    about = [trace["benchmark"], trace["grade"]]
    if with_run:
        about.append(f"run {passage.run.name} · {passage.run.run_id[:8]}")
    if passage.n_hits > 1:
        about.append(f"{passage.n_hits} hits")
    pieces = [[piece.text, piece.is_inside, piece.is_hit] for piece in passage.pieces]
    if passage.char_start:
        pieces.insert(0, ["… ", False, False])
    if passage.char_end < passage.n_characters:
        pieces.append([" …", False, False])
    return {
        "mark": mark_of(passage.label, passage.direction),
        "place": "not scored yet" if index is None else f"sentence {index + 1} of {trace['n_sentences']:,}",
        "trace": trace["trace_id"],
        "address": address if index is None else {**address, "sentence": str(index + 1)},
        "about": about,
        "note": None,
        "pieces": pieces,
    }


def results(name: str, items: Sequence[dict[str, Any]], first: int, key: str, on_open: Callable[[], None]) -> None:
    """Draw the list; `on_open` runs when a result is chosen; `chosen_address` then says where it leads.

    Args:
        name: what the list is called, for those who cannot see it.
        first: the number of the first item, from 1.
    """
    _RESULTS(key=key, data={"name": name, "items": list(items), "first": first}, on_open_change=on_open)


def chosen_address(key: str) -> dict[str, str] | None:
    """The address parameters of the result that was chosen just now."""
    state = st.session_state.get(key) or {}
    address = state.get("open")
    if not isinstance(address, dict):
        return None
    return {name: str(address[name]) for name in ("run", "trace", "sentence") if name in address}
