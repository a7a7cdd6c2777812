"""Position curves as small multiples: labels together for all traces, or correct against incorrect label by label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.positions import Area, Curve, Panel, PositionTable
from rdpt_core.ui import words
from rdpt_core.ui.figures import base_layout
from rdpt_core.ui.theme import MARKS, MUTED, RULE, Mode, label_key, tone

LINE_DASH = {"all": "solid", "correct": "solid", "incorrect": "dash"}
_PER_ROW = 3


def curves_figure(panels: Sequence[Panel], table: PositionTable, kinds: Sequence[str], mode: Mode) -> go.Figure:
    """One facet a panel with the curves of all labels, and below each how many traces get that far.

    A click returns as customdata the places of panel, label, curve and point.
    """
    across = min(_PER_ROW, len(panels))
    down = -(-len(panels) // across)
    figure = make_subplots(
        rows=2 * down,
        cols=across,
        row_heights=[0.8, 0.2] * down,
        vertical_spacing=0.11 / down,
        horizontal_spacing=0.06,
        subplot_titles=_titles(panels, across, down),
    )
    for place, panel in enumerate(panels):
        row, column = 2 * (place // across) + 1, place % across + 1
        for k in range(len(kinds)):
            _add_curve(figure, panel, place, 0, k, table, kinds, mode, row, column, show_legend=place == 0)
        _add_counts(figure, panel, table, mode, row + 1, column)
        figure.update_yaxes(range=[0, 1], tickformat=".0%", row=row, col=column, showticklabels=column == 1)
        figure.update_xaxes(showticklabels=False, row=row, col=column)
        figure.update_yaxes(title={"text": "traces", "font": {"size": 11}}, row=row + 1, col=column)
    _finish(figure, table, mode, 90 + 330 * down)
    return figure


def _titles(panels: Sequence[Panel], across: int, down: int) -> list[str]:
    titles = [f"<b>{words.no_markup(p.name, 30)}</b>, {words.count(p.n_questions, 'question')}" for p in panels]
    titles += [""] * (across * down - len(titles))
    return [text for row in range(down) for text in (*titles[row * across : (row + 1) * across], *[""] * across)]


def compare_figure(panels: Sequence[Panel], table: PositionTable, kinds: Sequence[str], mode: Mode) -> go.Figure:
    """A row a panel and a column a label: correct traces as solid, incorrect ones as dashed lines; counts at the right.

    A click returns the same customdata as in `curves_figure`.
    """
    letters = [f"<b>{MARKS[label_key(kind)].letter} {kind}</b>" for kind in kinds]
    figure = make_subplots(
        rows=len(panels),
        cols=len(kinds) + 1,
        shared_xaxes="all",
        column_widths=[1.0] * len(kinds) + [0.75],
        vertical_spacing=min(0.06, 0.25 / max(1, len(panels))),
        horizontal_spacing=0.03,
        column_titles=[*letters, "traces there"],
    )
    for place, panel in enumerate(panels):
        for k in range(len(kinds)):
            for line in range(len(panel.curves)):
                _add_curve(figure, panel, place, line, k, table, kinds, mode, place + 1, k + 1, show_legend=False)
            figure.update_yaxes(range=[0, 1], tickvals=[0, 0.5, 1], row=place + 1, col=k + 1, tickformat=".0%")
            figure.update_yaxes(showticklabels=k == 0, row=place + 1, col=k + 1)
            if panel.area is not None:
                _note(figure, area_in_words(panel.area, k), mode, place + 1, k + 1)
        figure.update_yaxes(
            title={"text": f"<b>{words.no_markup(panel.name, 16)}</b>", "font": {"size": 12}}, row=place + 1, col=1
        )
        _add_counts(figure, panel, table, mode, place + 1, len(kinds) + 1)
        figure.update_yaxes(side="right", row=place + 1, col=len(kinds) + 1)
    for name in ("correct", "incorrect"):
        style = {"color": MUTED[mode], "dash": LINE_DASH[name], "width": 2}
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="lines", name=f"{name} traces", line=style), row=1, col=1)
    # The areas of the first row stand between its facets and these titles.
    figure.update_annotations(selector={"yref": "paper"}, yshift=16)
    _finish(figure, table, mode, 130 + 170 * len(panels), top=88)
    return figure


def area_in_words(area: Area, k: int) -> str:
    """`+18.6 (13.0 to 24.2)`, in percentage points."""
    value, low, high = (100 * float(v[k]) for v in (area.value, area.low, area.high))
    return f"{value:+.1f} ({low:.1f} to {high:.1f})"


def _note(figure: go.Figure, text: str, mode: Mode, row: int, column: int) -> None:
    figure.add_annotation(
        text=text,
        x=0.5,
        y=1.0,
        xref="x domain",
        yref="y domain",
        yanchor="bottom",
        row=row,
        col=column,
        showarrow=False,
        font={"size": 10, "color": MUTED[mode]},
    )


def middles(table: PositionTable) -> np.ndarray:
    """Where points stand on the axis: the position, the middle of its bin, or the middle of the part in percent."""
    if table.is_relative:
        return 50 * (table.edges[:-1] + table.edges[1:])
    return (table.edges[:-1] + 1 + table.edges[1:]) / 2


def place_in_words(table: PositionTable, point: int) -> str:
    """`sentence 3`, `sentences 5 to 8`, `5% to 10% of the trace`."""
    low, high = table.edges[point], table.edges[point + 1]
    if table.is_relative:
        return f"{low:.0%} to {high:.0%} of the trace"
    return f"sentence {int(high)}" if high - low == 1 else f"sentences {int(low) + 1} to {int(high)}"


def _add_curve(
    figure: go.Figure,
    panel: Panel,
    place: int,
    line: int,
    k: int,
    table: PositionTable,
    kinds: Sequence[str],
    mode: Mode,
    row: int,
    column: int,
    *,
    show_legend: bool,
) -> None:
    curve, key = panel.curves[line], label_key(kinds[k])
    ink, n, x = tone(key, mode).ink, curve.n_shown, middles(table)
    if not n:
        return
    band = [*curve.high[:n, k], *curve.low[:n, k][::-1]]
    figure.add_trace(
        go.Scatter(
            x=[*x[:n], *x[:n][::-1]],
            y=band,
            fill="toself",
            fillcolor=_faint(ink, 0.16),
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
        ),
        row=row,
        col=column,
    )
    figure.add_trace(
        go.Scatter(
            x=x[:n],
            y=curve.share[:n, k],
            mode="lines+markers",
            name=f"{MARKS[key].letter} {kinds[k]}",
            legendgroup=kinds[k],
            showlegend=show_legend,
            line={"color": ink, "width": 2, "dash": LINE_DASH[curve.line]},
            marker={"size": 5, "color": ink, "symbol": "circle-open" if curve.line == "incorrect" else "circle"},
            customdata=[[place, k, line, point] for point in range(n)],
            hovertext=[_hover(panel, curve, k, point, table, kinds) for point in range(n)],
            hoverinfo="text",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        ),
        row=row,
        col=column,
    )


def _faint(ink: str, opacity: float) -> str:
    red, green, blue = (int(ink[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _hover(panel: Panel, curve: Curve, k: int, point: int, table: PositionTable, kinds: Sequence[str]) -> str:
    share, low, high = (words.percent(float(v[point, k])) for v in (curve.share, curve.low, curve.high))
    whose = "" if curve.line == "all" else f", {curve.line} traces"
    return (
        f"<b>{kinds[k]} {share}</b> at {place_in_words(table, point)}<br>{words.no_markup(panel.name, 40)}{whose}<br>"
        f"95% band {low} to {high}<br>{words.count(int(curve.n_questions[point]), 'question')}, "
        f"{words.count(int(curve.n_traces[point]), 'trace')} there<br>click to read them"
    )


def _add_counts(figure: go.Figure, panel: Panel, table: PositionTable, mode: Mode, row: int, column: int) -> None:
    x = middles(table)
    for curve in panel.curves:
        figure.add_trace(
            go.Scatter(
                x=x,
                y=curve.n_traces,
                mode="lines",
                line={"color": MUTED[mode], "width": 1.5, "dash": LINE_DASH[curve.line], "shape": "hvh"},
                fill="tozeroy" if curve.line == "all" else None,
                fillcolor=_faint(MUTED[mode], 0.15),
                hovertext=[_count_hover(curve, point, table) for point in range(len(x))],
                hoverinfo="text",
                showlegend=False,
            ),
            row=row,
            col=column,
        )
    most = max((int(curve.n_traces.max(initial=0)) for curve in panel.curves), default=0)
    figure.update_yaxes(range=[0, 1.15 * max(1, most)], tickvals=[0, most], row=row, col=column)


def _count_hover(curve: Curve, point: int, table: PositionTable) -> str:
    whose = "" if curve.line == "all" else f"{curve.line}: "
    return (
        f"{place_in_words(table, point)}<br>{whose}{words.count(int(curve.n_traces[point]), 'trace')} of "
        f"{words.count(int(curve.n_questions[point]), 'question')}"
    )


def _finish(figure: go.Figure, table: PositionTable, mode: Mode, height: int, top: int = 64) -> None:
    layout: dict[str, Any] = base_layout(mode)
    layout["legend"] = {
        **layout["legend"],
        "y": 1,
        "yref": "container",
        "yanchor": "top",
        "x": 0,
        "xref": "container",
        "itemclick": False,
    }
    figure.update_layout(
        layout,
        height=height,
        margin={"l": 8, "r": 12, "t": top, "b": 44},
        hovermode="closest",
        clickmode="event+select",
    )
    edge = table.edges[-1] if not table.is_relative else 100
    first = 0 if table.is_relative else 1
    pad = 0.03 * (edge - first + 1)
    figure.update_xaxes(
        range=[first - pad, edge + pad],
        gridcolor=RULE[mode],
        zeroline=False,
        fixedrange=True,
        tickfont={"size": 11},
        ticksuffix="%" if table.is_relative else "",
        nticks=6,
    )
    figure.update_yaxes(gridcolor=RULE[mode], zeroline=False, fixedrange=True, tickfont={"size": 11})
    figure.update_annotations(selector={"yref": "paper"}, font={"size": 12.5})
    figure.add_annotation(
        text="part of the trace" if table.is_relative else "number of the sentence in its trace",
        x=0.5,
        y=0,
        xref="paper",
        yref="paper",
        yshift=-40,
        showarrow=False,
        font={"size": 12, "color": MUTED[mode]},
    )
