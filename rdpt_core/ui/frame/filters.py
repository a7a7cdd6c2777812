"""The filters of the analysis pages: in the sidebar, kept in the address, the same on every page."""

from __future__ import annotations

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.catalog import GRADES, TraceFilter, distinct, filter_traces
from rdpt_core.analysis.questions import HALVES
from rdpt_core.analysis.scope import FILTERS, Scope, in_natural_order, load_choices
from rdpt_core.ui.frame import trace_picker
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.style import words

_TITLES = {
    "benchmark": "Benchmark",
    "domain": "Domain",
    "grade": "Correctness",
    "model": "Written by",
    "difficulty": "Difficulty",
    "half": "Half of the questions",
}


def choose_scope(page: PageContext) -> Scope:
    """Draw the filters that leave a choice, and return what is chosen.

    A filter stands in the sidebar only if its traces differ in it. Domains are those of the chosen benchmark.
    """
    choices = page.data.ask(load_choices)
    with st.sidebar:
        heading = st.empty()
        chosen: dict[str, str | None] = {}
        for name in FILTERS:
            values = _values(choices, name, chosen.get("benchmark"))
            if len(values) > 1 or st.session_state.get(name) is not None:
                chosen[name] = trace_picker.choose_value(_TITLES[name], name, values)
        # A half is chosen where it is of use; from then on every page shows that it counts.
        if st.session_state.get("half") is not None or "half" in st.query_params:
            chosen["half"] = trace_picker.choose_value(_TITLES["half"], "half", HALVES)
        if chosen:
            heading.markdown("**Traces**")
    return Scope(**chosen)


def _values(choices: pa.Table, name: str, benchmark: str | None) -> list[str]:
    if name == "domain" and benchmark is not None:
        choices = filter_traces(choices, TraceFilter(benchmark=benchmark))
    values = distinct(choices, name)
    if name == "grade":
        # A run without any grade leaves no choice; correct and ungraded traces do.
        return [grade for grade in GRADES if grade in values]
    return in_natural_order(values)


def describe(scope: Scope) -> str:
    """The scope for a caption: short, and without anything that could be read as markup."""
    parts = [
        f"half {value} of the questions"
        if name == "half"
        else f"{_TITLES[name].lower()} {words.no_markdown(value, 30)}"
        for name, value in scope.items()
    ]
    return ", ".join(parts) or "all traces"


def explain_empty(scope: Scope, what: str = "scored sentence") -> None:
    """Shown in place of a page for which nothing is left."""
    if scope == Scope():
        st.info(f"This run has no {what} yet.", icon=":material/hourglass_empty:")
        return
    st.info(f"No {what} fits the filters on the left ({describe(scope)}).", icon=":material/filter_alt_off:")
    st.button("Clear the filters", on_click=_clear, key="clear_scope")


def _clear() -> None:
    for name in (*FILTERS, "half"):
        st.session_state[name] = None
