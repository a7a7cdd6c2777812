"""Choosing a trace: filters, then a question, then one of its traces, and stepping through all that fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from rdpt_core.analysis.catalog import GRADES, QUESTION_PART, TraceFilter, distinct, filter_traces
from rdpt_core.analysis.evidence.overlap.classes import CLASSES
from rdpt_core.analysis.evidence.overlap.data import overlap_of
from rdpt_core.analysis.labels import label_order
from rdpt_core.ui.frame import links, missing
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.style import words

FILTER_KEYS = ("benchmark", "domain", "grade", "holds", "holds_class", "find")
_VERDICT = {GRADES[0]: "✓", GRADES[1]: "✗", GRADES[2]: "–"}
# A digest at the end, as ids get that no file gave.
_HASH = re.compile(r"(?:^|[-_:])(?=[0-9a-f]*[0-9])[0-9a-f]{8,64}$")
# In the session by id, since a trace keeps its id from run to run.
STATE = "trace_id"
_FILTER = "trace_filter"


@dataclass(frozen=True, slots=True)
class Choice:
    """The trace to show.

    Attributes:
        trace_no: its number in the run; None if nothing can be shown, and the page has said why.
        position: its index among the traces that fit the filters, from 0.
        fitting: the numbers of those traces, in order.
    """

    trace_no: int | None
    position: int
    fitting: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """Names by trace id. A session keeps what its widgets hold, so they hold ids and names, and no rows.

    Attributes:
        questions: by the id of each question's first trace.
        traces: of the chosen trace's question.
        question: the first trace of that question.
    """

    questions: dict[Any, str]
    traces: dict[Any, str]
    question: str | None


def option_names(values: Sequence[Any], name: Callable[[Any], str]) -> dict[Any, str]:
    """A short readable name for every value; equal names get a number, since a widget tells options apart by name."""
    names: dict[Any, str] = {}
    seen: dict[str, int] = {}
    for value in values:
        plain = name(value)
        seen[plain] = seen.get(plain, 0) + 1
        names[value] = plain if seen[plain] == 1 else f"{plain} ({seen[plain]})"
    return names


def choose_value(label: str, key: str, values: Sequence[str]) -> str | None:
    """A value of the data to filter by, or None for all; kept in the address under `key`."""
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


def filters(page: PageContext, traces: pa.Table) -> TraceFilter:
    """The filter controls; their values live in the address."""
    st.markdown("**Traces**")
    benchmark = choose_value("Benchmark", "benchmark", distinct(traces, "benchmark"))
    within = traces if benchmark is None else filter_traces(traces, TraceFilter(benchmark=benchmark))
    domains = distinct(within, "domain")
    domain = choose_value("Domain", "domain", domains) if domains else None
    grade = choose_value("Correctness", "grade", [g for g in GRADES if g in distinct(traces, "grade")])
    holds = choose_value("Holds a sentence labelled", "holds", [str(label) for label in label_order(page.run.roles)])
    training_class = None
    if overlap_of(page.data) is not None:
        training_class = choose_value("Holds a sentence that is", "holds_class", CLASSES)
    text = st.text_input(
        "Find in question",
        key="find",
        bind="query-params",
        placeholder="part of its id or text",
        help=f"Looks in the question's id and in the first {QUESTION_PART:,} characters of its text.",
    )
    return TraceFilter(benchmark, domain, grade, text or "", holds, training_class)


def _fits(page: PageContext, traces: pa.Table, chosen: TraceFilter) -> pa.Table:
    holding = page.data.traces_with(page.rule, chosen.label) if chosen.label else None
    overlap = overlap_of(page.data)
    if chosen.training_class is not None and overlap is not None:
        holding = overlap.traces_with(page.rule, chosen.training_class, chosen.label)
    return filter_traces(traces, chosen, holding)


def choose(page: PageContext, traces: pa.Table, chosen: TraceFilter) -> Choice:
    """Which trace to show. A link to a trace that is not there shows an explanation, never another trace."""
    trace_no_of: dict[str, int] = dict(
        zip(traces.column("trace_id").to_pylist(), traces.column("trace_no").to_pylist(), strict=True)
    )
    fitting: list[int] = _fits(page, traces, chosen).column("trace_no").to_pylist()
    wanted = links.requested("trace")
    if wanted is not None and wanted not in trace_no_of:
        missing.explain_trace(page.database, page.run, wanted)
        return Choice(None, 0, tuple(fitting))
    if wanted is not None:
        st.session_state[STATE] = wanted
        st.session_state[_FILTER] = chosen
    trace_no = trace_no_of.get(st.session_state.get(STATE, ""))
    # Only a change of the filters leads to another trace: a threshold that moves, or a link, must not.
    stays = trace_no is not None and (trace_no in fitting or st.session_state.get(_FILTER) == chosen)
    st.session_state[_FILTER] = chosen
    if not stays:
        trace_no = fitting[0] if fitting else None
        go(_trace_id(trace_no_of, trace_no))
    if trace_no is None:
        st.info("No trace fits the filters on the left.", icon=":material/filter_alt_off:")
        st.button("Clear the filters", on_click=_clear)
        return Choice(None, 0, ())
    if trace_no not in fitting:
        st.info("This trace does not fit the filters on the left. It is shown all the same.")
        fitting = sorted([*fitting, trace_no])
    return Choice(trace_no, fitting.index(trace_no), tuple(fitting))


def _trace_id(trace_no_of: dict[str, int], trace_no: int | None) -> str | None:
    return next((trace_id for trace_id, number in trace_no_of.items() if number == trace_no), None)


def _clear() -> None:
    for key in FILTER_KEYS:
        st.session_state[key] = "" if key == "find" else None


def go(trace_id: str | None) -> None:
    """Show another trace of this run, in a callback; no sentence is chosen there yet."""
    st.session_state[STATE] = trace_id
    links.publish("sentence", None)
    links.forget_text()
    st.session_state.pop("sentence", None)


def step(choice: Choice, traces: pa.Table) -> None:
    """Question and trace pickers, and buttons for the previous and the next trace that fits."""
    rows = traces.filter(
        pc.is_in(traces.column("trace_no"), value_set=pa.array(choice.fitting, pa.int32()))
    ).to_pylist()
    chosen = None if choice.trace_no is None else rows[choice.position]
    offered = offer(rows, chosen)
    left, middle, right = st.columns([5, 5, 3], vertical_alignment="bottom")
    with left:
        st.session_state["question_pick"] = offered.question
        st.selectbox(
            f"Question ({len(offered.questions):,})",
            list(offered.questions),
            key="question_pick",
            format_func=offered.questions.__getitem__,
            on_change=_picked,
            args=("question_pick",),
            index=None if chosen is None else 0,
            placeholder="Choose a question",
        )
    trace_id = None if chosen is None else chosen["trace_id"]
    with middle:
        st.session_state["trace_pick"] = trace_id
        st.selectbox(
            f"Trace of this question ({len(offered.traces):,})",
            list(offered.traces),
            key="trace_pick",
            format_func=offered.traces.__getitem__,
            on_change=_picked,
            args=("trace_pick",),
            index=None if chosen is None else 0,
            disabled=not offered.traces,
        )
    with right, st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        _step_buttons(choice, rows)
    if trace_id is not None:
        links.publish("trace", trace_id)


def offer(rows: Sequence[Mapping[str, Any]], chosen: Mapping[str, Any] | None) -> Offer:
    """What the pickers of question and trace offer.

    Args:
        rows: of the list of traces, in order.
        chosen: one of them.
    """
    questions: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        questions.setdefault((row["benchmark"], row["question_id"]), []).append(row)
    first = {of_question[0]["trace_id"]: of_question[0] for of_question in questions.values()}
    siblings = questions[chosen["benchmark"], chosen["question_id"]] if chosen else []
    samples = {row["trace_id"]: row for row in siblings}
    return Offer(
        questions=option_names(
            list(first), lambda trace_id: question_name(first[trace_id]["question_id"], first[trace_id]["question"])
        ),
        traces=option_names(list(samples), lambda trace_id: trace_name(samples[trace_id])),
        question=siblings[0]["trace_id"] if siblings else None,
    )


def question_name(question_id: str, text: str | None) -> str:
    """The id; beside one that was made by a hash, and so tells nothing, the beginning of the question."""
    if text is None or not _HASH.search(question_id):
        return words.plain(question_id)
    return f"{words.plain(question_id, 24)} · {words.plain(text)}"


def trace_name(row: Mapping[str, Any]) -> str:
    """Verdict, sample and length: what tells the traces of one question apart."""
    return f"{_VERDICT[row['grade']]} sample {row['sample']} · {words.count(row['n_sentences'], 'sentence')}"


def _picked(key: str) -> None:
    trace_id = st.session_state[key]
    if trace_id is not None:
        go(trace_id)
        # Whatever the address asked for, the reader has now chosen something else.
        links.publish("trace", None)


def _step_buttons(choice: Choice, rows: Sequence[Mapping[str, Any]]) -> None:
    neighbours: list[str | None] = [None, None]
    if choice.trace_no is not None:
        for side, position in enumerate((choice.position - 1, choice.position + 1)):
            if 0 <= position < len(choice.fitting):
                neighbours[side] = rows[position]["trace_id"]
    for key, icon, trace_id in zip(("previous", "next"), ("left", "right"), neighbours, strict=True):
        st.button(
            f":material/chevron_{icon}:",
            key=key,
            on_click=go,
            args=(trace_id,),
            disabled=trace_id is None,
            help=f"{key.capitalize()} trace that fits the filters",
        )
