"""What stands behind a clicked number: a list of sentences, each one click away from its trace."""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.run.drilldown import Drilldown, load_sentences
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.parts.sentence_table import training_column
from rdpt_core.ui.style import words

_VERDICT = {True: "✓ correct", False: "✗ incorrect", None: "– not graded"}


def show(page: PageContext, title: str, drilldown: Drilldown, key: str) -> None:
    """Draw the list; a click on a row opens the trace at that sentence.

    Args:
        title: what was clicked, as Markdown without anything from the data that is not escaped.
    """
    with st.container(border=True, key=f"drilldown_{key}"):
        if not drilldown.n:
            st.markdown(f"**{title}**: nothing.")
            return
        data = page.database.data(drilldown.run)
        table = data.ask(load_sentences, drilldown.trace_no, drilldown.sentence_index)
        training = {name: column.to_pylist() for name, column in training_column(data, table).items()}
        rows = table.to_pylist()
        cut = f", the first {len(rows):,} of them below" if len(rows) < drilldown.n else ""
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(f"**{title}**: {words.count(drilldown.n, 'trace')}{cut}. Click a row to read it in place.")
        if right.button("Read the first", key=f"{key}_read", icon=":material/menu_book:", width="stretch"):
            _open(drilldown.run, rows[0])
        event = st.dataframe(
            [
                {
                    "trace": words.plain(row["trace_id"]),
                    "benchmark": words.plain(row["benchmark"]),
                    "question": words.plain(row["question_id"]),
                    "answer": _VERDICT[row["correct"]],
                    "sentence": row["sentence"],
                    **{name: values[index] for name, values in {**drilldown.numbers, **training}.items()},
                    "text": words.plain(row["text"], 200),
                }
                for index, row in enumerate(rows)
            ],
            hide_index=True,
            height=min(300, 40 + 35 * len(rows)),
            on_select="rerun",
            selection_mode="single-row",
            key=f"{key}_rows",
            column_config={"text": st.column_config.TextColumn(width="large")},
        )
        if event.selection.rows:
            _open(drilldown.run, rows[event.selection.rows[0]])


def _open(run: Run, row: dict[str, object]) -> None:
    query = {"run": run.run_id, "trace": str(row["trace_id"]), "sentence": str(row["sentence"])}
    st.switch_page("pages/trace.py", query_params=query)
