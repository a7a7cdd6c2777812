"""Long lists of sentences, some at a time; the number of the page is in the address."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from rdpt_core.analysis.run.search import Passage
from rdpt_core.ui.components.results import chosen_address, passage_item, results
from rdpt_core.ui.frame import links

PER_PAGE = 25
_KEY = "page"


def follow(key: str) -> None:
    """Go where a click on the list of this key led; called before anything is drawn."""
    address = st.session_state.pop(_chosen(key), None)
    if address is not None:
        st.switch_page("pages/trace.py", query_params=address)


def items(found: Sequence[Passage], *, with_run: bool) -> list[dict[str, Any]]:
    """Sentences as the list shows them, with links that open alone."""
    shown = [passage_item(passage, with_run=with_run) for passage in found]
    return [{**item, "address": links.within_database(item["address"])} for item in shown]


def draw(name: str, shown: Sequence[dict[str, Any]], first: int, key: str) -> None:
    """The list; a click on one opens it in its trace.

    Args:
        name: what the list is called, for those who cannot see it.
        first: the number of the first item, from 0.
        key: for `follow`.
    """
    results(name, shown, first + 1, key, partial(open_chosen, key))


def open_chosen(key: str) -> None:
    """Remember what was clicked, in a callback; `follow` goes there, since a callback cannot leave its page."""
    address = chosen_address(key)
    if address is not None:
        st.session_state[_chosen(key)] = address


def _chosen(key: str) -> str:
    return f"{key}_chosen"


def shown(n: int) -> tuple[int, int]:
    """The first and, not included, the last of `n` items that are on the page of the address; `n` is at least 1."""
    first = (_page_number(n) - 1) * PER_PAGE
    return first, min(first + PER_PAGE, n)


def buttons(n: int) -> None:
    """Steps to the pages before and after; nothing where one page holds all."""
    n_pages = -(-n // PER_PAGE)
    if n_pages == 1:
        return
    number = _page_number(n)
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        previous, following = number - 1, number + 1
        st.button("Previous", icon=":material/chevron_left:", on_click=_to_page, args=(previous,), disabled=number == 1)
        st.markdown(f"Page {number:,} of {n_pages:,}", width="content")
        st.button(
            "Next",
            icon=":material/chevron_right:",
            icon_position="right",
            on_click=_to_page,
            args=(following,),
            disabled=number == n_pages,
        )


def to_first() -> None:
    """What is listed changes: begin again."""
    st.query_params.pop(_KEY, None)


def _page_number(n: int) -> int:
    text = st.query_params.get(_KEY, "1")
    # Cut: the address is anybody's, and Python refuses to read thousands of digits.
    number = int(text[:12]) if text.isdecimal() else 1
    return min(max(number, 1), -(-n // PER_PAGE))


def _to_page(number: int) -> None:
    st.query_params[_KEY] = str(number)
