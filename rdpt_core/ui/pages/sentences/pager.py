"""Long lists of sentences, some at a time; the number of the page is in the address."""

from __future__ import annotations

import streamlit as st

PER_PAGE = 25
_KEY = "page"


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
