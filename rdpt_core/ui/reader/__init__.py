"""The response, sentence by sentence: a component of our own, in plain JavaScript.

It is mounted twice. `text` brings the response and its counts, once a trace; `labels` brings one character and one
margin a sentence, whenever a threshold moves. Hover, isolating and moving between sentences never wait for Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from rdpt_core.analysis.labels import LabelRule, Unit, label_order
from rdpt_core.analysis.trace_view import TraceView, uncertain_below, writing_role
from rdpt_core.records import Direction, Label
from rdpt_core.ui import bundle, words
from rdpt_core.ui.theme import MARKS, label_key

_SCRIPT = bundle.script(
    *(f"reader/{name}.js" for name in ("dom", "marks", "tooltip", "legend", "text", "main")),
)
_TEXT = st.components.v2.component("rdpt_reader", css=bundle.style("reader/reader.css", root=".reader"), js=_SCRIPT)
_LABELS = st.components.v2.component("rdpt_reader_labels", js=_SCRIPT)

_CODES: dict[tuple[str | None, str | None], str] = {
    (None, None): "-",
    (Label.TEACHER, None): "T",
    (Label.SHARED, None): "H",
    (Label.STUDENT, None): "S",
    (Label.COMMON, None): "C",
    (Label.BOOSTED, Direction.UP): "U",
    (Label.BOOSTED, Direction.BETWEEN): "W",
    (Label.BOOSTED, Direction.DOWN): "D",
}


def text_payload(view: TraceView, key: str) -> dict[str, Any]:
    """What stays while thresholds move. Equal traces give equal payloads, so that nothing is sent twice."""
    scored = view.is_scored
    texts = view.texts()
    roles = list(view.roles)
    nothing: list[None] = [None] * len(texts)
    return {
        "reader": "main",
        "part": "text",
        "key": key,
        "texts": texts,
        "roles": roles,
        "countRole": view.count_role,
        "tokens": {role: view.column(f"n_tokens_{role}") if scored else nothing for role in roles},
        "sums": {
            role: [_short(v) for v in view.column(f"logprob_sum_{role}")] if scored else nothing for role in roles
        },
        "bytes": view.column("n_bytes") if scored else nothing,
        "reasons": view.column("unscored_reason") if scored else ["not_yet"] * len(texts),
        "reasonWords": words.UNSCORED,
    }


def labels_payload(view: TraceView, key: str, selected: int | None) -> dict[str, Any]:
    """What changes with the thresholds and with the chosen sentence."""
    rule = view.rule
    if view.is_scored:
        codes = "".join(_CODES[pair] for pair in zip(view.column("label"), view.column("direction"), strict=True))
        margins = [_short(value) for value in view.column("margin")]
    else:
        codes, margins = "-" * len(view.texts()), [None] * len(view.texts())
    return {
        "reader": "main",
        "part": "labels",
        "key": key,
        "alpha": rule.alpha,
        "beta": rule.beta,
        "space": str(rule.space),
        "counts": _common_count(rule, view.roles),
        "uncertainBelow": uncertain_below(rule),
        "codes": codes,
        "margins": margins,
        "order": [
            {"label": str(label), "key": label_key(label), "letter": MARKS[label_key(label)].letter}
            for label in label_order(view.roles)
        ],
        "selected": selected,
    }


def _common_count(rule: LabelRule, roles: tuple[str, ...]) -> str | None:
    """What every role's logprob sum is divided by; None if each role has its own tokens."""
    if rule.unit is Unit.OWN_TOKEN:
        return None
    return "n_bytes" if rule.unit is Unit.BYTE else writing_role(roles)


def _short(value: float | None) -> float | None:
    """Seven significant digits: more than any display needs, and half the payload."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.7g}")


def reader(view: TraceView, key: str, selected: int | None, on_pick: Callable[[], None]) -> None:
    """Draw the reader. `on_pick` runs when a sentence is chosen; `picked` then says which."""
    with st.container(gap=None):
        _TEXT(key="reader", data=text_payload(view, key), on_pick_change=on_pick)
        _LABELS(key="reader_labels", data=labels_payload(view, key, selected))


def picked(key: str) -> int | None:
    """The sentence chosen in the reader just now; None if the choice belongs to another trace."""
    state = st.session_state.get("reader") or {}
    pick = state.get("pick")
    if not isinstance(pick, dict) or pick.get("key") != key or not isinstance(pick.get("index"), int):
        return None
    return int(pick["index"])
