"""Controls of the page Teachers: when a sentence counts as whose, and what the rows of the matrix are."""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.tables import ROUTED, AttributionTable, RowShares
from rdpt_core.analysis.scope import Scope
from rdpt_core.ui.frame import attribution
from rdpt_core.ui.frame.context import PageContext

_ROWS = {ROUTED: "routed teacher", "benchmark": "benchmark", "domain": "domain", "correctness": "correctness"}

_DEFAULT = AttributionRule.make()
_SCALE = "calibrated"

# Field of the rule → title, least and largest value, step, and what it decides.
_THRESHOLDS = {
    "sure": (
        "Sure from",
        (0.51, 0.99),
        0.01,
        "A sentence is attributed to one source if its posterior probability is at least this. Higher: fewer sentences "
        "get a single name, and fewer of those names are wrong.",
    ),
    "several": (
        "Several from",
        (0.01, 1.0),
        0.01,
        "Where no source is sure, every one is named whose posterior probability is at least this part of the highest. "
        "Higher: fewer names.",
    ),
    "shortfall": (
        "None beyond",
        (0.0, 20.0),
        0.05,
        "In nats a token. The distilled model wrote the sentence: if even the best source finds it less likely than "
        "the distilled model does by more than this, it comes from none of these. Lower: more sentences do.",
    ),
}


def choose_rule() -> AttributionRule:
    """Draw the thresholds, and whether models are brought to one scale first. The address and the reader follow."""
    before = attribution.chosen_rule()
    for name in (*_THRESHOLDS, _SCALE):
        st.session_state[_key(name)] = getattr(before, name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, (title, (least, most), step, help_text) in _THRESHOLDS.items():
            value = getattr(before, name)
            st.number_input(
                title,
                min(least, value),
                max(most, value),
                step=step,
                format="%.4g",
                key=_key(name),
                help=help_text,
                width=140,
                on_change=_follow,
            )
        st.toggle(
            "One scale for all",
            key=_key(_SCALE),
            help="Divides each model's logprobs by a temperature of its own, fitted on one half of the questions, so "
            "that a model with sharper or flatter probabilities gains nothing by that.",
            on_change=_follow,
        )
        st.button(
            "Defaults",
            icon=":material/restart_alt:",
            on_click=attribution.choose,
            args=(_DEFAULT,),
            disabled=before == _DEFAULT,
            help=", ".join(f"{title.lower()} {getattr(_DEFAULT, name):g}" for name, (title, *_) in _THRESHOLDS.items()),
        )
    return before


def _key(name: str) -> str:
    return f"attribution_{name}"


def _follow() -> None:
    """Before the page is drawn again, take over what the controls say."""
    values = {name: st.session_state[_key(name)] for name in (*_THRESHOLDS, _SCALE)}
    attribution.choose(AttributionRule.make(**values))


def choose_rows(page: PageContext, scope: Scope) -> str:
    """What the rows of the matrix are: what the traces in scope differ in, beginning with whom they were routed to."""
    names = page.data.trace_table(scope).names
    offered = [title for row, title in _ROWS.items() if row == ROUTED or len(names[row]) > 1]
    chosen = st.segmented_control(
        "Rows", offered, key="matrix_rows", default=offered[0], required=True, bind="query-params"
    )
    return next(row for row, title in _ROWS.items() if title == chosen)


def shown_rows(table: AttributionTable) -> tuple[RowShares, ...]:
    """The rows of the matrix, with all traces below them; these alone where no trace was routed."""
    if table.row_dimension == ROUTED and not table.is_routed:
        return (table.total,)
    return (*table.cells, table.total) if len(table.cells) > 1 else table.cells
