"""Traces as rows of squares, each sentence coloured by the gap that β judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa

from rdpt_core.analysis.labels import Space
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, click_targets
from rdpt_core.ui.style.theme import MUTED, RULE, Mode, label_key, tone

_VERDICT = {True: "✓", False: "✗", None: "–"}


def strip_figure(traces: pa.Table, values: pa.Table, first: int, scheme: Scheme, space: Space, mode: Mode) -> go.Figure:
    """Draw the traces in their order, the first on top. A square's customdata is (row, sentence_index).

    Args:
        traces: some rows of `load_trace_order`.
        values: as `load_strip` gives it, for these traces.
        first: the rank of the first one, from 0.
        scheme: says whose gap it is, and lends the colours of its labels.
    """
    row_of = {trace_no: row for row, trace_no in enumerate(traces.column("trace_no").to_pylist())}
    rows = np.array([row_of[trace_no] for trace_no in values.column("trace_no").to_pylist()], dtype=np.int32)
    columns = values.column("sentence_index").to_numpy()
    gaps = values.column("x").to_numpy(zero_copy_only=False).astype(np.float64)
    width = int(columns.max()) + 1 if len(columns) else 1
    grid = np.full((traces.num_rows, width), np.nan)
    grid[rows, columns] = gaps
    figure = go.Figure()
    _add_squares(figure, grid, scheme, space, mode)
    hover = [
        f"sentence {column + 1}: {gap:.3g}" if np.isfinite(gap) else f"sentence {column + 1}: unscored"
        for column, gap in zip(columns, gaps, strict=True)
    ]
    figure.add_scatter(
        x=columns + 1,
        y=rows,
        customdata=np.column_stack([rows, columns]).astype(np.int32),
        text=hover,
        hovertemplate="%{text}<br>click to read it<extra></extra>",
        **click_targets(12),
    )
    ticks = [_tick(row, first + index) for index, row in enumerate(traces.to_pylist())]
    _lay_out(figure, ticks, width, mode)
    return figure


def _add_squares(figure: go.Figure, grid: np.ndarray, scheme: Scheme, space: Space, mode: Mode) -> None:
    known = np.abs(grid[np.isfinite(grid)])
    # A few extreme sentences would leave all others grey.
    limit = float(np.quantile(known, 0.98)) if len(known) else 1.0
    below, above = (tone(label_key(label), mode).ink for label in (scheme.below, scheme.above))
    n_rows, width = grid.shape
    figure.add_heatmap(
        x=np.arange(1, width + 1),
        y=np.arange(n_rows),
        z=grid,
        zmid=0,
        zmin=-limit or -1,
        zmax=limit or 1,
        colorscale=[[0, below], [0.5, RULE[mode]], [1, above]],
        colorbar={"title": words.gap_symbol(scheme, space), "thickness": 12},
        hoverinfo="skip",
        hoverongaps=False,
        xgap=1,
        ygap=1,
    )


def _lay_out(figure: go.Figure, ticks: Sequence[str], width: int, mode: Mode) -> None:
    figure.update_layout(
        base_layout(mode),
        height=90 + 15 * max(len(ticks), 6),
        margin={"l": 8, "r": 8, "t": 10, "b": 8},
        hovermode="closest",
        clickmode="event+select",
    )
    figure.update_xaxes(title="sentence", showgrid=False, zeroline=False, fixedrange=True, range=[0.5, width + 0.5])
    figure.update_yaxes(
        tickvals=list(range(len(ticks))),
        ticktext=ticks,
        tickfont={"size": 10, "color": MUTED[mode]},
        range=[len(ticks) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        automargin=True,
        linecolor=RULE[mode],
    )


def _tick(row: Mapping[str, Any], rank: int) -> str:
    name = words.no_markup(row["trace_id"], 24)
    return f"{rank + 1}. {name} {_VERDICT[row['correct']]} {row['mean']:+.2f}"
