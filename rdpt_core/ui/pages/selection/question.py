"""One question: its candidates with all scores, why each winner won, and the way to read them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from rdpt_core.analysis.selection.side_by_side import SideBySide, candidate_rows, explain_choice, question_list
from rdpt_core.store.beside.basket import BasketItem
from rdpt_core.ui.components.card import Item, card
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.trace_picker import option_names, question_name
from rdpt_core.ui.pages.selection import basket
from rdpt_core.ui.style import words

_VERDICT = {True: "✓", False: "✗", None: "–"}


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The candidates of the chosen question, in the order of the run.

    Attributes:
        members: where each stands in the table of all candidates.
        rows: their ids, texts and grades.
        names: what tells them apart on the page.
    """

    members: Sequence[int]
    rows: Sequence[Mapping[str, Any]]
    names: Sequence[str]


def draw(page: PageContext, side_by_side: SideBySide, items: Sequence[BasketItem]) -> None:
    """The question's part of the page."""
    st.subheader("One question", anchor=False)
    number = _choose(page, side_by_side)
    if number is None:
        return
    members = np.flatnonzero(side_by_side.candidates.question == number).tolist()
    rows = page.data.ask(candidate_rows, tuple(side_by_side.candidates.trace_no[members].tolist()))
    candidates = _Candidates(members, rows, _sample_names(rows))
    question = page.data.ask(question_list)[number]
    asked = rows[0]["question"]
    card(
        "Question", [Item("Question", asked if asked is not None else "unknown", "long")], [], [], key="selection_card"
    )
    st.dataframe(
        _table(side_by_side, candidates),
        hide_index=True,
        column_config=_columns(side_by_side),
        placeholder="–",
    )
    reasons = (
        (selection.strategy.name, explain_choice(side_by_side.candidates, selection, members, candidates.names))
        for selection in side_by_side.selections
    )
    st.markdown("\n".join(f"- **{name}** {why}" for name, why in reasons))
    _read(page, side_by_side, candidates)
    decided = next((item for item in items if (item.benchmark, item.question_id) == question), None)
    is_scored = side_by_side.candidates.is_scored[members]
    scored = [
        (name, row["trace_id"]) for name, row, scores in zip(candidates.names, rows, is_scored, strict=True) if scores
    ]
    basket.decide(page, question, scored, decided)


def _choose(page: PageContext, side_by_side: SideBySide) -> int | None:
    questions = page.data.ask(question_list)
    only = st.checkbox(
        "Only questions on which the strategies differ",
        value=True,
        key="only_different",
        bind="query-params",
        disabled=not side_by_side.disagreed,
    )
    numbers = (
        side_by_side.disagreed
        if only and side_by_side.disagreed
        else side_by_side.contested or tuple(range(len(questions)))
    )
    # A list of a quarter of a million options would take the browser's memory, so it ends somewhere and says so.
    shown = list(numbers[:_MOST_OPTIONS])
    labels = option_names(
        shown, lambda n: f"{words.plain(questions[n][0], 20)} · {question_name(questions[n][1], None)}"
    )
    chosen: int | None = st.selectbox(
        f"Question ({len(numbers):,})", shown, key="question_pick", format_func=lambda n: labels[n]
    )
    if len(numbers) > len(shown):
        st.caption(f"The first {len(shown):,} of {len(numbers):,} questions can be chosen here.")
    return chosen


_MOST_OPTIONS = 5_000


def _sample_names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """`sample 2`, with the trace's id where samples are not told apart by their number."""
    samples = [row["sample"] for row in rows]
    if len(set(samples)) == len(samples):
        return [f"sample {sample}" for sample in samples]
    return [f"sample {row['sample']} ({words.no_markdown(row['trace_id'], 24)})" for row in rows]


def _table(side_by_side: SideBySide, candidates: _Candidates) -> list[dict[str, Any]]:
    all_candidates, selections = side_by_side.candidates, side_by_side.selections
    table = []
    for member, row, name in zip(candidates.members, candidates.rows, candidates.names, strict=True):
        number = all_candidates.question[member]
        line: dict[str, Any] = {
            "candidate": words.plain(name),
            "correct": _VERDICT[row["correct"]],
            "kept by": [selection.strategy.name for selection in selections if selection.best[number] == member],
            "tokens": _value(all_candidates["n_tokens"][member]),
            "sentences": _value(all_candidates["n_sentences"][member]),
            **({"Teacher": _value(all_candidates["n_teacher"][member])} if all_candidates.has_teacher else {}),
            "beginning": words.plain(row["beginning"], 80),
        }
        scores = {selection.strategy.name: _value(selection.score[member]) for selection in selections}
        table.append({**line, **scores, "scored": bool(all_candidates.is_scored[member])})
    return table


def _value(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _columns(side_by_side: SideBySide) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    whole = {name: number(format="localized") for name in ("tokens", "sentences", "Teacher")}
    scores = {
        selection.strategy.name: number(
            format="%.4g", help=f"Keeps the {selection.strategy.best}: {selection.strategy.formula}"
        )
        for selection in side_by_side.selections
    }
    kept = st.column_config.ListColumn("kept by", help="Strategies whose first choice this candidate is.")
    scored = st.column_config.CheckboxColumn(help="Whether every model that counts here gave every token a logprob.")
    return {
        **whole,
        **scores,
        "kept by": kept,
        "scored": scored,
        "beginning": st.column_config.TextColumn(width="medium"),
    }


def _read(page: PageContext, side_by_side: SideBySide, candidates: _Candidates) -> None:
    """Two candidates beside each other, at first the choices of two strategies that differ."""
    first, second = _worth_comparing(side_by_side, candidates.members)
    rows, names = candidates.rows, candidates.names
    options = range(len(rows))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        key = f"{rows[0]['trace_no']}"
        left = st.selectbox(
            "Read", options, index=first, key=f"read_left_{key}", format_func=lambda n: names[n], width=220
        )
        if len(rows) > 1:
            right = st.selectbox(
                "beside", options, index=second, key=f"read_right_{key}", format_func=lambda n: names[n], width=220
            )
            if st.button("Compare", icon=":material/compare:", key="compare_two", disabled=left == right):
                st.switch_page(
                    "pages/compare.py",
                    query_params={
                        "run": page.run.run_id,
                        "trace": rows[left]["trace_id"],
                        "run2": page.run.run_id,
                        "trace2": rows[right]["trace_id"],
                    },
                )
        if st.button("Read alone", icon=":material/article:", key="read_one"):
            st.switch_page("pages/trace.py", query_params={"run": page.run.run_id, "trace": rows[left]["trace_id"]})


def _worth_comparing(side_by_side: SideBySide, members: Sequence[int]) -> tuple[int, int]:
    """Which two of the candidates are most worth comparing, as indices into `members`; the same twice if there is one.

    The first two different choices of the strategies; where they all agree, their choice and the first of the others.
    """
    number = side_by_side.candidates.question[members[0]]
    kept = (int(selection.best[number]) for selection in side_by_side.selections)
    chosen = [members.index(member) for member in kept if member >= 0]
    order = list(dict.fromkeys([*chosen, *range(len(members))]))[:2]
    return order[0], order[-1]
