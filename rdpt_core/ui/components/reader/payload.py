"""The reader's script, its style sheet, and what both take. Free of Streamlit.

`SCRIPT` is a module whose default export `mount({data, parentElement, setTriggerValue})` takes the payloads, part by
part; `STYLE` goes into the same document or shadow root.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rdpt_core.analysis.evidence.context import ShortGaps
from rdpt_core.analysis.labels import UNCERTAIN_PART, default_thresholds, label_order
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.analysis.trace.others import OtherView
from rdpt_core.analysis.trace.thinking import parts_of
from rdpt_core.analysis.trace.tokens import Strip
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.arrays import Doubles
from rdpt_core.records import NOT_YET, Role
from rdpt_core.ui.components import bundle
from rdpt_core.ui.components.reader.answers import SentenceAnswers, answers_css, answers_payload, colours_css
from rdpt_core.ui.components.reader.evidence import SentenceEvidence, evidence_payload
from rdpt_core.ui.components.reader.training import SentenceTraining, training_payload
from rdpt_core.ui.style import evidence, theme, training, words
from rdpt_core.ui.style.theme import MARKS, Mode, label_key
from rdpt_core.ui.style.words import defaults_name

MODULES = (
    *(
        "dom",
        "hub",
        "rule",
        "model",
        "marks",
        "tint",
        "whose",
        "importance",
        "short",
        "training",
        "facts",
        "tooltip",
        "legend",
    ),
    "text",
    *("pointer", "joint", "ribbon", "thresholds", "search", "math", "strip", "others", "card", "keys"),
    *("tools", "view", "main"),
)


def _colours_css(mode: Mode) -> str:
    """The colours of everything that can colour a sentence, for one mode."""
    return "\n".join([colours_css(mode), evidence.colours_css(mode), training.colours_css(mode)])


SCRIPT = bundle.script(*(f"reader/{name}.js" for name in MODULES))
STYLE = "\n".join(
    [
        bundle.style(
            "reader/reader.css", "reader/swatch.css", "reader/zero_width.css", "reader/panels.css", root=".reader"
        ),
        *(f'.reader[data-mode="{mode}"] {{\n{_colours_css(mode)}\n}}' for mode in theme.MODES),
        answers_css(),
        evidence.evidence_css(),
        training.training_css(),
    ]
)

FEATURES = ("joint", "thresholds", "card", "search", "math", "step")
"""What a reader can offer beside text, ribbon, legend and hover."""


@dataclass(frozen=True, slots=True)
class ReaderState:
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


@dataclass(frozen=True, slots=True)
class Extras:
    """What only runs with several teachers, with further models, with importance, or with training texts have to show.

    Attributes:
        teacher: what the teacher is called; None where there is one only.
        others: what further models make of the trace.
        answers: whose its sentences are by attribution; None where nothing is attributed.
        evidence: how surely they are likelier under the teacher than under references; None without references.
        importance: method → (n_sentences,) nats of ln p(answer) that go with each sentence, NaN where missing.
        short: the gaps of its sentences with little before them in view; None where no pass has them.
        training: how far its sentences stand in the training texts; empty where they were not looked up.
    """

    teacher: str | None = None
    others: tuple[OtherView, ...] = ()
    answers: SentenceAnswers | None = None
    evidence: SentenceEvidence | None = None
    importance: Mapping[str, Doubles] = field(default_factory=dict)
    short: ShortGaps | None = None
    training: SentenceTraining = ()


NO_EXTRAS = Extras()


def text_payload(view: TraceView, key: str, name: str = "main", extras: Extras = NO_EXTRAS) -> dict[str, Any]:
    """What stays while thresholds move. Equal traces give equal payloads, so that nothing is sent twice."""
    scored, texts, roles = view.is_scored, view.texts(), list(view.roles)
    nothing: list[None] = [None] * len(texts)
    reasons = view.column("unscored_reason") if scored else [NOT_YET] * len(texts)
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
        "marks": [index for index, is_mark in enumerate(view.column("is_mark")) if is_mark] if scored else [],
        "marksCount": view.rule.marks,
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
        **_extra_payload(extras, view),
    }


def _extra_payload(extras: Extras, view: TraceView) -> dict[str, Any]:
    """Nothing for a run of one triple."""
    found: dict[str, Any] = {}
    if extras.teacher is not None:
        found["names"] = {str(Role.TEACHER): f"teacher {words.plain(extras.teacher, 40)}"}
    if extras.others:
        found["others"] = [
            {
                "key": str(other.model.key),
                "group": other.model.group,
                "name": words.plain(other.model.name, 40),
                "model": words.plain(other.model.model, 120),
                "values": _doubles(other.sentences.column("value").to_pylist()),
                "sums": _doubles(other.sentences.column("logprob_sum").to_pylist()),
                "tokens": other.sentences.column("n_tokens").to_pylist(),
            }
            for other in extras.others
        ]
    if extras.answers is not None:
        found["answers"] = answers_payload(extras.answers)
    if extras.evidence is not None:
        found["evidence"] = evidence_payload(extras.evidence)
    if extras.importance:
        found["importance"] = {method: _doubles(drops.tolist()) for method, drops in extras.importance.items()}
    if extras.short is not None:
        short = extras.short
        found["short"] = {"n": short.n_sentences, "gaps": _doubles(short.gap), "same": list(short.sees_all)}
    if extras.training:
        found["training"] = training_payload(extras.training, view)
    return found


def labels_payload(view: TraceView, key: str, state: ReaderState | None = None, name: str = "main") -> dict[str, Any]:
    """What changes with the thresholds and with the pinned sentence."""
    rule, state = view.rule, state or ReaderState()
    alpha, beta = default_thresholds(rule.unit, rule.space)
    name_of_defaults = defaults_name(rule.unit, rule.space, scheme_of(view.roles))
    return {
        "reader": name,
        "part": "labels",
        "key": key,
        "unit": str(rule.unit),
        "space": str(rule.space),
        "alpha": rule.alpha,
        "beta": rule.beta,
        "uncertainPart": UNCERTAIN_PART,
        "defaults": {"alpha": alpha, "beta": beta, "name": name_of_defaults},
        "selected": state.selected,
        "strip": state.strip,
        "answers": state.answers,
        "features": list(state.features),
        "link": state.has_link,
    }


def _doubles(values: Sequence[float | None]) -> str:
    """Base64 of little-endian doubles, NaN where missing: the browser compares the very numbers that Python has."""
    return base64.b64encode(np.array(values, dtype="<f8").tobytes()).decode("ascii")
