"""Figures of the training page: shares and mean values by step, and when sentences turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from rdpt_core.analysis.labels import Space
from rdpt_core.analysis.run.training.curves import MeanCurve, ShareCurves
from rdpt_core.analysis.run.training.points import Point, places
from rdpt_core.analysis.run.training.turns import Turns
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.parts.share_figure import interval_in_words
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, click_targets
from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, TEXT, Mode, label_key, tone

_PER_ROW = 3
_GAP = 0.06
_ROW_PX, _ONE_PX, _MARGIN_PX = 250, 360, 110


def shares_figure(curves: Sequence[ShareCurves], truly: bool, mode: Mode) -> go.Figure:
    """A panel a group: each label's share by step, over its interval.

    A click returns as customdata the indices of the panel, the label and the point.
    """
    n_columns = min(_PER_ROW, len(curves))
    n_rows = -(-len(curves) // n_columns)
    row_px = _ONE_PX if n_rows == 1 else _ROW_PX
    width, height = (1 - _GAP * (n_columns - 1)) / n_columns, 1 / n_rows
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"annotations": []}
    for number, group in enumerate(curves):
        row, column = divmod(number, n_columns)
        suffix = "" if number == 0 else str(number + 1)
        left, top = column * (width + _GAP), 1 - row * height
        bottom = top - height + (0.16 if n_rows > 1 else 0)
        layout[f"xaxis{suffix}"] = _step_axis(group.points, truly, mode) | {
            "domain": [left, left + width],
            "anchor": f"y{suffix}",
        }
        layout[f"yaxis{suffix}"] = _axis(mode) | {
            "domain": [bottom, top - (0.12 / n_rows if len(curves) > 1 else 0)],
            "anchor": f"x{suffix}",
            "range": [0, 1],
            "tickformat": ".0%",
            "showticklabels": column == 0,
        }
        axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        for k, label in enumerate(group.labels):
            data += _share_curve(group, number, k, label, truly, mode, axes, in_legend=number == 0)
        if len(curves) > 1:
            layout["annotations"].append(_title(_panel_name(group), left + width / 2, top, mode))
    return _figure(data, layout, _MARGIN_PX + row_px * n_rows, mode)


def _panel_name(group: ShareCurves) -> str:
    last = group.intervals[-1]
    # On two lines, so that names fit beside each other on a narrow screen; hovering tells what the questions are worth.
    return f"<b>{words.no_markup(group.group, 22)}</b><br>{words.count(last.n_questions, 'question')}"


def _share_curve(
    group: ShareCurves,
    number: int,
    k: int,
    label: str,
    truly: bool,
    mode: Mode,
    axes: dict[str, str],
    *,
    in_legend: bool,
) -> list[dict[str, Any]]:
    share, low, high = (
        np.array([getattr(shares, name)[k] for shares in group.intervals]) for name in ("share", "low", "high")
    )
    texts = [
        f"<b>{label} {words.percent(float(shares.share[k]))}</b> {point_in_words(point)}<br>"
        f"{interval_in_words(shares, k)}<br>{words.questions(shares.n_questions, shares.n_effective)}, "
        f"{words.count(shares.n_counted, 'sentence')}<br>click to read some"
        for point, shares in zip(group.points, group.intervals, strict=True)
    ]
    x = places(group.points, truly=truly)
    customdata = [[number, k, j] for j in range(len(x))]
    return _placed(_curve(x, share, low, high, label, texts, mode), axes, customdata, in_legend=in_legend)


def _placed(
    traces: list[dict[str, Any]], axes: dict[str, str], customdata: list[list[int]] | None, *, in_legend: bool
) -> list[dict[str, Any]]:
    """The band and the line of a curve on their axes; with customdata, points of the line can be clicked."""
    band, line = traces
    clickable = {} if customdata is None else {"customdata": customdata}
    return [band | axes, line | axes | clickable | {"showlegend": in_legend}]


def _curve(
    x: Sequence[float],
    value: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    label: str,
    texts: Sequence[str],
    mode: Mode,
) -> list[dict[str, Any]]:
    """The band and the line of a curve; where there is no interval, there is no band."""
    key = label_key(label)
    ink, known = tone(key, mode).ink, np.isfinite(low)
    band_x = np.asarray(x)[known]
    band = {
        "type": "scatter",
        "x": np.concatenate([band_x, band_x[::-1]]),
        "y": np.concatenate([high[known], low[known][::-1]]),
        "fill": "toself",
        "fillcolor": _translucent(ink),
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
        "showlegend": False,
    }
    line = {
        "type": "scatter",
        "x": list(x),
        "y": value,
        "mode": "lines+markers",
        "name": f"{MARKS[key].letter} {label}",
        "legendgroup": label,
        "line": {"color": ink, "width": 2},
        "marker": {"size": 7, "color": ink},
        "hovertext": list(texts),
        "hoverinfo": "text",
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }
    return [band, line]


def means_figure(
    curves: Sequence[MeanCurve], points: Sequence[Point], space: Space, truly: bool, mode: Mode
) -> go.Figure:
    """The mean value by step of the sentences that end with each label."""
    x = places(points, truly=truly)
    data: list[dict[str, Any]] = []
    for curve in curves:
        texts = [
            f"<b>{curve.mean[j]:.3f}</b> {point_in_words(point)}<br>{curve.label} in the end: "
            f"{words.count(curve.n_sentences, 'sentence')}<br>"
            + (curve.refused or f"{SHARE_INTERVAL.name} {curve.low[j]:.3f} to {curve.high[j]:.3f}")
            for j, point in enumerate(points)
        ]
        traces = _curve(x, curve.mean, curve.low, curve.high, curve.label, texts, mode)
        data += _placed(traces, {}, None, in_legend=True)
    axis = {"range": [0, 1]} if space is Space.DIFFERENCE else {}
    title = "mean p" if space is Space.DIFFERENCE else "mean ln p, in nats"
    layout = {
        "xaxis": _step_axis(points, truly, mode),
        "yaxis": _axis(mode) | axis | {"title": {"text": title, "font": {"size": 12, "color": MUTED[mode]}}},
    }
    return _figure(data, layout, 340, mode)


def turns_figure(turns: Turns, mode: Mode) -> go.Figure:
    """A row a label, a column a time: which part of the sentences came to a label at a time and kept it.

    A click returns as customdata the indices of the label and the point.
    """
    names = [f"{MARKS[label_key(label)].letter} {label}" for label in turns.labels]
    columns = [column_in_words(point) for point in turns.points]
    share = np.array([[turns.share(k, j)[0] for j in range(len(columns))] for k in range(len(names))])
    most = max(0.01, float(np.nanmax(share, initial=0.0)))
    figure = go.Figure()
    figure.add_heatmap(
        x=list(range(len(columns))),
        y=list(range(len(names))),
        z=share,
        zmin=0,
        zmax=most,
        colorscale=[[0, PAGE[mode]], [1, tone("teacher", mode).ink]],
        showscale=False,
        xgap=3,
        ygap=3,
        hoverinfo="skip",
    )
    cells = [(k, j) for k in range(len(names)) for j in range(len(columns))]
    for k, j in cells:
        is_dark = share[k, j] > 0.55 * most
        figure.add_annotation(
            x=j,
            y=k,
            text=f"<b>{words.percent(float(share[k, j]))}</b><br>{turns.n[k, j]:,}" if turns.n[k, j] else "·",
            showarrow=False,
            font={"color": PAGE[mode] if is_dark else TEXT[mode], "size": 12},
        )
    figure.add_scatter(
        x=[j for _, j in cells],
        y=[k for k, _ in cells],
        customdata=[list(cell) for cell in cells],
        text=[_turn_hover(turns, k, j) for k, j in cells],
        hovertemplate="%{text}<extra></extra>",
        **click_targets(40, "square"),
    )
    figure.update_layout(
        base_layout(mode),
        height=110 + 58 * len(names),
        margin={"l": 8, "r": 8, "t": 34, "b": 8},
        clickmode="event+select",
    )
    figure.update_xaxes(
        side="top",
        tickvals=list(range(len(columns))),
        ticktext=columns,
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        range=[-0.55, len(columns) - 0.45],
    )
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[f"{name} " for name in names],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        range=[len(names) - 0.5, -0.5],
    )
    return figure


def _turn_hover(turns: Turns, k: int, j: int) -> str:
    share, low, high = turns.share(k, j)
    when = "from start to end" if j == 0 else f"to the end, {point_in_words(turns.points[j])} for the first time"
    interval = turns.intervals.refused or f"{SHARE_INTERVAL.name} {words.percent(low)} to {words.percent(high)}"
    return (
        f"<b>{words.percent(share)}</b> are {turns.labels[k]} {when}<br>"
        f"{words.count(int(turns.n[k, j]), 'sentence')}<br>{interval}<br>click to read some"
    )


def point_in_words(point: Point) -> str:
    """`at step 400`, `before training`, `in the end`."""
    if point.is_start:
        return "before training"
    if point.is_final and point.step is None:
        return "in the end"
    name = words.no_markup(point.name, 24)
    at = f"at step {name}" if point.name.isdecimal() else f"at {name}"
    return f"{at}, the end" if point.is_final else at


def column_in_words(point: Point) -> str:
    """`start`, `400`, `800 (final)`."""
    name = words.no_markup(point.name, 14)
    return f"{name} (final)" if point.is_final and point.name != "final" else name


def _step_axis(points: Sequence[Point], truly: bool, mode: Mode) -> dict[str, Any]:
    x = places(points, truly=truly)
    pad = 0.03 * (x[-1] - x[0] or 1.0)
    return _axis(mode) | {
        "tickvals": x,
        "ticktext": [column_in_words(point) for point in points],
        "range": [x[0] - pad, x[-1] + pad],
        "title": {"text": "checkpoint", "font": {"size": 12, "color": MUTED[mode]}},
    }


def _axis(mode: Mode) -> dict[str, Any]:
    return {"gridcolor": RULE[mode], "zeroline": False, "fixedrange": True, "tickfont": {"size": 11}}


def _title(text: str, x: float, y: float, mode: Mode) -> dict[str, Any]:
    return {
        "text": text,
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "center",
        "yanchor": "top",
        "showarrow": False,
        "font": {"size": 12, "color": TEXT[mode]},
    }


def _figure(data: list[dict[str, Any]], layout: dict[str, Any], height: int, mode: Mode) -> go.Figure:
    return go.Figure(
        {
            "data": data,
            "layout": {
                **base_layout(mode),
                **layout,
                "height": height,
                "margin": {"l": 8, "r": 12, "t": 40, "b": 44},
                "hovermode": "closest",
                "clickmode": "event+select",
            },
        }
    )


def _translucent(ink: str) -> str:
    red, green, blue = (int(ink[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"
