"""The parts of the trace page."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.labels import Space, Unit, label_order
from rdpt_core.analysis.trace_view import TraceView, uncertain_below
from rdpt_core.records import Trace
from rdpt_core.store.reader import Run
from rdpt_core.ui import frame, joint, links, lost, notes, picker, words
from rdpt_core.ui.card import Item, card
from rdpt_core.ui.frame import Frame
from rdpt_core.ui.reader import picked, reader
from rdpt_core.ui.theme import MARKS, label_key

TABLE_KEY = "sentence_table"


def question_card(trace: Trace, position: str) -> None:
    """What was asked, what was expected, and whether the trace got there."""
    verdict = {
        True: Item("", "✓ Correct", "good"),
        False: Item("", "✗ Incorrect", "bad"),
        None: Item("", "– Not graded", "unknown"),
    }[trace.correct]
    about = [("benchmark", trace.benchmark), ("domain", trace.domain), ("difficulty", trace.difficulty)]
    about += [("written by", trace.model), ("sample", str(trace.sample)), ("trace", trace.trace_id)]
    card(
        "Question and answer",
        [Item("Question", asked(trace), "long")],
        [Item("Gold answer", trace.gold if trace.gold is not None else "unknown"), verdict, Item("", position, "note")],
        [Item(term, text) for term, text in about if text],
        key="question",
    )


def asked(trace: Trace) -> str:
    """The question as text: its only message, or every message with its role, or the rendered prompt."""
    if len(trace.messages) == 1:
        return trace.messages[0].content
    if trace.messages:
        return "\n\n".join(f"{message.role}: {message.content}" for message in trace.messages)
    return trace.prompt or ""


def how_to_read(run: Run, view: TraceView | None) -> None:
    """The few sentences that a first-time reader needs."""
    with st.popover("How to read this", icon=":material/help:"):
        st.markdown("Every sentence of the response carries the label of whoever finds it likely:")
        for label in label_order(run.roles):
            st.markdown(f"**{MARKS[label_key(label)].letter} {label}**: {words.LABELS[label]}")
        st.markdown(
            "$p$ is the geometric mean of a model's token probabilities over the sentence; $p_T$, $p_S$ and $p_D$ "
            "belong to teacher, student and distilled model.\n\n"
            "Hatching and a **?** mark a label that a small change of α or β would turn"
            + (f" (margin below {uncertain_below(view.rule):.3g})" if view else "")
            + ". Hover over a sentence, or move with **j** and **k**, for its numbers; click it to find it in chart "
            "and table. Click a label above the text to isolate it, Shift-click to add another, Escape to end."
        )


def joint_chart(view: TraceView, selected: int | None) -> int | None:
    """The joint chart; returns the sentence that was clicked just now."""
    chart, below = st.container(), st.container()
    with below:
        first = _window(view, selected)
    with chart:
        event = st.plotly_chart(
            joint.joint_figure(view, frame.mode(), selected, first),
            key="joint",
            on_select="rerun",
            selection_mode="points",
            config={"displayModeBar": False},
            alt="Probability of every sentence under each model; the same numbers are in the sentence table",
        )
    points = event.selection.points
    return int(points[0]["customdata"][0]) if points else None


def _window(view: TraceView, selected: int | None) -> int:
    """Where the chart's window begins. It follows the chosen sentence; for long traces a slider moves it, too."""
    n = view.sentences.num_rows
    caption = (
        "Lines: how likely each model finds each sentence. Background: its label. Click a line to choose a sentence."
    )
    if n <= joint.WINDOW:
        st.caption(caption)
        return 0
    chosen = (view.trace_no, selected)
    first = st.session_state.get("window", 1) - 1
    if st.session_state.get("window_for") != chosen:
        st.session_state["window_for"] = chosen
        first = joint.window_around(n, selected, first)
    st.session_state["window"] = max(1, min(first + 1, n - joint.WINDOW + 1))
    start: int = st.slider(
        f"Window of {joint.WINDOW} sentences, starting at", 1, n - joint.WINDOW + 1, step=1, key="window"
    )
    st.caption(f"{caption} The strip shows the labels of all {n:,} sentences.")
    return start - 1


