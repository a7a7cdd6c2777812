"""The sentences that changed most between two times of the training: a table that leads to them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.labels import Space
from rdpt_core.analysis.run.training.changed import N_CHANGED, Change, load_changed
from rdpt_core.analysis.run.training.points import Point
from rdpt_core.analysis.schemes import WITHOUT_TEACHER
from rdpt_core.analysis.scope import Scope
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.training.figures import column_in_words
from rdpt_core.ui.parts.sentence_table import clickable_table, link_column, open_sentence, plain_column
from rdpt_core.ui.style import words
from rdpt_core.ui.style.theme import MARKS, label_key


def draw_changed(page: PageContext, scope: Scope, points: tuple[Point, ...]) -> None:
    """The controls and the table; a click on a row opens its sentence."""
    st.subheader("The sentences that changed most", anchor=False)
    asked = _choose(points)
    if asked is None:
        return
    first, last, change, min_tokens = asked
    table = page.data.ask(load_changed, page.rule, scope, points, first, last, change, min_tokens)
    if not table.num_rows:
        st.info("No sentence fits: try other times, or fewer tokens.", icon=":material/filter_alt_off:")
        return
    beginning = "The first " if table.num_rows == N_CHANGED else ""
    letters = ", ".join(f"{MARKS[label_key(label)].letter} {label}" for label in WITHOUT_TEACHER.labels)
    st.caption(
        f"{beginning}{words.count(table.num_rows, 'sentence')}, sorted by how far the model's {_what(page)} at "
        f"{column_in_words(points[last])} is from that at {column_in_words(points[first])}. The small curve runs over "
        f"all times from the start; the letters are the labels against the student ({letters}). Click a row to read "
        "the sentence in its trace."
    )
    clicked = clickable_table(_shown(page, table, points), "changed", _columns(page), ("context",))
    if clicked is not None:
        row = table.slice(clicked, 1).to_pylist()[0]
        open_sentence(page.run, row["trace_id"], row["sentence"])


def _choose(points: tuple[Point, ...]) -> tuple[int, int, Change, int] | None:
    names = [column_in_words(point) for point in points]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = st.selectbox("From", names, 0, key="from", bind="query-params", width=150)
        last = st.selectbox("to", names, len(names) - 1, key="to", bind="query-params", width=150)
        change = st.segmented_control(
            "Those that became",
            list(map(str, Change)),
            default=str(Change.EITHER),
            key="became",
            bind="query-params",
            required=True,
            width="content",
        )
        min_tokens = st.number_input(
            "At least … tokens",
            1,
            1000,
            1,
            key="min_tokens",
            bind="query-params",
            width=140,
            help="Very short sentences reach extremes most easily, because their mean has few terms.",
        )
    if first == last:
        st.info("Choose two different times.")
        return None
    return names.index(first), names.index(last), Change(change), int(min_tokens)


def _what(page: PageContext) -> str:
    return "p" if page.rule.space is Space.DIFFERENCE else "mean logprob"


def _shown(page: PageContext, table: pa.Table, points: tuple[Point, ...]) -> pa.Table:
    values = zip(*(table.column(f"v_{k}").to_pylist() for k in range(len(points))), strict=True)
    letters = ["–", *(MARKS[label_key(label)].letter for label in WITHOUT_TEACHER.labels)]
    paths = table.column("path").to_pylist()
    return pa.table(
        {
            "text": plain_column(table, "text"),
            "change": table.column("change"),
            "along training": pa.array([list(row) for row in values], pa.list_(pa.float64())),
            "labels": pa.array([" ".join(letters[code] for code in path) for path in paths]),
            "n_tokens": table.column("n_tokens"),
            **{name: plain_column(table, name, 60) for name in ("benchmark", "question_id", "trace_id")},
            "sentence": table.column("sentence"),
            "context": link_column(page.run, table),
        }
    )


def _columns(page: PageContext) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    low, high = (0.0, 1.0) if page.rule.space is Space.DIFFERENCE else (None, None)
    return {
        "text": st.column_config.TextColumn(width="large"),
        "change": number(format="%+.3f", help="What the table is sorted by"),
        "along training": st.column_config.LineChartColumn(
            help="The model's value at every time", y_min=low, y_max=high
        ),
        "n_tokens": number("tokens", help="Tokens of the model that wrote the trace"),
        "context": st.column_config.LinkColumn(display_text="open", help="The trace at this sentence, in a new tab"),
    }
