"""Figures of the benchmarks page: shares of every cell, and the difference of two of them."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from rdpt_core.analysis.run.group_shares import CrossCell, CrossTable, Difference
from rdpt_core.analysis.run.shares import GroupShares
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.parts.share_figure import interval_in_words, shares_figure
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars, row_axis
from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, TEXT, Mode, label_key, tone


def cell_name(cell: CrossCell, limit: int = 24) -> str:
    """The row and, if there is one, the column; safe for plotly."""
    names = [words.no_markup(name, limit) for name in (cell.row, cell.column) if name]
    return " · ".join(names)


def cells_figure(table: CrossTable, shown: Sequence[int], unit: str, mode: Mode) -> go.Figure:
    """Stacked bars and points with intervals, one line a cell.

    A click returns as customdata the index of the cell in `shown` and that of the label.
    """
    shown_cells = [table.cells[index] for index in shown]
    figure = shares_figure([GroupShares(cell.row, table.labels, cell.intervals) for cell in shown_cells], mode)
    figure.update_yaxes(ticktext=[_tick(cell) for cell in shown_cells])
    figure.layout.annotations[0].text = share_in_words(table, unit)
    for trace in figure.data:
        k = trace.customdata[0][1]
        trace.hovertext = [_hover(table, cell, k, unit) for cell in shown_cells]
        # A click must not fade the numbers of what was not clicked.
        trace.unselected.textfont.color = TEXT[mode] if trace.type == "bar" else PAGE[mode]
    for index in range(1, len(shown_cells)):
        if table.column_dimension is not None and shown_cells[index].row != shown_cells[index - 1].row:
            line = {"color": RULE[mode], "width": 1}
            figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=index - 0.5, y1=index - 0.5, yref="y", line=line)
    figure.update_layout(height=112 + 70 * len(shown_cells))
    return figure


def share_in_words(table: CrossTable, unit: str) -> str:
    """What the shares are of, and what weighs the same in them."""
    return f"share of {unit}{_averaged(table)}"


def _averaged(table: CrossTable) -> str:
    return "" if table.average == "sentences" else f", mean over {table.average}"


def _tick(cell: CrossCell) -> str:
    intervals = cell.intervals
    return (
        f"<b>{cell_name(cell)}</b><br>{words.questions(intervals.n_questions, intervals.n_effective)}<br>"
        f"{words.count(intervals.n_traces, 'trace')}, {words.count(cell.n_sentences, 'sentence')} "
    )


def _hover(table: CrossTable, cell: CrossCell, k: int, unit: str) -> str:
    intervals = cell.intervals
    return (
        f"<b>{table.labels[k]} {words.percent(float(intervals.share[k]))}</b> of {unit} in {cell_name(cell, 40)}"
        f"{_averaged(table)}<br>"
        f"{interval_in_words(intervals, k)}<br>{words.questions(intervals.n_questions, intervals.n_effective)}, "
        f"{words.count(intervals.n_traces, 'trace')}, {words.count(cell.n_sentences, 'sentence')}<br>"
        "click for the traces"
    )


def difference_figure(labels: Sequence[str], difference: Difference, mode: Mode) -> go.Figure:
    """The difference of every label's share, in percentage points, with its interval."""
    figure = go.Figure()
    for row, label in enumerate(labels):
        key = label_key(label)
        ink = tone(key, mode).ink
        value, low, high = (100 * float(v[row]) for v in (difference.value, difference.low, difference.high))
        known = difference.refused is None
        figure.add_trace(
            go.Scatter(
                x=[value],
                y=[row],
                error_x=error_bars([high - value], [value - low], ink, cap_width=5) if known else None,
                mode="markers+text",
                text=[MARKS[key].letter],
                textfont={"size": 9, "color": PAGE[mode]},
                marker={"color": ink, "size": 15},
                hovertext=[points_in_words(label, difference, row)],
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
    figure.update_yaxes(**row_axis(labels))
    return figure


def points_in_words(label: str, difference: Difference, k: int) -> str:
    """`Teacher +11.5 points (95% interval +5.3 to +18.0)`."""
    text = f"{label} {100 * float(difference.value[k]):+.1f} points"
    if difference.refused is not None:
        return f"{text} (no interval: {difference.refused})"
    low, high = 100 * float(difference.low[k]), 100 * float(difference.high[k])
    return f"{text} ({SHARE_INTERVAL.name} {low:+.1f} to {high:+.1f})"
