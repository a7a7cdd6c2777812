"""Overruling the strategies by hand, with a reason; kept in the sidecar beside the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from rdpt_core.errors import SidecarError
from rdpt_core.store.beside.basket import BasketItem, put_in_basket, read_basket, take_from_basket
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.style import words

_MESSAGE = "basket_message"


def items(page: PageContext) -> tuple[BasketItem, ...]:
    """What was decided by hand in this run; nothing, and a word of it, if the sidecar cannot be read."""
    try:
        return read_basket(page.database.path, page.run.run_id)
    except SidecarError as error:
        st.warning(
            f"The basket cannot be used: {words.no_markdown(str(error), 300)}", icon=":material/shopping_basket:"
        )
        return ()


def decide(
    page: PageContext, question: tuple[str, str], candidates: Sequence[tuple[str, str]], decided: BasketItem | None
) -> None:
    """Choose one candidate of a question by hand.

    Args:
        question: benchmark and id.
        candidates: name on the page and trace id of every scored candidate.
        decided: what the basket holds for this question.
    """
    names = {trace_id: name for name, trace_id in candidates}
    message = st.session_state.pop(_MESSAGE, None)
    with st.expander("Overrule by hand", icon=":material/shopping_basket:", expanded=bool(decided or message)):
        if decided is not None:
            st.markdown(f"In the basket: **{names.get(decided.trace_id, 'a candidate that is gone')}**, because:")
            st.text(decided.reason)
        keep, reason = (f"{what}_{question[0]}/{question[1]}" for what in ("keep", "reason"))
        st.selectbox("Keep", list(names), format_func=lambda trace_id: names[trace_id], key=keep)
        st.text_input("Reason", max_chars=1000, placeholder="why this one, for whoever reads the manifest", key=reason)
        if message:
            st.warning(message)
        with st.container(horizontal=True):
            st.button(
                "Put in the basket",
                type="primary",
                disabled=not names,
                key="put_in_basket",
                on_click=_put,
                args=(page, question, keep, reason),
            )
            if decided is not None:
                st.button("Leave it to the strategies again", key="take_out", on_click=_take, args=(page, [question]))


def draw(page: PageContext, decided: Sequence[BasketItem]) -> None:
    """All that was decided by hand."""
    if not decided:
        return
    st.subheader(f"Basket ({len(decided):,})", anchor=False)
    st.dataframe(
        [
            {
                "benchmark": words.plain(item.benchmark),
                "question": words.plain(item.question_id),
                "kept": words.plain(item.trace_id),
                "reason": words.plain(item.reason, 300),
                "chosen (UTC)": item.chosen_at,
            }
            for item in decided
        ],
        hide_index=True,
    )
    questions = [(item.benchmark, item.question_id) for item in decided]
    st.button("Empty the basket", key="empty_basket", on_click=_take, args=(page, questions))


def _put(page: PageContext, question: tuple[str, str], keep: str, reason: str) -> None:
    text = st.session_state[reason].strip()
    if not text:
        st.session_state[_MESSAGE] = "Give a reason: it goes into the manifest."
        return
    item = BasketItem(page.run.run_id, *question, st.session_state[keep], text)
    _write(partial(put_in_basket, page.database.path, item))


def _take(page: PageContext, questions: Sequence[tuple[str, str]]) -> None:
    _write(partial(take_from_basket, page.database.path, page.run.run_id, questions))


def _write(action: Callable[[], None]) -> None:
    """Do it; what the sidecar says against it is shown with the page."""
    try:
        action()
    except SidecarError as error:
        st.session_state[_MESSAGE] = words.no_markdown(str(error), 300)
