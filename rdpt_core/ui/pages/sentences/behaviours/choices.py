"""What the reader chooses, all of it in the address: label, family, standing, order, and one kind to open."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from rdpt_core.analysis.behaviours.discovery.results import Behaviour, Behaviours
from rdpt_core.analysis.behaviours.families import FAMILIES, WORDING
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.sentences.behaviours.naming import FOUND, NOT_FOUND, REPLICATED

_ALL = "all"
_OPENED_BY = "behaviour_opened_by"

# Each with what tells its kinds from the others.
_STANDINGS: dict[str, Callable[[Behaviour], bool]] = {
    _ALL: lambda row: True,
    REPLICATED: lambda row: row.is_replicated,
    "only one model's": lambda row: row.is_replicated and (row.verdict or "").startswith("only"),
    "preferred": lambda row: row.is_replicated and (row.verdict or "").startswith("preferred"),
    FOUND: lambda row: row.is_found and not row.is_replicated,
    NOT_FOUND: lambda row: not row.is_found,
}

# Each with what comes first when it is largest; missing numbers come last.
_ORDERS: dict[str, Callable[[Behaviour], float | None]] = {
    "evidence": lambda row: None,
    "lift": lambda row: row.lift,
    "share": lambda row: row.share,
    "excess": lambda row: row.excess,
    "frequency": lambda row: row.n_sentences,
}


def choose_label(page: PageContext) -> str:
    """Draw the labels of the run; that of the upper model is the default."""
    scheme = scheme_of(page.run.roles)
    chosen: str | None = st.segmented_control(
        "Label",
        list(page.data.labels),
        default=str(scheme.above),
        key="behaviour_label",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    return chosen or str(scheme.above)


def choose_rows(found: Behaviours) -> tuple[Behaviour, ...]:
    """Draw the filters, and return the kinds that fit them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        family = st.selectbox(
            "Family",
            [_ALL, *FAMILIES],
            # What is built alike often says the same: of all families together, most kinds are repetitions.
            index=1 + FAMILIES.index(WORDING),
            key="behaviour_family",
            bind="query-params",
            width=170,
            help="**wording**: whole sentences that say the same. **opening**: the first one to three words. **parts "
            "of speech**: how a sentence is built. **lens**: eight kinds that we define. **tag**: yours, or imported.",
        )
        which = st.selectbox(
            "Which",
            list(_STANDINGS),
            key="behaviour_standing",
            bind="query-params",
            width=210,
            help="**replicated**: found on one half of the questions, and again on the other.",
        )
        order = st.selectbox(
            "First those with most",
            list(_ORDERS),
            key="behaviour_order",
            bind="query-params",
            width=170,
            help="**evidence**: the smallest p-value. **lift**: the share over that of all other sentences. "
            "**excess**: the share minus that without the teacher. **frequency**: the number of sentences.",
        )
    fits = _STANDINGS[which or _ALL]
    rows = [row for row in found.rows if family in (_ALL, row.family) and fits(row)]
    return tuple(_ordered(rows, order or "evidence"))


def _ordered(rows: Sequence[Behaviour], order: str) -> list[Behaviour]:
    key = _ORDERS[order]

    def place(row: Behaviour) -> float:
        value = key(row)
        return float("inf") if value is None else -value

    # Sorting keeps equal ones, so the surest stays first among them.
    return sorted(rows, key=place)


def open_kind(source: str, row: Behaviour | None) -> None:
    """Open a kind, or none, for the run of the script that follows.

    Args:
        source: which part of the page was clicked: the kind is shown below that.
    """
    st.session_state[_OPENED_BY] = source
    if row is not None:
        st.query_params["kind"], st.query_params["kind_of"] = row.kind, row.family
        return
    for name in ("kind", "kind_of"):
        st.query_params.pop(name, None)


def is_asked() -> bool:
    """Whether the address names a kind to open."""
    return "kind" in st.query_params


def opened(found: Behaviours) -> Behaviour | None:
    """The kind that the address names, if it was tested."""
    kind, family = st.query_params.get("kind"), st.query_params.get("kind_of")
    return next((row for row in found.rows if row.kind == kind and family in (None, row.family)), None)


def opened_by() -> str:
    """Below which part of the page it is shown."""
    source: str = st.session_state.get(_OPENED_BY, "figure")
    return source
