"""Taking a page elsewhere: its table as CSV and Parquet, its figures as PNG, SVG and HTML, and how both were made.

Files are made when their button is pressed, so that drawing a page costs nothing.
"""

from __future__ import annotations

import html
import io
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import streamlit as st

from rdpt_core.analysis.export.spreadsheet import csv_safe
from rdpt_core.analysis.which_teacher import chosen_teacher, teacher_name
from rdpt_core.ui.components.picture import picture_buttons
from rdpt_core.ui.frame import context
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.style.theme import PAGE, TEXT, Mode

Table: TypeAlias = pa.Table | Callable[[], pa.Table]

# A page of its own that can load nothing, whatever the data in it say.
_HTML = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>body {{ margin: 2rem auto; max-width: 72rem; padding: 0 1rem; font: 15px/1.5 sans-serif; \
background: {background}; color: {text}; }} p {{ overflow-wrap: anywhere; }}</style>
</head>
<body>
{figure}
<p>{methods}</p>
</body>
</html>
"""


def file_stem(page: PageContext, name: str) -> str:
    """How the names of files begin: what they hold, of which run, and seen with which teacher where it has several."""
    seen_with = "" if teacher_name(page.run) is None else f"-{chosen_teacher(page.run).name or 'own'}"
    return f"{name}-{page.run.run_id[:8]}{seen_with}"


def offer(page: PageContext, name: str, table: Table, figures: Mapping[str, go.Figure], methods: str) -> None:
    """Draw the button that opens everything there is to take away.

    Args:
        name: begins the names of all files, such as `benchmarks`.
        table: the numbers behind the page, or a function that makes them; one run on a thread of its own, so it may
            not draw.
        figures: as drawn on this page by `chart`, by their keys.
        methods: how they were made, as `methods_paragraph` says it.
    """
    mode = context.mode()
    stem = file_stem(page, name)
    with st.popover("Export", icon=":material/download:", key=f"export_{name}"):
        st.markdown("**The table**")
        left, right = st.columns(2)
        as_csv = safe_csv_bytes if safe_for_spreadsheets(f"export_{name}_safe") else csv_bytes
        for column, ending, make in ((left, "csv", as_csv), (right, "parquet", partial(parquet_bytes, methods))):
            column.download_button(
                ending.upper() if ending == "csv" else "Parquet",
                partial(_made, table, make),
                f"{stem}.{ending}",
                "text/csv" if ending == "csv" else "application/vnd.apache.parquet",
                key=f"export_{name}_{ending}",
                on_click="ignore",
                width="stretch",
            )
        for key, figure in figures.items():
            title = key.replace("_", " ")
            st.markdown(f"**The figure “{title}”**" if len(figures) > 1 else "**The figure**")
            left, right = st.columns([2, 1])
            with left:
                picture_buttons(key, title, f"{stem}-{key}", mode)
            right.download_button(
                "HTML",
                partial(figure_html, figure, title, methods, mode),
                f"{stem}-{key}.html",
                "text/html",
                key=f"export_{name}_{key}",
                on_click="ignore",
                width="stretch",
                help="A page of its own: interactive, 5 MB, needs no network.",
            )
        st.markdown("**How they were made**")
        st.code(methods, language=None, wrap_lines=True)


def safe_for_spreadsheets(key: str) -> bool:
    """Draw the switch below buttons that give CSV; returns whether its text cells are to stay text in a spreadsheet."""
    return st.checkbox(
        "CSV safe for spreadsheets",
        key=key,
        help="Spreadsheets evaluate text that begins with =, +, -, @, a tab or a return, and traces may hold such "
        "text. This puts an apostrophe before it. Leave it off for programs: then every character is as it was.",
    )


def _made(table: Table, make: Callable[[pa.Table], bytes]) -> bytes:
    return make(table() if callable(table) else table)


def csv_bytes(table: pa.Table) -> bytes:
    """The table as CSV: NULL as an empty cell, text in quotes."""
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink)
    return sink.getvalue()


def safe_csv_bytes(table: pa.Table) -> bytes:
    """The same, with an apostrophe before text that a spreadsheet would evaluate."""
    return csv_bytes(csv_safe(table))


def parquet_bytes(methods: str, table: pa.Table) -> bytes:
    """The table as Parquet, with the methods paragraph in its metadata."""
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table.replace_schema_metadata({"methods": methods}), sink, compression="zstd")
    return sink.getvalue()


def figure_html(figure: go.Figure, title: str, methods: str, mode: Mode) -> str:
    """The figure as one file that works without a network, with its methods paragraph below."""
    alone = go.Figure(figure).update_layout(paper_bgcolor=PAGE[mode], template="none", font_family="sans-serif")
    alone.update_xaxes(automargin=True)
    alone.update_yaxes(automargin=True)
    drawn = alone.to_html(
        include_plotlyjs=True, full_html=False, config={"displaylogo": False, "responsive": True}, validate=False
    )
    return _HTML.format(
        title=html.escape(title),
        background=PAGE[mode],
        text=TEXT[mode],
        figure=drawn,
        methods=html.escape(methods),
    )
