"""The parts of the compare page: two traces, each in a reader of its own, and the strip that pairs their sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from rdpt_core.analysis.catalog import GRADES
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.run_agreement import differences
from rdpt_core.analysis.trace.comparison import Kind, Suggestion, TraceComparison, compare, mixed_questions
from rdpt_core.analysis.trace.view import TraceView, load_trace_view, question_text
from rdpt_core.analysis.which_teacher import teacher_name
from rdpt_core.store.reader import Reader, Run
from rdpt_core.ui.components import pairs
from rdpt_core.ui.components.card import Item, card
from rdpt_core.ui.components.reader.component import draw_labels, draw_text, reader_message
from rdpt_core.ui.components.reader.payload import Extras, ReaderState
from rdpt_core.ui.data import trace_data
from rdpt_core.ui.frame import links, notices, teacher_picker, trace_picker
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.compare.sides import (
    Side,
    choose_both,
    choose_left,
    choose_right,
    left_side,
    right_side,
    suggested,
    swap,
)
from rdpt_core.ui.style import words

_ANSWERS = "compare_answers"
_FEATURES = ("search",)
_MOST_SUGGESTED = 8


@dataclass(frozen=True, slots=True)
class SideView:
    """One side of the page, with the trace as its reader shows it. Sessions keep it, so it holds no list of traces."""

    name: str
    run: Run
    view: TraceView

    @property
    def key(self) -> str:
        """Of the reader: tells its messages from those about another trace."""
        return trace_data.reader_key(self.run, self.view.trace_no)


def draw(page: PageContext) -> None:
    """The whole page."""
    st.header("Compare two traces", anchor=False)
    st.markdown(
        "Two answers to one question, or one trace under two runs. Sentences that belong together stand in one column "
        "of the strip; its arrows lead to where labels differ, and to where the models disagree most."
    )
    left = left_side(page)
    if left is None:
        return
    offers = suggested(page, left)
    right = right_side(page, left, offers)
    if right is None:
        return
    for key, value in (("trace", left.row["trace_id"]), ("run2", right.run.run_id), ("trace2", right.row["trace_id"])):
        links.publish(key, value)
    _pickers(page, left, right)
    _draw_offers(page, left, right, offers)
    if left.run.run_id != right.run.run_id:
        changes = "; ".join(differences(left.run, right.run))
        st.caption(f"What differs from the left run to the right one: {words.no_markdown(changes, 300)}.")
        teacher_picker.runs_notice([left.run, right.run])
    notices.run_notices(page, brief=True)
    views = [_load_view(page, side) for side in (left, right)]
    notices.faint_notice(views[0].view.faint(), brief=True)
    comparison = page.database.data(left.run).ask(
        compare_traces, left.row["trace_no"], right.run, right.row["trace_no"], page.rule
    )
    _questions([shown.view for shown in views])
    strip = st.container()
    for column, shown in zip(st.columns(2), views, strict=True):
        with column:
            _head(shown)
            draw_text(shown.view, shown.key, shown.name, Extras(teacher_name(shown.run)))
    with strip:
        _moving(comparison, views[0], views[1])


def _load_view(page: PageContext, side: Side) -> SideView:
    return SideView(side.name, side.run, page.database.data(side.run).trace_view(side.row["trace_no"], page.rule))


def _pickers(page: PageContext, left: Side, right: Side) -> None:
    columns = st.columns(2)
    with columns[0]:
        _pick_trace(left, choose_left)
    with columns[1]:
        runs = page.database.runs()
        if len(runs) > 1:
            names = words.run_names(runs)
            st.session_state["compare_run_pick"] = right.run.run_id
            st.selectbox(
                "Right run",
                [run.run_id for run in reversed(runs)],
                key="compare_run_pick",
                format_func=lambda run_id: names[run_id],
                on_change=_run_picked,
                args=(right.row["trace_id"],),
            )
        _pick_trace(right, partial(choose_right, right.run.run_id))


def _pick_trace(side: Side, choose: Callable[[str], None]) -> None:
    """The question, and which of its traces."""
    offered = trace_picker.offer(side.traces.to_pylist(), side.row)
    question_key, trace_key = f"compare_question_{side.name}", f"compare_trace_{side.name}"
    st.session_state[question_key], st.session_state[trace_key] = offered.question, side.row["trace_id"]
    first, second = st.columns(2)
    with first:
        st.selectbox(
            f"{side.name.capitalize()} question",
            list(offered.questions),
            key=question_key,
            format_func=offered.questions.__getitem__,
            on_change=_picked,
            args=(question_key, choose),
        )
    with second:
        st.selectbox(
            f"{side.name.capitalize()} trace",
            list(offered.traces),
            key=trace_key,
            format_func=offered.traces.__getitem__,
            on_change=_picked,
            args=(trace_key, choose),
        )


def _picked(key: str, choose: Callable[[str], None]) -> None:
    choose(st.session_state[key])


def _run_picked(trace_id: str) -> None:
    choose_right(st.session_state["compare_run_pick"], trace_id)


def _draw_offers(page: PageContext, left: Side, right: Side, offers: Sequence[Suggestion]) -> None:
    """What is worth comparing, one click each."""
    mixed = mixed_questions(left.traces)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if offers:
            st.markdown("Compare with", width="content")
        for index, offer in enumerate(offers[:_MOST_SUGGESTED]):
            chosen = (offer.run, offer.row["trace_id"]) == (right.run, right.row["trace_id"])
            st.button(
                _offer_name(offer),
                key=f"offer_{index}",
                icon=":material/check:" if chosen else None,
                on_click=choose_right,
                args=(offer.run.run_id, offer.row["trace_id"]),
            )
        if mixed:
            not_before = [k for k, pair in enumerate(mixed) if pair[0]["trace_no"] >= left.row["trace_no"]]
            following = mixed[((not_before[0] if not_before else -1) + 1) % len(mixed)]
            st.button(
                "Next question with both outcomes",
                icon=":material/skip_next:",
                on_click=choose_both,
                args=(following[0]["trace_id"], left.run.run_id, following[1]["trace_id"]),
                help=f"{words.count(len(mixed), 'question')} of this run {'has' if len(mixed) == 1 else 'have'} both a "
                "correct and an incorrect trace.",
            )
        st.button("Swap sides", icon=":material/swap_horiz:", on_click=swap, args=(left.place, right.place))


def _offer_name(offer: Suggestion) -> str:
    mark = {GRADES[0]: "✓ ", GRADES[1]: "✗ "}.get(offer.row["grade"], "")
    if offer.kind is Kind.RUN:
        return f"same trace in {words.no_markdown(offer.run.name, 24)} · {offer.run.run_id[:4]}"
    return f"{mark}sample {offer.row['sample']}"


def _questions(views: Sequence[TraceView]) -> None:
    """What was asked: once, if it is the same."""
    texts = [question_text(view.trace) for view in views]
    if texts[0] == texts[1]:
        card("Question", [Item("Question", texts[0], "long")], key="compare_question")
        return
    for column, name, text in zip(st.columns(2), ("left", "right"), texts, strict=True):
        with column:
            card(f"Question on the {name}", [Item("Question", text, "long")], key=f"compare_question_{name}_card")


def _head(shown: SideView) -> None:
    run, trace = shown.run, shown.view.trace
    verdict = {
        True: Item("", "✓ Correct", "good"),
        False: Item("", "✗ Incorrect", "bad"),
        None: Item("", "– Not graded", "unknown"),
    }[trace.correct]
    about = [Item("", trace.trace_id), verdict, Item("run", f"{run.name} · {run.run_id[:8]}")]
    if trace.model:
        about.append(Item("written by", trace.model))
    card(f"Trace on the {shown.name}", about, key=f"compare_head_{shown.name}")
    st.page_link(
        "pages/trace.py",
        label=f"Open the {shown.name} trace alone",
        icon=":material/open_in_full:",
        query_params=links.within_database({"run": run.run_id, "trace": trace.trace_id}),
    )


def compare_traces(
    reader: Reader, left: Run, left_trace_no: int, right: Run, right_trace_no: int, rule: LabelRule
) -> TraceComparison:
    """The comparison of two stored traces; cached like every other answer."""
    return compare(
        load_trace_view(reader, left, left_trace_no, rule), load_trace_view(reader, right, right_trace_no, rule)
    )


@st.fragment
def _moving(comparison: TraceComparison, left: SideView, right: SideView) -> None:
    """What moves with a choice. A fragment, so that a step through the pairs does not send the page again."""
    rows = comparison.alignment.rows
    key = "/".join(shown.key.replace("/", ":") for shown in (left, right))
    # For each side, the sentence in every row of the strip; None where it has no partner.
    sentences = {"left": [row.left for row in rows], "right": [row.right for row in rows]}

    def on_pair() -> None:
        message = pairs.pairs_message(key)
        if message is not None and 0 <= message["row"] < len(rows):
            _choose_pair(message["row"], message.get("at"))

    def on_sentence(shown: SideView) -> None:
        message = reader_message("pick", shown.key, shown.name)
        if message is None:
            return
        index, in_rows = message.get("index"), sentences[shown.name]
        _choose_pair(in_rows.index(index) if index in in_rows and index is not None else None, message.get("at"))

    pair = _pair(len(rows))
    answers = st.session_state.get(_ANSWERS)
    # The labels show nothing here: without a gap they take no room either.
    with st.container(gap=None):
        pairs.draw_pairs(pairs.payload(comparison, left.view, right.view, key, pair), answers, on_pair)
        for shown in (left, right):
            chosen = None if pair is None else sentences[shown.name][pair]
            state = ReaderState(chosen, None, answers, _FEATURES, has_link=False)
            callbacks = {"pick": partial(on_sentence, shown)}
            draw_labels(shown.view, shown.key, state, on=callbacks, name=shown.name)


def _choose_pair(row: int | None, chosen_at: int | None) -> None:
    st.session_state["compare_pair"] = row
    st.session_state[_ANSWERS] = chosen_at
    links.publish("pair", None if row is None else str(row + 1))


def _pair(n: int) -> int | None:
    """The chosen pair, from the address or from an earlier click."""
    wanted = links.requested("pair")
    if wanted is not None and wanted.isdecimal() and 1 <= int(wanted) <= n:
        st.session_state["compare_pair"] = int(wanted) - 1
    chosen = st.session_state.get("compare_pair")
    return chosen if chosen is not None and chosen < n else None
