"""What stands behind a clicked number: a list of sentences, each one click away from its trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from rdpt_core.analysis.run import drilldown
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame.context import Frame
from rdpt_core.ui.style import words

_VERDICT = {True: "✓ correct", False: "✗ incorrect", None: "– not graded"}


@dataclass(frozen=True, slots=True)
class Behind:
    """What to list.

    Attributes:
        title: what was clicked, as Markdown without anything from the data that is not escaped.
        n: how many there are; the lists below may be cut.
        trace_no, sentence_index: at most `behind.LIMIT` of them.
        numbers: more columns by name, each as long as the lists.
    """

    title: str
    n: int
    noun: str
    trace_no: Sequence[int]
    sentence_index: Sequence[int]
    numbers: dict[str, Sequence[float]]


def show(page: Frame, run: Run, found: Behind, key: str) -> None:
    """Draw the list; a click on a row opens the trace at that sentence."""
    with st.container(border=True, key=f"behind_{key}"):
        if not found.n:
            st.markdown(f"**{found.title}**: nothing.")
            return
        table = page.source.ask(
            drilldown.load_sentences, run, tuple(map(int, found.trace_no)), tuple(map(int, found.sentence_index))
        )
        rows = table.to_pylist()
        cut = f", the first {len(rows):,} of them below" if len(rows) < found.n else ""
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(f"**{found.title}**: {words.count(found.n, found.noun)}{cut}. Click a row to read it in place.")
        if right.button("Read the first", key=f"{key}_read", icon=":material/menu_book:", width="stretch"):
            _open(run, rows[0])
        event = st.dataframe(
            [
                {
                    "trace": words.plain(row["trace_id"]),
                    "benchmark": words.plain(row["benchmark"]),
                    "question": words.plain(row["question_id"]),
                    "answer": _VERDICT[row["correct"]],
                    "sentence": row["sentence"],
                    **{name: values[place] for name, values in found.numbers.items()},
                    "text": words.plain(row["text"], 200),
                }
                for place, row in enumerate(rows)
            ],
            hide_index=True,
            height=min(300, 40 + 35 * len(rows)),
            on_select="rerun",
            selection_mode="single-row",
            key=f"{key}_rows",
            column_config={"text": st.column_config.TextColumn(width="large")},
        )
        if event.selection.rows:
            _open(run, rows[event.selection.rows[0]])


def _open(run: Run, row: dict[str, object]) -> None:
    query = {"run": run.run_id, "trace": str(row["trace_id"]), "sentence": str(row["sentence"])}
    st.switch_page("pages/trace.py", query_params=query)
