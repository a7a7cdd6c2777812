"""The picks of one strategy as a training file, and the command that writes the same file with its manifest."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial

import streamlit as st

from rdpt_core.analysis.labels import default_thresholds
from rdpt_core.analysis.selection.pick import select
from rdpt_core.analysis.selection.settings import Settings
from rdpt_core.analysis.selection.side_by_side import ComparisonPlan, SideBySide, picked_text, positions_of
from rdpt_core.analysis.selection.training import FORMATS
from rdpt_core.analysis.which_teacher import chosen_teacher
from rdpt_core.errors import RdptError
from rdpt_core.store.beside.basket import BasketItem
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.settings import shown
from rdpt_core.ui.parts.export_panel import file_stem
from rdpt_core.ui.style import words

_NAMES = {
    "messages": "TRL, messages",
    "prompt-completion": "TRL, prompt and completion",
    "sharegpt": "LLaMA-Factory, ShareGPT",
}


def draw(page: PageContext, plan: ComparisonPlan, side_by_side: SideBySide, items: Sequence[BasketItem]) -> None:
    """The end of the page."""
    st.subheader("Take the picks away", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.selectbox("Strategy", plan.names, key="take_strategy", width=220)
        format_name = st.selectbox(
            "Format", list(FORMATS), key="take_format", format_func=_NAMES.__getitem__, width=260
        )
        by_hand = st.checkbox("With the basket", value=True, key="take_basket", disabled=not items)
    selection = side_by_side.selections[plan.names.index(name)]
    basket = sorted(page.data.ask(positions_of, tuple(item.trace_id for item in items)).values())
    if basket and by_hand:
        try:
            selection = select(
                side_by_side.candidates, selection.strategy, plan.options, plan.guards, selection.budget, basket
            )
        except RdptError as error:
            st.warning(words.no_markdown(str(error), 300))
            return
    trace_nos = tuple(side_by_side.candidates.trace_no[selection.picked].tolist())
    st.download_button(
        f"Download {words.count(len(trace_nos), 'sample')}, {words.count(selection.n_tokens, 'token')}",
        partial(_text, page, trace_nos, format_name),
        f"{file_stem(page, name)}-{format_name}.jsonl",
        "application/jsonl",
        key="take_file",
        on_click="ignore",
        disabled=not trace_nos,
        type="primary",
        icon=":material/download:",
    )
    st.caption(
        "Responses are written as they are, character by character. This command writes the same file, with a manifest "
        "of everything that decided it:"
    )
    st.code(_command(page, plan, name, format_name, bool(basket and by_hand)), language=None, wrap_lines=True)


def _text(page: PageContext, trace_nos: tuple[int, ...], format_name: str) -> str:
    """Made when the button is pressed, in a thread of its own: without Streamlit's cache."""
    with open_reader(page.database.path) as reader:
        return picked_text(reader, page.run, trace_nos, format_name)


def _command(page: PageContext, plan: ComparisonPlan, name: str, format_name: str, by_hand: bool) -> str:
    guards, budget, rule = plan.guards, plan.budget, page.rule
    needs_expression = name == "expression" or (plan.equal_tokens and "expression" in plan.names)
    settings = Settings(
        strategy=name,
        format=format_name,
        expression=plan.options.expression if needs_expression else "",
        seed=plan.options.seed,
        per_question=budget.per_question,
        samples=budget.max_samples,
        tokens=budget.max_tokens,
        min_tokens=guards.min_tokens,
        max_tokens=guards.max_tokens,
        beta=None if rule.beta == default_thresholds(rule.unit, rule.space)[1] else rule.beta,
        unit=rule.unit,
        space=rule.space,
        with_marks=rule.marks,
        equal_tokens=plan.names if plan.equal_tokens else (),
        correct_only=guards.correct_only,
        basket=by_hand,
    )
    files = [f"--db {shlex.quote(shown(page.database.path))}", f"--run {page.run.run_id}", f"--out {name}.jsonl"]
    teacher = chosen_teacher(page.run)
    seen_with = [f"--teacher {teacher.name}"] if teacher.key is not None else []
    return " ".join(["rdpt select", *files, *seen_with, *settings.flags()])
