"""The strip between two traces: every pair of sentences, where labels differ, and jumps that move both readers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from rdpt_core.analysis.labels import Space
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.analysis.trace.alignment import Rule
from rdpt_core.analysis.trace.comparison import TraceComparison
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.ui.components import bundle
from rdpt_core.ui.style.theme import MARKS, label_key

_PAIRS = st.components.v2.component(
    "rdpt_pairs",
    css=bundle.style("reader/swatch.css", "pairs/pairs.css", root=".pairs"),
    js=bundle.script("reader/dom.js", "reader/hub.js", "pairs/pairs.js"),
)

RULES = {
    Rule.CHARACTERS: "One text: a sentence stands beside the one that holds its first character.",
    Rule.WORDS: "Sentences stand side by side where they share words, in the order of both.",
    Rule.MIXED: "Sentences stand side by side where they share words; in the longest stretches, by their position.",
}

_HINT = "Click a column, or step through the pairs with the arrows above. Bars: how far apart the two sides are."
_KEYS = [*MARKS, "none", "mark"]


def payload(
    comparison: TraceComparison, left: TraceView, right: TraceView, key: str, pair: int | None
) -> dict[str, Any]:
    """What the strip shows."""
    rows = comparison.alignment.rows
    rule = RULES[comparison.alignment.rule]
    scheme = comparison.scheme
    if scheme is None:
        rule += " The runs have the student alone in common, so no label of one differs from one of the other."
    elif left.roles != right.roles:
        rule += f" One run lacks a model of the other, so labels are compared as {_listed(scheme)}."
    return {
        "key": key,
        "left": [-1 if row.left is None else row.left for row in rows],
        "right": [-1 if row.right is None else row.right for row in rows],
        "likeness": [round(row.likeness, 3) for row in rows],
        "gaps": [None if gap is None else round(gap, 5) for gap in comparison.gaps],
        "differing": list(comparison.differing),
        "byGap": list(comparison.by_gap),
        "leftMarks": _marks(left),
        "rightMarks": _marks(right),
        "leftValues": _values(left),
        "rightValues": _values(right),
        "marks": [
            {"key": mark.key, "letter": mark.letter, "name": mark.key.replace("-", ", ").capitalize()}
            for mark in MARKS.values()
        ]
        + [{"key": "none", "letter": "–", "name": name} for name in ("Unscored", "Mark of format")],
        "rule": rule,
        "hint": _HINT,
        "pair": pair,
    }


def _listed(scheme: Scheme) -> str:
    *first, last = scheme.labels
    return f"{', '.join(first)} or {last}"


def _marks(view: TraceView) -> list[int]:
    if not view.is_scored:
        return [_KEYS.index("none")] * len(view.texts())
    rows = zip(view.column("label"), view.column("direction"), view.column("is_mark"), strict=True)
    without = {True: "mark", False: "none"}
    return [_KEYS.index(without[is_mark] if label is None else label_key(label, way)) for label, way, is_mark in rows]


def _values(view: TraceView) -> dict[str, list[float | None]]:
    """Per role, by its symbol: what the rule compares, probabilities or mean logprobs."""
    if not view.is_scored:
        return {}
    symbol = "p" if view.rule.space is Space.DIFFERENCE else "ln p"
    return {f"{symbol} {role}": [_short(value) for value in view.column(f"v_{role}")] for role in view.roles}


def _short(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.4g}")


def draw_pairs(data: dict[str, Any], answers: int | None, on_pick: Callable[[], None]) -> None:
    """Draw the strip. `answers` is the time of the choice that led here, as its message gave it."""
    _PAIRS(key="pairs", data={**data, "answers": answers}, on_pick_change=on_pick)


def pairs_message(key: str) -> dict[str, Any] | None:
    """The pair that was chosen just now: {row, at}; None if it belongs to other traces."""
    message = (st.session_state.get("pairs") or {}).get("pick")
    return (
        message
        if isinstance(message, dict) and message.get("key") == key and isinstance(message.get("row"), int)
        else None
    )
