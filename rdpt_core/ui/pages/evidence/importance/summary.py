"""What the page comes to, in words, with what that does not say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from rdpt_core.analysis.catalog import GRADES
from rdpt_core.analysis.evidence.importance.contrasts import Contrast
from rdpt_core.analysis.evidence.importance.data import Controlled
from rdpt_core.analysis.evidence.importance.drops import Coverage
from rdpt_core.analysis.evidence.importance.sample import Sample
from rdpt_core.analysis.evidence.importance.summaries import LARGE, Ends, Summary
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.frame.filters import describe
from rdpt_core.ui.style import words

TAKEN = {
    "deletion": "is deleted",
    "replacement": "is replaced by what the distilled model would have written in its place",
}
"""How a sentence is taken away, after “when it”."""

# What is held equal, the most first.
_HELD_EQUAL = ("same kind and position", "same kind")

_IN_TRACES = {GRADES[0]: "in correct traces", GRADES[1]: "in incorrect traces", GRADES[2]: "in traces without a grade"}

_DOES_NOT_SAY = (
    "The answer is the one that stands there, right or wrong, and the model that judges it is the distilled one. A "
    "small drop does not make a sentence useless: what it says may be said again elsewhere. A large one does not make "
    "it right. And none of this tells where a sentence comes from: how far to trust a label, **Controls** shows."
)


def draw(
    summaries: Sequence[Summary], contrasts: Sequence[Contrast], controls: Mapping[str, Controlled], scheme: Scheme
) -> None:
    """The sentences, in a frame.

    Args:
        summaries: by correctness.
        controls: the same with each control in the teacher's place.
    """
    with st.container(border=True, key="importance_summary"):
        st.markdown(f"##### {headline(summaries, scheme)}")
        further = f"{at_equal_kind(contrasts, scheme)} {under_controls(contrasts, controls, scheme)}".strip()
        if further:
            st.markdown(further)
        st.caption(_DOES_NOT_SAY)


def headline(summaries: Sequence[Summary], scheme: Scheme) -> str:
    """The medians of the labels above and below β, for each grade: traces of several grades are never pooled.

    `In correct traces the answer loses a median of 0.01 nats (95% interval 0.00 to 0.02) without a Teacher sentence …`
    """
    parts: list[str] = []
    for group in dict.fromkeys(item.group for item in summaries):
        by_label = {item.label: item for item in summaries if item.group == group}
        said = [
            f"{in_words(by_label[label].numbers['median'], named=not parts and place == 0)} without a {label} sentence"
            for place, label in enumerate((str(scheme.above), str(scheme.below)))
            if label in by_label
        ]
        if said:
            parts.append(f"{_IN_TRACES[group]} {words.listed(said)}")
    if not parts:
        return f"No sentence here is labelled {scheme.above} or {scheme.below}."
    first, *others = parts
    where, number = first.split(" traces ", 1)
    text = f"{words.capitalised(where)} traces the answer loses a median of {number}"
    return "; ".join([text, *others]) + "."


def at_equal_kind(contrasts: Sequence[Contrast], scheme: Scheme) -> str:
    """How often sentences of the two labels cost much, as they are and with as much held equal as can be compared."""
    raw = _compared(contrasts, scheme, ["as they are"])
    if raw is None:
        return ""
    text = (
        f"Losses above {LARGE:g} nat are {points(raw.numbers['share'])} with a {raw.label} sentence than with a "
        f"{raw.other} sentence"
    )
    equal = _compared(contrasts, scheme, list(_HELD_EQUAL))
    if equal is None:
        return f"{text}; sentences of the same kind are too few to compare."
    return f"{text}; among sentences of the {equal.adjustment}, {points(equal.numbers['share'])}."


def under_controls(contrasts: Sequence[Contrast], controls: Mapping[str, Controlled], scheme: Scheme) -> str:
    """The last difference with the control in the teacher's place that shows most of it; empty without one."""
    own = _compared(contrasts, scheme, list(_HELD_EQUAL))
    if own is None or math.isnan(own.numbers["share"].low):
        return ""
    found = {name: _compared(answer.contrasts, scheme, [own.adjustment]) for name, answer in controls.items()}
    known = {name: item.numbers["share"] for name, item in found.items() if item is not None}
    known = {name: ends for name, ends in known.items() if not math.isnan(ends.low)}
    if not known:
        return ""
    sign = -1 if own.numbers["share"].value < 0 else 1
    name, most = max(known.items(), key=lambda pair: sign * pair[1].value)
    said = f"With **{words.no_markdown(name, 40)}** in the teacher's place they are {points(most)}"
    if min(sign * most.low, sign * most.high) > 0:
        return f"{said}: so this is not about the teacher alone."
    return f"{said}."


def _compared(contrasts: Sequence[Contrast], scheme: Scheme, adjustments: Sequence[str]) -> Contrast | None:
    """The labels above and below β, by the first of these adjustments by which they can be compared."""
    for adjustment in adjustments:
        for item in contrasts:
            known = not math.isnan(item.numbers["share"].value)
            if item.other == scheme.below and item.adjustment == adjustment and known:
                return item
    return None


def in_words(ends: Ends, *, named: bool = False) -> str:
    """`0.01 nats (0.00 to 0.02)`.

    Args:
        named: whether to say what the brackets hold, and of what the number is.
    """
    unit = " nats" if named else ""
    if math.isnan(ends.low):
        return f"{nats(ends.value)}{unit}"
    name = f"{SHARE_INTERVAL.name} " if named else ""
    return f"{nats(ends.value)}{unit} ({name}{nats(ends.low)} to {nats(ends.high)})"


def nats(value: float) -> str:
    """Two decimals, one from 10 on and three below 0.1, with a true minus; a dash where missing."""
    if math.isnan(value):
        return "–"
    size = abs(value)
    text = f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 else f"{value:.3f}"
    return text.replace("-0.000", "0").replace("-", "−").replace("0.000", "0")


def points(ends: Ends) -> str:
    """`18 points (14 to 23) less frequent`; the interval runs the same way as the number."""
    sign = -1 if ends.value < 0 else 1
    value, low, high = 100 * abs(ends.value), 100 * sign * ends.low, 100 * sign * ends.high
    low, high = min(low, high), max(low, high)
    interval = "" if math.isnan(low) else f" ({low:.0f} to {high:.0f})".replace("-", "−")
    return f"{value:.0f} points{interval} {'less' if sign < 0 else 'more'} frequent"


def coverage_caption(covered: Coverage, sample: Sample, scope: Scope) -> str:
    """What is counted, and what is not."""
    n = f"{words.count(len(sample.drop), 'labelled sentence')} before the answers of "
    n += f"{words.count(sample.n_traces, 'trace')} ({describe(scope)})."
    if covered.n_traces < covered.n_all:
        n += (
            f" Importance by {covered.method} is computed for {covered.n_traces:,} of the run's "
            f"{words.count(covered.n_all, 'trace')}; the others count nowhere on this page."
        )
    if covered.n_without:
        n += f" {words.count(covered.n_without, 'trace has', 'traces have')} none, for a reason that is stored."
    return n
