"""Choosing a trace: filters, then a question, then one of its traces, and stepping through all that fit."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.catalog import GRADES, TraceFilter, distinct, filter_traces
from rdpt_core.analysis.labels import label_order
from rdpt_core.ui import links, words
from rdpt_core.ui.frame import Frame

FILTER_KEYS = ("benchmark", "domain", "grade", "holds", "find")
_VERDICT = {GRADES[0]: "✓", GRADES[1]: "✗", GRADES[2]: "–"}
_STATE = "trace_no"


@dataclass(frozen=True, slots=True)
class Choice:
    """The trace to show.

    Attributes:
        trace_no: its number in the run; None if nothing can be shown, and the page has said why.
        position: its place among the traces that fit the filters, from 0.
        fitting: the numbers of those traces, in order.
    """

    trace_no: int | None
    position: int
    fitting: tuple[int, ...]


def option_names(values: Sequence[Any], name: Callable[[Any], str]) -> dict[Hashable, str]:
    """A short readable name for every value; equal names get a number, since a widget tells options apart by name."""
    names: dict[Hashable, str] = {}
    seen: dict[str, int] = {}
    for value in values:
        plain = name(value)
        seen[plain] = seen.get(plain, 0) + 1
        names[value] = plain if seen[plain] == 1 else f"{plain} ({seen[plain]})"
    return names


def _choose_value(label: str, key: str, values: Sequence[str]) -> str | None:
    names = option_names(values, words.plain)
    chosen: str | None = st.selectbox(
        label,
        list(values),
        index=None,
        key=key,
        format_func=lambda v: names.get(v, str(v)),
        placeholder="all",
        bind="query-params",
    )
    return chosen


def filters(page: Frame, traces: pa.Table) -> TraceFilter:
    """The filter controls; their values live in the address."""
    st.markdown("**Traces**")
    benchmark = _choose_value("Benchmark", "benchmark", distinct(traces, "benchmark"))
    within = traces if benchmark is None else filter_traces(traces, TraceFilter(benchmark=benchmark))
    domains = distinct(within, "domain")
    domain = _choose_value("Domain", "domain", domains) if domains else None
    grade = _choose_value("Correctness", "grade", [g for g in GRADES if g in distinct(traces, "grade")])
    holds = _choose_value("Holds a sentence labelled", "holds", [str(label) for label in label_order(page.run.roles)])
    text = st.text_input("Find in question id", key="find", bind="query-params", placeholder="part of an id")
    return TraceFilter(benchmark, domain, grade, text or "", holds)


def _fits(page: Frame, traces: pa.Table, chosen: TraceFilter) -> pa.Table:
    counts = page.source.label_counts(page.run, page.rule) if chosen.label else None
    return filter_traces(traces, chosen, counts)


def choose(page: Frame, traces: pa.Table, chosen: TraceFilter) -> Choice:
    """Which trace to show. A link to a trace that is not there shows an explanation, never another trace."""
    ids: list[str] = traces.column("trace_id").to_pylist()
    numbers: list[int] = traces.column("trace_no").to_pylist()
    fitting = _fits(page, traces, chosen).column("trace_no").to_pylist()
    wanted = links.requested("trace")
    owner = (page.run.run_id, str(page.source.path))
    if st.session_state.get("trace_owner") != owner:
        # Numbers of one run mean nothing in another.
        st.session_state["trace_owner"] = owner
        st.session_state.pop(_STATE, None)
    if wanted is not None and wanted not in ids:
        st.error(
            "**The link asks for a trace that this run does not hold.** It may belong to another run or another "
            "database. Choose a trace below, or another run on the left.",
            icon=":material/link_off:",
        )
        st.code(words.plain(wanted, 200), language=None)
        return Choice(None, 0, tuple(fitting))
    if wanted is not None:
        st.session_state[_STATE] = numbers[ids.index(wanted)]
        if st.session_state[_STATE] not in fitting:
            st.info("The trace of this link does not fit the filters on the left. It is shown all the same.")
            fitting = sorted([*fitting, st.session_state[_STATE]])
    elif st.session_state.get(_STATE) not in fitting:
        _go(fitting[0] if fitting else None)
    trace_no = st.session_state.get(_STATE)
    if not fitting or trace_no is None:
        st.info("No trace fits the filters on the left.", icon=":material/filter_alt_off:")
        st.button("Clear the filters", on_click=_clear)
        return Choice(None, 0, ())
    return Choice(trace_no, fitting.index(trace_no), tuple(fitting))


def _clear() -> None:
    for key in FILTER_KEYS:
        st.session_state[key] = "" if key == "find" else None


def _go(trace_no: int | None) -> None:
    st.session_state[_STATE] = trace_no
    links.publish("sentence", None)
    st.session_state.pop("sentence", None)


def step(choice: Choice, traces: pa.Table) -> None:
    """Question and trace pickers, and buttons for the previous and the next trace that fits."""
    rows = {row["trace_no"]: row for row in traces.to_pylist()}
    questions: dict[tuple[str, str], list[int]] = {}
    for number in choice.fitting:
        row = rows[number]
        questions.setdefault((row["benchmark"], row["question_id"]), []).append(number)
    here = rows.get(choice.trace_no) if choice.trace_no is not None else None
    question = (here["benchmark"], here["question_id"]) if here else None
    names = option_names(list(questions), lambda q: words.plain(q[1]))
    left, middle, right = st.columns([5, 5, 3], vertical_alignment="bottom")
    with left:
        st.session_state["question_pick"] = question
        st.selectbox(
            f"Question ({len(questions):,})",
            list(questions),
            key="question_pick",
            format_func=lambda q: names[q],
            on_change=lambda: _picked("question_pick", lambda q: questions[q][0]),
            index=None if question is None else 0,
            placeholder="Choose a question",
        )
    siblings = questions.get(question, []) if question else []
    labels = option_names(siblings, lambda n: _trace_name(rows[n]))
    with middle:
        st.session_state["trace_pick"] = choice.trace_no
        st.selectbox(
            f"Trace of this question ({len(siblings):,})",
            siblings,
            key="trace_pick",
            format_func=lambda n: labels[n],
            on_change=lambda: _picked("trace_pick", lambda n: n),
            index=None if choice.trace_no is None else 0,
            disabled=not siblings,
        )
    with right, st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        _step_buttons(choice)
    if here is not None:
        links.publish("trace", here["trace_id"])


def _trace_name(row: dict[str, Any]) -> str:
    return f"{_VERDICT[row['grade']]} sample {row['sample']} · {words.count(row['n_sentences'], 'sentence')}"


def _picked(key: str, number: Callable[[Any], int]) -> None:
    value = st.session_state[key]
    if value is not None:
        trace_no = number(value)
        _go(trace_no)
        # Whatever the address asked for, the reader has now chosen something else.
        links.publish("trace", None)


def _step_buttons(choice: Choice) -> None:
    known = choice.trace_no is not None
    before = choice.fitting[choice.position - 1] if known and choice.position else None
    after = choice.fitting[choice.position + 1] if known and choice.position + 1 < len(choice.fitting) else None
    st.button(
        ":material/chevron_left:",
        key="previous",
        on_click=_go,
        args=(before,),
        disabled=before is None,
        help="Previous trace that fits the filters",
    )
    st.button(
        ":material/chevron_right:",
        key="next",
        on_click=_go,
        args=(after,),
        disabled=after is None,
        help="Next trace that fits the filters",
    )
