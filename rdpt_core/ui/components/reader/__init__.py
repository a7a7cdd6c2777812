"""The response, sentence by sentence: a component of our own, in plain JavaScript.

A reader is made of parts that its name joins; `main.js` documents what each holds.

* `text` brings what was measured, once a trace (and again for another unit or space). It draws the component.
* `labels` brings the thresholds, the pinned sentence and its tokens: a few hundred bytes, whenever one of them changes.
  Every trigger comes back through it, so on a page it can stand in a fragment of its own.
* `math` brings the trace's formulas, only while the reader wants them rendered.

Labels are computed in the browser, by the same rule in double precision, so that hover, filters, search, scrolling and
dragging a threshold never wait for Python.

    draw_text(view, key)                                   anywhere on the page
    draw_labels(view, key, State(selected=3), on={...})    in the same run, best inside a fragment
    heard(trigger, key)                                    in a callback: what the reader said

Without Streamlit: `SCRIPT` is a module whose default export `mount({data, parentElement, setTriggerValue})` takes the
same payloads, part by part; `STYLE` goes into the same document or shadow root.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from rdpt_core.analysis.labels import UNCERTAIN_PART, default_thresholds, label_order
from rdpt_core.analysis.trace.thinking import parts_of
from rdpt_core.analysis.trace.tokens import Strip
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.ui.components import bundle
from rdpt_core.ui.style import words
from rdpt_core.ui.style.theme import MARKS, label_key
from rdpt_core.ui.style.words import defaults_name

MODULES = (
    *("dom", "hub", "rule", "model", "marks", "facts", "tooltip", "legend", "text", "pointer", "joint", "ribbon"),
    *("thresholds", "search", "math", "strip", "card", "keys", "tools", "view", "main"),
)

SCRIPT = bundle.script(*(f"reader/{name}.js" for name in MODULES))
STYLE = bundle.style("reader/reader.css", "reader/zero_width.css", "reader/panels.css", root=".reader")

_TEXT = st.components.v2.component("rdpt_reader", css=STYLE, js=SCRIPT)
_PART = st.components.v2.component("rdpt_reader_part", js=bundle.script("reader/hub.js", "reader/part.js"))

FEATURES = ("joint", "thresholds", "card", "search", "math", "step")
"""What a reader can offer beside text, ribbon, legend and hover."""

TRIGGERS = ("pick", "thresholds", "step", "math")


@dataclass(frozen=True, slots=True)
class State:
    """What changes while a trace stays.

    Attributes:
        selected: the pinned sentence, from 0.
        strip: its tokens.
        answers: the `at` of the click that led here, so that an answer that comes late changes nothing.
        features: which of `FEATURES` are offered.
        has_link: whether the page's address leads to a sentence with `&sentence=N`.
    """

    selected: int | None = None
    strip: Strip | None = None
    answers: int | None = None
    features: tuple[str, ...] = FEATURES
    has_link: bool = True


def text_payload(view: TraceView, key: str, name: str = "main") -> dict[str, Any]:
    """What stays while thresholds move. Equal traces give equal payloads, so that nothing is sent twice."""
    scored, texts, roles = view.is_scored, view.texts(), list(view.roles)
    nothing: list[None] = [None] * len(texts)
    reasons = view.column("unscored_reason") if scored else ["not_yet"] * len(texts)
    return {
        "reader": name,
        "part": "text",
        "key": key,
        "texts": texts,
        "roles": roles,
        "countRole": view.count_role,
        "unit": str(view.rule.unit),
        "space": str(view.rule.space),
        "values": {role: _doubles(view.column(f"v_{role}") if scored else nothing) for role in roles},
        "sums": {role: _doubles(view.column(f"logprob_sum_{role}") if scored else nothing) for role in roles},
        "tokens": {role: view.column(f"n_tokens_{role}") if scored else nothing for role in roles},
        "bytes": view.column("n_bytes") if scored else nothing,
        "unscored": {str(index): reason for index, reason in enumerate(reasons) if reason is not None},
        "reasonWords": words.UNSCORED,
        "parts": [
            {
                "kind": part.kind,
                "first": part.first,
                "title": f"{part.kind.capitalize()} · {words.count(part.n_sentences, 'sentence')}",
            }
            for part in parts_of(view)
        ],
        "order": [
            {"label": str(label), "key": label_key(label), "letter": MARKS[label_key(label)].letter}
            for label in label_order(view.roles)
        ],
    }


def labels_payload(view: TraceView, key: str, state: State | None = None, name: str = "main") -> dict[str, Any]:
    """What changes with the thresholds and with the pinned sentence."""
    rule, state = view.rule, state or State()
    alpha, beta = default_thresholds(rule.unit, rule.space)
    return {
        "reader": name,
        "part": "labels",
        "key": key,
        "unit": str(rule.unit),
        "space": str(rule.space),
        "alpha": rule.alpha,
        "beta": rule.beta,
        "uncertainPart": UNCERTAIN_PART,
        "defaults": {"alpha": alpha, "beta": beta, "name": defaults_name(rule.unit, rule.space)},
        "selected": state.selected,
        "strip": state.strip,
        "answers": state.answers,
        "features": list(state.features),
        "link": state.has_link,
    }


def _doubles(values: Sequence[float | None]) -> str:
    """Base64 of little-endian doubles, NaN where missing: the browser compares the very numbers that Python has."""
    return base64.b64encode(np.array(values, dtype="<f8").tobytes()).decode("ascii")


def draw_text(view: TraceView, key: str, name: str = "main") -> None:
    """Mount the component with its trace."""
    _TEXT(key=f"reader:{name}", data=text_payload(view, key, name))


def draw_labels(
    view: TraceView,
    key: str,
    state: State | None = None,
    *,
    on: Mapping[str, Callable[[], None]],
    name: str = "main",
) -> None:
    """Bring labels. `on` holds a callback for every trigger that the page wants to hear; `heard` then tells what."""
    callbacks: dict[str, Any] = {f"on_{trigger}_change": call for trigger, call in on.items()}
    _PART(key=f"reader:{name}:labels", data=labels_payload(view, key, state, name), **callbacks)


def draw_math(payload: dict[str, Any], name: str = "main") -> None:
    """Bring the formulas; see `formulas.formulas_payload`. To take them away, do not draw them."""
    _PART(key=f"reader:{name}:math", data=payload)


def heard(trigger: str, key: str, name: str = "main") -> dict[str, Any] | None:
    """What the reader said just now; None if it spoke of another trace, or did not speak."""
    said = (st.session_state.get(f"reader:{name}:labels") or {}).get(trigger)
    return said if isinstance(said, dict) and said.get("key") == key else None
