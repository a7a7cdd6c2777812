"""Files to take away."""

from __future__ import annotations

import io
import re

import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from rdpt_core.ui.parts import export_panel

TABLE = pa.table({"name": ["a,b", 'c "d"', None], "share": [0.25, None, 1.0]})


def test_csv_and_parquet_hold_the_table() -> None:
    csv = pyarrow.csv.read_csv(io.BytesIO(export_panel.csv_bytes(TABLE)), convert_options=_NULLS)
    assert csv.equals(TABLE)
    parquet = pyarrow.parquet.read_table(io.BytesIO(export_panel.parquet_bytes("how it was made", TABLE)))
    assert parquet.equals(TABLE)
    assert parquet.schema.metadata[b"methods"] == b"how it was made"


def test_a_spreadsheet_evaluates_nothing_of_the_safe_csv() -> None:
    table = pa.table({"text": ["=1", "1"], "n": [-1, 1]})
    assert export_panel.csv_bytes(table) == b'"text","n"\n"=1",-1\n"1",1\n'
    assert export_panel.safe_csv_bytes(table) == b'"text","n"\n"\'=1",-1\n"1",1\n'


_NULLS = pyarrow.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)


def test_html_stands_alone_and_reads_no_markup() -> None:
    hostile = "</script><script>alert(1)</script><img src=x>"
    figure = go.Figure(go.Bar(x=[hostile], y=[1]))
    page = export_panel.figure_html(figure, hostile, hostile, "dark")
    assert "plotly.js v" in page
    assert re.search(r"<script[^>]+src=|<link|@import", page) is None
    assert "default-src 'none'" in page
    assert hostile not in page
    assert figure.layout.paper_bgcolor is None, "the figure of the page stays as it is"


def test_tables_may_come_as_functions() -> None:
    assert export_panel._made(lambda: TABLE, export_panel.csv_bytes) == export_panel.csv_bytes(TABLE)
