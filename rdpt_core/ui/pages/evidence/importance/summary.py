"""What the page comes to, in words, with what that does not say."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from rdpt_core.analysis.catalog import GRADES
from rdpt_core.analysis.evidence.importance.contrasts import Contrast
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

_IN_TRACES = {GRADES[0]: "in correct traces", GRADES[1]: "in incorrect traces", GRADES[2]: "in traces without a grade"}

_DOES_NOT_SAY = (
    "The answer is the one that stands there, right or wrong, and the model that judges it is the distilled one. A "
    "small drop does not make a sentence useless: what it says may be said again elsewhere. A large one does not make "
    "it right. And none of this tells where a sentence comes from: how far to trust a label, **Controls** shows."
)


def draw(summaries: Sequence[Summary], contrasts: Sequence[Contrast], scheme: Scheme) -> None:
    """The sentences, in a frame.

    Args:
        summaries: by correctness.
    """
    with st.container(border=True, key="importance_summary"):
        st.markdown(f"##### {headline(summaries, scheme)}")
        further = at_equal_kind(contrasts, scheme)
        if further:
            st.markdown(further)
        st.caption(_DOES_NOT_SAY)


def headline(summaries: Sequence[Summary], scheme: Scheme) -> str:
    """The medians of the labels above and below β, for each grade: traces of several grades are never pooled.

    `In correct traces the answer loses a median of 0.01 nats (95% interval 0.00 to 0.02) without a Teacher sentence …`
    """
    parts = []
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
    """How often sentences of the two labels cost much, as they are and at equal kind and position."""
    by_adjustment = {item.adjustment: item for item in contrasts if item.other == scheme.below}
    raw, equal = by_adjustment.get("as they are"), by_adjustment.get("same kind and position")
    if raw is None or equal is None or math.isnan(equal.numbers["share"].value):
        return ""
    return (
        f"Losses above {LARGE:g} nat are {_points(raw.numbers['share'])} with a {raw.label} sentence than with a "
        f"{raw.other} sentence; among sentences of the same kind and position, {_points(equal.numbers['share'])}."
    )


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
    """Two decimals, one from 10 on, with a true minus; a dash where missing."""
    if math.isnan(value):
        return "–"
    text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return text.replace("-0.00", "0.00").replace("-", "−")


def _points(ends: Ends) -> str:
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
