"""Which two traces are compared: from the address, from an earlier choice, or suggested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.trace.comparison import Suggestion, mixed_questions, suggestions
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame import controls, links, missing, trace_picker
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.style import words

# Where each side keeps its trace: the left one is the trace of the other pages.
_STATE = {"trace": trace_picker.STATE, "trace2": "compare_trace2", "run2": "compare_run2"}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two traces. `row` is its entry in the run's list of traces."""

    name: str
    run: Run
    traces: pa.Table
    row: Mapping[str, Any]

    @property
    def place(self) -> tuple[str, str]:
        """Run id and trace id."""
        return self.run.run_id, self.row["trace_id"]


def left_side(page: PageContext) -> Side | None:
    """The trace of the address, else the one chosen before, else one that has something to be compared with."""
    traces = page.data.trace_list()
    rows = {row["trace_id"]: row for row in traces.to_pylist()}
    if not rows:
        st.info("This run holds no trace yet.", icon=":material/hourglass_empty:")
        return None
    wanted = links.requested("trace")
    if wanted is not None and wanted not in rows:
        missing.explain_trace(page.database, page.run, wanted)
        return None
    if wanted is not None:
        st.session_state[_STATE["trace"]] = wanted
    chosen = st.session_state.get(_STATE["trace"])
    if chosen not in rows:
        pair = next(iter(mixed_questions(traces)), None)
        chosen = st.session_state[_STATE["trace"]] = pair[0]["trace_id"] if pair else next(iter(rows))
    return Side("left", page.run, traces, rows[chosen])


def suggested(page: PageContext, left: Side) -> tuple[Suggestion, ...]:
    """What goes well with the trace on the left, in this run and in the others."""
    others = [
        (run, page.database.data(run).trace_list()) for run in page.database.runs() if run.run_no != left.run.run_no
    ]
    return suggestions(left.run, left.traces, left.row["trace_no"], others)


def right_side(page: PageContext, left: Side, offers: Sequence[Suggestion]) -> Side | None:
    """The other trace of the address, else the one chosen before if it answers the same question, else a suggestion."""
    runs = {run.run_id: run for run in page.database.runs()}
    wanted_run, wanted = links.requested("run2"), links.requested("trace2")
    if wanted_run is not None and wanted_run not in runs:
        st.error(
            "**The link asks for a second run that this file does not hold.** It may come from another database.",
            icon=":material/link_off:",
        )
        st.code(words.plain(wanted_run, 200), language=None)
        st.button("Compare with what is here", on_click=_forget_right)
        return None
    if wanted_run is not None:
        st.session_state[_STATE["run2"]] = wanted_run
    run = runs.get(st.session_state.get(_STATE["run2"], ""), left.run)
    traces = page.database.data(run).trace_list()
    rows = {row["trace_id"]: row for row in traces.to_pylist()}
    if wanted is not None and wanted not in rows:
        missing.explain_trace(page.database, run, wanted)
        st.button("Compare with what is here", on_click=_forget_right)
        return None
    if wanted is not None:
        st.session_state[_STATE["trace2"]] = wanted
    chosen = st.session_state.get(_STATE["trace2"])
    if chosen in rows:
        return Side("right", run, traces, rows[chosen])
    if offers:
        first = offers[0]
        choose_right(first.run.run_id, first.row["trace_id"])
        return Side("right", first.run, page.database.data(first.run).trace_list(), first.row)
    # Nothing answers the same question: the next trace is a beginning that the pickers lead on from.
    trace_ids = list(rows)
    following = (
        rows[trace_ids[(trace_ids.index(left.row["trace_id"]) + 1) % len(trace_ids)]] if run == left.run else None
    )
    row = following or next(iter(rows.values()), None)
    if row is None:
        st.info("The other run holds no trace yet.", icon=":material/hourglass_empty:")
        return None
    choose_right(run.run_id, row["trace_id"])
    return Side("right", run, traces, row)


def choose_right(run_id: str, trace_id: str) -> None:
    """Put another trace on the right; what the address asked for is settled with that."""
    st.session_state[_STATE["run2"]], st.session_state[_STATE["trace2"]] = run_id, trace_id
    for key in ("run2", "trace2", "pair"):
        links.publish(key, None)
    st.session_state.pop("compare_pair", None)


def choose_left(trace_id: str) -> None:
    """Put another trace of the same run on the left."""
    trace_picker.go(trace_id)
    for key in ("trace", "pair"):
        links.publish(key, None)
    st.session_state.pop("compare_pair", None)


def _forget_right() -> None:
    for key in ("run2", "trace2"):
        st.session_state.pop(_STATE[key], None)
        links.publish(key, None)


def choose_both(left_id: str, right_run: str, right_id: str) -> None:
    """Put two other traces side by side."""
    choose_left(left_id)
    choose_right(right_run, right_id)


def swap(left: tuple[str, str], right: tuple[str, str]) -> None:
    """Each side takes the other's place: its run and its trace. Sessions keep what a button holds, so it holds ids."""
    choose_both(right[1], left[0], left[1])
    controls.use_run(right[0])
