"""Figures of the benchmarks page: shares of every cell, and the difference of two of them."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from rdpt_core.analysis.run.group_shares import CrossCell, CrossTable, Difference
from rdpt_core.analysis.run.shares import GroupShares
from rdpt_core.ui.parts.share_figure import shares_figure
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout
from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, TEXT, Mode, label_key, tone


def cell_name(cell: CrossCell, limit: int = 24) -> str:
    """The row and, if there is one, the column; safe for plotly."""
    names = [words.no_markup(name, limit) for name in (cell.row, cell.column) if name]
    return " · ".join(names)


def cells_figure(cells: CrossTable, shown: Sequence[int], unit: str, mode: Mode) -> go.Figure:
    """Stacked bars and points with intervals, one line a cell.

    A click returns as customdata the place of the cell in `shown` and that of the label.
    """
    found = [cells.cells[place] for place in shown]
    figure = shares_figure([GroupShares(cell.row, cells.labels, cell.intervals) for cell in found], mode)
    figure.update_yaxes(ticktext=[_tick(cell) for cell in found])
    figure.layout.annotations[0].text = f"share of {unit}"
    figure.layout.annotations[1].text = "with 95% intervals"
    for trace in figure.data:
        k = trace.customdata[0][1]
        trace.hovertext = [_hover(cells, cell, k, unit) for cell in found]
        # A click must not fade the numbers of what was not clicked.
        trace.unselected.textfont.color = TEXT[mode] if trace.type == "bar" else PAGE[mode]
    for place in range(1, len(found)):
        if cells.column_dimension is not None and found[place].row != found[place - 1].row:
            line = {"color": RULE[mode], "width": 1}
            figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=place - 0.5, y1=place - 0.5, yref="y", line=line)
    figure.update_layout(height=112 + 70 * len(found))
    return figure


def _tick(cell: CrossCell) -> str:
    n = cell.intervals
    return (
        f"<b>{cell_name(cell)}</b><br>{words.count(n.n_questions, 'question')}, {words.count(n.n_traces, 'trace')}<br>"
        f"{words.count(cell.n_sentences, 'sentence')} "
    )


def _hover(cells: CrossTable, cell: CrossCell, k: int, unit: str) -> str:
    n = cell.intervals
    if n.refused is None:
        spread = f"95% interval {words.percent(float(n.low[k]))} to {words.percent(float(n.high[k]))}"
    else:
        spread = f"no interval: {n.refused}"
    return (
        f"<b>{cells.labels[k]} {words.percent(float(n.share[k]))}</b> of {unit} in {cell_name(cell, 40)}<br>"
        f"{spread}<br>{words.count(n.n_questions, 'question')}, {words.count(n.n_traces, 'trace')}, "
        f"{words.count(cell.n_sentences, 'sentence')}<br>click for the traces"
    )


def difference_figure(labels: Sequence[str], found: Difference, mode: Mode) -> go.Figure:
    """The difference of every label's share, in percentage points, with its interval."""
    figure = go.Figure()
    for place, label in enumerate(labels):
        key = label_key(label)
        ink = tone(key, mode).ink
        value = 100 * float(found.value[place])
        spread = None
        if found.refused is None:
            spread = {
                "type": "data",
                "symmetric": False,
                "array": [100 * float(found.high[place]) - value],
                "arrayminus": [value - 100 * float(found.low[place])],
                "color": ink,
                "thickness": 2,
                "width": 5,
            }
        figure.add_trace(
            go.Scatter(
                x=[value],
                y=[place],
                error_x=spread,
                mode="markers+text",
                text=[MARKS[key].letter],
                textfont={"size": 9, "color": PAGE[mode]},
                marker={"color": ink, "size": 15},
                hovertext=[points_in_words(label, found, place)],
                hoverinfo="text",
                showlegend=False,
            )
        )
    figure.update_layout(
        base_layout(mode),
        height=70 + 34 * len(labels),
        margin={"l": 8, "r": 16, "t": 8, "b": 40},
    )
    figure.update_xaxes(
        title={"text": "difference in percentage points", "font": {"size": 12, "color": MUTED[mode]}},
        gridcolor=RULE[mode],
        zeroline=True,
        zerolinecolor=TEXT[mode],
        fixedrange=True,
    )
    figure.update_yaxes(
        tickvals=list(range(len(labels))),
        ticktext=[f"{label} " for label in labels],
        range=[len(labels) - 0.4, -0.6],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    return figure


def points_in_words(label: str, found: Difference, place: int) -> str:
    """`Teacher +11.5 points (95% 5.3 to 18.0)`."""
    text = f"{label} {100 * float(found.value[place]):+.1f} points"
    if found.refused is not None:
        return f"{text} (no interval: {found.refused})"
    return f"{text} (95% interval {100 * float(found.low[place]):+.1f} to {100 * float(found.high[place]):+.1f})"
