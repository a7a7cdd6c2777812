"""Traces as rows of squares, each sentence coloured by its gap between teacher and student."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule, Space
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout
from rdpt_core.ui.style.theme import MUTED, RULE, Mode, tone

_VERDICT = {True: "✓", False: "✗", None: "–"}


def strip_figure(traces: pa.Table, values: pa.Table, first: int, rule: LabelRule, mode: Mode) -> go.Figure:
    """Draw the traces in their order, the first on top. A square's customdata is (row, sentence_index).

    Args:
        traces: some rows of `load_trace_order`.
        values: as `load_strip` gives it, for these traces.
        first: the rank of the first one, from 0.
    """
    row_of = {number: row for row, number in enumerate(traces.column("trace_no").to_pylist())}
    rows = np.array([row_of[number] for number in values.column("trace_no").to_pylist()], dtype=np.int32)
    columns = values.column("sentence_index").to_numpy()
    x = values.column("x").to_numpy(zero_copy_only=False).astype(np.float64)
    width = int(columns.max()) + 1 if len(columns) else 1
    grid = np.full((traces.num_rows, width), np.nan)
    grid[rows, columns] = x
    known = np.abs(x[np.isfinite(x)])
    most = float(np.quantile(known, 0.98)) if len(known) else 1.0
    symbol = "ln p<sub>T</sub> − ln p<sub>S</sub>" if rule.space is Space.RATIO else "p<sub>T</sub> − p<sub>S</sub>"
    figure = go.Figure()
    figure.add_heatmap(
        x=np.arange(1, width + 1),
        y=np.arange(traces.num_rows),
        z=grid,
        zmid=0,
        zmin=-most or -1,
        zmax=most or 1,
        colorscale=[[0, tone("student", mode).ink], [0.5, RULE[mode]], [1, tone("teacher", mode).ink]],
        colorbar={"title": symbol, "thickness": 12},
        hoverinfo="skip",
        hoverongaps=False,
        xgap=1,
        ygap=1,
    )
    # A heatmap reports no clicks, so an invisible point lies on every square.
    hover = [
        f"sentence {c + 1}: {v:.3g}" if np.isfinite(v) else f"sentence {c + 1}: unscored"
        for c, v in zip(columns, x, strict=True)
    ]
    figure.add_scatter(
        x=columns + 1,
        y=rows,
        customdata=np.column_stack([rows, columns]).astype(np.int32),
        text=hover,
        mode="markers",
        marker={"size": 12, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        showlegend=False,
        hovertemplate="%{text}<br>click to read it<extra></extra>",
    )
    figure.update_layout(
        base_layout(mode),
        height=90 + 15 * max(traces.num_rows, 6),
        margin={"l": 8, "r": 8, "t": 10, "b": 8},
        hovermode="closest",
        clickmode="event+select",
    )
    figure.update_xaxes(title="sentence", showgrid=False, zeroline=False, fixedrange=True, range=[0.5, width + 0.5])
    figure.update_yaxes(
        tickvals=list(range(traces.num_rows)),
        ticktext=[_tick(row, first + place) for place, row in enumerate(traces.to_pylist())],
        tickfont={"size": 10, "color": MUTED[mode]},
        range=[traces.num_rows - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        automargin=True,
        linecolor=RULE[mode],
    )
    return figure


def _tick(row: Mapping[str, Any], rank: int) -> str:
    name = words.no_markup(row["trace_id"], 24)
    return f"{rank + 1}. {name} {_VERDICT[row['correct']]} {row['mean']:+.2f}"
