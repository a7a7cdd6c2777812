"""What the page comes to, in words, with what that does not say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from rdpt_core.analysis.evidence.transfer.levels import Assignment
from rdpt_core.analysis.evidence.transfer.reach import LevelSteps, Reach, ReachTable, Step
from rdpt_core.analysis.evidence.transfer.trend import Trend
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.pages.evidence.transfer.choice import TOLD
from rdpt_core.ui.style import words

_DOES_NOT_SAY = (
    "Levels differ in more than training: in their questions, in how long traces are, and in what is likely under any "
    "model. Nothing here takes these apart. Another template policy gives other probabilities."
)


def draw(table: ReachTable, scheme: Scheme) -> None:
    """The sentences, in a frame."""
    with st.container(border=True, key="transfer_summary"):
        st.markdown(f"##### {headline(table, scheme)}")
        further = " ".join(filter(None, (order(table.steps), without_teacher(table, scheme))))
        if further:
            st.markdown(further)
        st.caption(f"{TOLD[table.assignment.origin]}{_without_level(table.assignment)} {_DOES_NOT_SAY}")


def reach_name(scheme: Scheme) -> str:
    """What reach counts: `Teacher, or Boosted, up`."""
    return f"{scheme.above} or {scheme.rest}, up" if scheme.is_triple else str(scheme.above)


def headline(table: ReachTable, scheme: Scheme) -> str:
    """`In seen groups 79% of the sentences are Teacher or Boosted, up (95% interval 77% to 81%), in half seen …`"""
    if not table.levels:
        return "No group with a level has a scored sentence."
    first, *others = table.levels
    parts = [
        f"In {first.name} groups {words.percent(_value(first.reach))} of the sentences are {reach_name(scheme)} "
        f"({_ends(first.reach, named=True)})",
        *(f"in {row.name} groups {words.percent(_value(row.reach))} ({_ends(row.reach)})" for row in others),
    ]
    return f"{words.listed(parts)}."


def order(steps: Sequence[LevelSteps]) -> str:
    """Whether reach falls at every step, as far as intervals tell."""
    if not steps:
        return "Only one level has scored sentences, so there is nothing to compare."
    adjacent = steps if len(steps) < 3 else steps[:-1]
    known = [step for step in adjacent if not math.isnan(step.reach.low)]
    if not known or len(known) < len(adjacent):
        return "The questions are too few to say whether reach falls from level to level."
    said = words.listed([f"{step.first} minus {step.second} {points(step.reach)}" for step in adjacent])
    if all(step.reach.low > 0 for step in known):
        return f"Reach falls at every step: {said}."
    if any(step.reach.high < 0 for step in known):
        return f"**Reach does not fall from seen to unseen**: {said}."
    return f"Not every step is clear of 0: {said}."


def without_teacher(table: ReachTable, scheme: Scheme) -> str:
    """The label beside its share with no teacher at all, and what of the order is left in the excess."""
    rows = [row for row in table.levels if row.control is not None and row.excess is not None]
    if not rows:
        return ""
    label = str(scheme.above)
    own = words.listed([words.percent(_value(row.label)) for row in rows])
    without = words.listed([words.percent(_value(row.control)) for row in rows])
    text = f"**The share of {label} alone is {own}; with no teacher at all it is {without}.**"
    steps = [step for step in table.steps if step.control is not None and step.excess is not None]
    if not steps:
        return text
    whole = steps[-1]
    control, excess = whole.control, whole.excess
    if control is None or excess is None or math.isnan(control.low) or math.isnan(excess.low):
        return text
    if control.low > 0:
        text += (
            " The control has the same order, so the order of shares alone is no evidence for this teacher: "
            "distillation changed most where it trained."
        )
    highest = max((row.excess for row in rows if row.excess is not None), key=lambda step: step.value)
    if highest.high < 0:
        text += " At no level does the teacher add to the label's share."
    text += f" The excess over the control differs by {points(excess)} between {whole.first} and {whole.second} groups"
    if excess.low > 0:
        return f"{text}: what distillation raised is more often what the teacher finds likely where it taught."
    if excess.high < 0:
        return f"{text}: nothing of the order is owed to the teacher."
    return f"{text}, which is not clear of 0."


def trends_in_words(trends: Mapping[str, Trend]) -> str:
    """`Trend over levels: reach p = 0.0016, the excess p = 0.00079 (all 1,260 ways …)`.

    Args:
        trends: what each is of, all over the same levels and questions.
    """
    refused = next((trend.refused for trend in trends.values() if trend.refused is not None), None)
    if refused is not None:
        return f"No test of the trend: {refused}."
    first = next(iter(trends.values()))
    said = words.listed([f"{what} p = {_p(trend)}" for what, trend in trends.items()])
    how = (
        f"all {first.n_arrangements:,.0f} ways to give {first.n_units} {first.shuffled} these levels"
        if first.is_exact
        else f"levels changing places among {first.n_units:,} {first.shuffled}"
    )
    least = sorted({f"{trend.smallest_p:.2g}" for trend in trends.values()}, key=float)
    return f"Trend over levels: {said} ({how}; p cannot be below {' or '.join(least)})."


def _p(trend: Trend) -> str:
    return f"{trend.p_value:.2g}" if trend.p_value < 0.1 else f"{trend.p_value:.2f}"


def points(step: Step) -> str:
    """`+19 points (17 to 21)`."""
    value = f"{100 * step.value:+.0f}".replace("-", "−").replace("+0", "0")
    if math.isnan(step.low):
        return f"{value} points"
    return f"{value} points ({100 * step.low:.0f} to {100 * step.high:.0f})".replace("-", "−")


def _value(intervals: ShareIntervals | None) -> float:
    return math.nan if intervals is None else float(intervals.share[0])


def _ends(intervals: ShareIntervals, *, named: bool = False) -> str:
    if intervals.refused is not None:
        return "no interval"
    name = f"{SHARE_INTERVAL.name} " if named else ""
    return f"{name}{words.percent(float(intervals.low[0]))} to {words.percent(float(intervals.high[0]))}"


def with_interval(intervals: ShareIntervals | None) -> str | None:
    """`79% (77% to 81%)`; None where there is nothing."""
    if intervals is None:
        return None
    value = words.percent(_value(intervals))
    return value if intervals.refused is not None else f"{value} ({_ends(intervals)})"


def _without_level(assignment: Assignment) -> str:
    """Which groups count in no level."""
    left_out = [words.no_markdown(name, 30) for name, level in assignment.levels if level is None]
    if not left_out:
        return ""
    shown = left_out[:5]
    more = f" and {len(left_out) - len(shown)} more" if len(left_out) > len(shown) else ""
    return f" Without a level, and so in no comparison of levels: {', '.join(shown)}{more}."


def counted(rows: Sequence[Reach]) -> str:
    """`540 questions (effective 308), 945 traces, 10,405 sentences`, of rows that share no question."""
    n = sum(row.reach.n_questions for row in rows)
    # Kish's number of all: a group adds its sentences, and the squares that its own number says they have.
    squares = sum(row.n_sentences**2 / row.reach.n_effective for row in rows)
    worth = sum(row.n_sentences for row in rows) ** 2 / squares
    traces = words.count(sum(row.reach.n_traces for row in rows), "trace")
    sentences = words.count(sum(row.n_sentences for row in rows), "sentence")
    return f"{words.questions(n, worth)}, {traces}, {sentences}"
