"""One question: its candidates with all scores, why each winner won, and the way to read them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from rdpt_core.analysis.selection.side_by_side import SideBySide, candidate_rows, explain_choice, question_list
from rdpt_core.store.basket import BasketItem
from rdpt_core.ui.components.card import Item, card
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.trace_picker import option_names, question_name
from rdpt_core.ui.pages.selection import basket
from rdpt_core.ui.style import words

_VERDICT = {True: "✓", False: "✗", None: "–"}


def draw(page: PageContext, found: SideBySide, items: Sequence[BasketItem]) -> None:
    """The question's part of the page."""
    st.subheader("One question", anchor=False)
    number = _choose(page, found)
    if number is None:
        return
    members = np.flatnonzero(found.candidates.question == number)
    rows = page.data.ask(candidate_rows, tuple(found.candidates.trace_no[members].tolist()))
    names = _sample_names(rows)
    benchmark, question_id = page.data.ask(question_list)[number]
    asked = rows[0]["question"]
    card(
        "Question", [Item("Question", asked if asked is not None else "unknown", "long")], [], [], key="selection_card"
    )
    st.dataframe(
        _table(found, members.tolist(), rows, names),
        hide_index=True,
        column_config=_columns(found),
        placeholder="–",
    )
    reasons = ((one.strategy.name, explain_choice(one, members.tolist(), names)) for one in found.selections)
    st.markdown("\n".join(f"- **{name}** {why}" for name, why in reasons))
    _read(page, rows, names, found, members.tolist())
    decided = next((one for one in items if (one.benchmark, one.question_id) == (benchmark, question_id)), None)
    scored = [place for place, member in enumerate(members) if found.candidates.is_scored[member]]
    basket.decide(
        page, (benchmark, question_id), [(names[place], rows[place]["trace_id"]) for place in scored], decided
    )


def _choose(page: PageContext, found: SideBySide) -> int | None:
    questions = page.data.ask(question_list)
    only = st.checkbox(
        "Only questions on which the strategies differ",
        value=True,
        key="only_different",
        bind="query-params",
        disabled=not found.disagreed,
    )
    numbers = found.disagreed if only and found.disagreed else found.contested or tuple(range(len(questions)))
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


def _table(
    found: SideBySide, members: Sequence[int], rows: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> list[dict[str, Any]]:
    candidates = found.candidates
    table = []
    for member, row, name in zip(members, rows, names, strict=True):
        keepers = [one.strategy.name for one in found.selections if one.best[candidates.question[member]] == member]
        line: dict[str, Any] = {
            "candidate": words.plain(name),
            "correct": _VERDICT[row["correct"]],
            "kept by": keepers,
            "tokens": _value(candidates["n_tokens"][member]),
            "sentences": _value(candidates["n_sentences"][member]),
            "Teacher": _value(candidates["n_teacher"][member]),
            "beginning": words.plain(row["beginning"], 80),
        }
        scores = {one.strategy.name: _value(one.score[member]) for one in found.selections}
        table.append({**line, **scores, "scored": bool(candidates.is_scored[member])})
    return table


def _value(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _columns(found: SideBySide) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    whole = {name: number(format="localized") for name in ("tokens", "sentences", "Teacher")}
    scores = {
        one.strategy.name: number(format="%.4g", help=f"Keeps the {one.strategy.best}: {one.strategy.formula}")
        for one in found.selections
    }
    kept = st.column_config.ListColumn("kept by", help="Strategies whose first choice this candidate is.")
    scored = st.column_config.CheckboxColumn(help="Whether teacher and student gave every token a logprob.")
    return {
        **whole,
        **scores,
        "kept by": kept,
        "scored": scored,
        "beginning": st.column_config.TextColumn(width="medium"),
    }


def _read(
    page: PageContext,
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    found: SideBySide,
    members: Sequence[int],
) -> None:
    """Two candidates beside each other, at first the choices of two strategies that differ."""
    first, second = _two(found, members)
    places = range(len(rows))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        key = f"{rows[0]['trace_no']}"
        left = st.selectbox(
            "Read", places, index=first, key=f"read_left_{key}", format_func=lambda n: names[n], width=220
        )
        if len(rows) > 1:
            right = st.selectbox(
                "beside", places, index=second, key=f"read_right_{key}", format_func=lambda n: names[n], width=220
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


def _two(found: SideBySide, members: Sequence[int]) -> tuple[int, int]:
    """Places of the two candidates that are most worth comparing."""
    number = found.candidates.question[members[0]]
    kept = [int(one.best[number]) for one in found.selections if one.best[number] >= 0]
    different = list(dict.fromkeys(kept))
    places = [list(members).index(one) for one in different[:2]]
    for place in range(len(members)):
        if len(places) < 2 and place not in places:
            places.append(place)
    return places[0], places[-1]
