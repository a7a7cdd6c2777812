"""Overruling the strategies by hand, with a reason; kept in the sidecar beside the database."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rdpt_core.errors import SidecarError
from rdpt_core.store.basket import BasketItem, put_in_basket, read_basket, take_from_basket
from rdpt_core.ui import words
from rdpt_core.ui.frame import Frame

_MESSAGE = "basket_message"


def items(page: Frame) -> tuple[BasketItem, ...]:
    """What was decided by hand in this run; nothing, and a word of it, if the sidecar cannot be read."""
    try:
        return read_basket(page.source.path, page.run.run_id)
    except SidecarError as error:
        st.warning(
            f"The basket cannot be used: {words.no_markdown(str(error), 300)}", icon=":material/shopping_basket:"
        )
        return ()


def decide(
    page: Frame, question: tuple[str, str], candidates: Sequence[tuple[str, str]], decided: BasketItem | None
) -> None:
    """Choose one candidate of a question by hand.

    Args:
        question: benchmark and id.
        candidates: name on the page and trace id of every scored candidate.
        decided: what the basket holds for this question.
    """
    names = {trace_id: name for name, trace_id in candidates}
    with st.expander("Overrule by hand", icon=":material/shopping_basket:", expanded=decided is not None):
        if decided is not None:
            st.markdown(f"In the basket: **{names.get(decided.trace_id, 'a candidate that is gone')}**, because:")
            st.text(decided.reason or "(no reason given)")
        with st.form(key=f"decide_{question[0]}_{question[1]}", border=False):
            chosen = st.selectbox("Keep", list(names), format_func=lambda trace_id: names[trace_id])
            reason = st.text_input("Reason", max_chars=1000, placeholder="why this one, for whoever reads the manifest")
            pressed = st.form_submit_button("Put in the basket", type="primary", disabled=not names)
        if pressed and chosen is not None:
            if not reason.strip():
                st.warning("Give a reason: it goes into the manifest.")
            else:
                _write(lambda: put_in_basket(page.source.path, BasketItem(page.run.run_id, *question, chosen, reason)))
        if decided is not None and st.button("Leave it to the strategies again", key="take_out"):
            _write(lambda: take_from_basket(page.source.path, page.run.run_id, [question]))


def draw(page: Frame, decided: Sequence[BasketItem]) -> None:
    """All that was decided by hand."""
    if not decided:
        return
    st.subheader(f"Basket ({len(decided):,})", anchor=False)
    st.dataframe(
        [
            {
                "benchmark": words.plain(one.benchmark),
                "question": words.plain(one.question_id),
                "kept": words.plain(one.trace_id),
                "reason": words.plain(one.reason, 300),
                "chosen (UTC)": one.chosen_at,
            }
            for one in decided
        ],
        hide_index=True,
    )
    if st.button("Empty the basket", key="empty_basket"):
        _write(
            lambda: take_from_basket(
                page.source.path, page.run.run_id, [(one.benchmark, one.question_id) for one in decided]
            )
        )


def _write(action: object) -> None:
    """Do it and draw the page again; say so if the sidecar refuses."""
    try:
        action()  # type: ignore[operator]
    except SidecarError as error:
        st.error(words.no_markdown(str(error), 300))
        return
    st.rerun()