def sentence_table(view: TraceView, selected: int | None, on_select: Callable[[], None]) -> None:
    """Every number of every sentence; a click on a row chooses its sentence."""
    table = sentence_columns(view)
    number = st.column_config.NumberColumn
    config: dict[str, Any] = {
        name: number(format="%.4g") for name in table.column_names if name.startswith(("p_", "v_", "margin"))
    }
    config |= {name: number(format="%.3f") for name in table.column_names if name.startswith("logprob")}
    config["sentence"] = number(help="Counted from 1; exports count sentence_index from 0")
    config["text"] = st.column_config.TextColumn(width="medium")
    config["margin"] = number(format="%.4g", help="The smallest change of a threshold that would turn the label")
    st.session_state[TABLE_KEY] = {"selection": {"rows": [] if selected is None else [selected]}}
    st.dataframe(
        table,
        hide_index=True,
        column_config=config,
        height=min(320, 38 + 35 * table.num_rows),
        placeholder="–",
        key=TABLE_KEY,
        on_select=on_select,
        selection_mode="single-row",
    )


def sentence_columns(view: TraceView) -> pa.Table:
    """The table's columns. Texts are cut: the full text is in the reader, here it only says which sentence a row is."""
    names = ["label", "direction", "margin", *(f"p_{role}" for role in view.roles)]
    if (view.rule.unit, view.rule.space) != (Unit.OWN_TOKEN, Space.DIFFERENCE):
        names += [f"v_{role}" for role in view.roles]
    names += [f"n_tokens_{role}" for role in view.roles] + [f"logprob_sum_{role}" for role in view.roles]
    names += ["n_bytes", "char_start", "char_end", "unscored_reason"]
    first = {
        "sentence": pa.array(range(1, view.sentences.num_rows + 1), pa.int32()),
        "text": pa.array([words.plain(text, 120) for text in view.texts()], pa.string()),
    }
    columns = {name: view.sentences.column(name) for name in names}
    # Shown with four decimals: single precision is plenty, and half as much to send.
    short = {name: c.cast(pa.float32()) for name, c in columns.items() if pa.types.is_float64(c.type)}
    return pa.table({**first, **columns, **short})


def _sentence(view: TraceView) -> int | None:
    """The chosen sentence, from the address or from an earlier click; says so if the trace has no such sentence."""
    if links.text_changed(view):
        lost.explain_text(view)
        return None
    links.publish_text(view)
    n = len(view.texts())
    wanted = links.requested("sentence")
    if wanted is not None:
        if wanted.isdecimal() and 1 <= int(wanted) <= n:
            st.session_state["sentence"] = int(wanted) - 1
        else:
            st.warning(
                f"**The link asks for a sentence that this trace does not have.** It has {words.count(n, 'sentence')}; "
                f"the link says “{words.plain(wanted, 20)}”.",
                icon=":material/link_off:",
            )
            return None
    chosen = st.session_state.get("sentence")
    return chosen if chosen is not None and chosen < n else None


def _choose_sentence(index: int | None, view: TraceView) -> None:
    links.publish_text(view)
    st.session_state["sentence"] = index
    links.publish("sentence", None if index is None else str(index + 1))


def draw(page: Frame) -> None:
    """The whole page."""
    traces = page.source.trace_list(page.run)
    with st.sidebar:
        chosen = picker.filters(page, traces)
    choice = picker.choose(page, traces, chosen)
    picker.step(choice, traces)
    if choice.trace_no is None:
        return
    view = page.source.trace_view(page.run, choice.trace_no, page.rule)
    _draw_trace(page, view, f"trace {choice.position + 1:,} of {len(choice.fitting):,} that fit the filters")


def _draw_trace(page: Frame, view: TraceView, position: str) -> None:
    key = f"{page.run.run_id}/{view.trace_no}"
    question_card(view.trace, position)
    frame.notices(page, brief=True)
    frame.faint_notice(view.faint(), brief=True)
    selected = _sentence(view)
    if view.is_scored:
        clicked = joint_chart(view, selected)
        if clicked is not None and clicked != selected:
            _choose_sentence(clicked, view)
            st.rerun()
    elif not view.trace.response:
        st.info("The response is empty: there is nothing to score.", icon=":material/check_box_outline_blank:")
    else:
        st.info("The run has not scored this trace yet. Its text is shown without labels.", icon=":material/schedule:")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader("Response", anchor=False, width="content")
        how_to_read(page.run, view)

    def on_pick() -> None:
        _choose_sentence(picked(key), view)

    def on_row() -> None:
        rows = st.session_state[TABLE_KEY]["selection"]["rows"]
        _choose_sentence(rows[0] if rows else None, view)

    reader(view, key, selected, on_pick)
    notes.panel(page, view, selected)
    if view.is_scored:
        st.subheader("Sentences", anchor=False)
        sentence_table(view, selected, on_row)
    if view.trace.meta:
        with st.expander("Metadata of this trace"):
            st.code(json.dumps(dict(view.trace.meta), ensure_ascii=False, indent=2), language=None, wrap_lines=True)
