"""Figures of the page: a label in groups of traces, places in the trace, and neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.behaviours.patterns.places import PARTS
from rdpt_core.analysis.behaviours.patterns.shapes import Places
from rdpt_core.analysis.run.group_shares import Difference
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.analysis.statistics.methods import DIFFERENCE_INTERVAL
from rdpt_core.ui.parts.share_figure import interval_in_words
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars, row_axis
from rdpt_core.ui.style.theme import MUTED, PAGE, RULE, TEXT, Mode, label_look

_ROW_PX = 46
_MARGINS = {"l": 8, "r": 16, "t": 40, "b": 46}


class Pair(NamedTuple):
    """Two sides of one group, and what the group is called; the name may come from data."""

    name: str
    first: ShareIntervals | None
    second: ShareIntervals | None


def pairs_figure(pairs: Sequence[Pair], sides: tuple[str, str], label: str, k: int, mode: Mode) -> go.Figure:
    """One row a group: the share of one label on both sides, filled and open, with intervals.

    Args:
        sides: what the filled and the open points are.
        k: the index of the label.
    """
    ink = label_look(label, mode).tone.ink
    figure = go.Figure()
    for place, side in enumerate(sides):
        shown = [
            (row, pair, one)
            for row, pair in enumerate(pairs)
            if (one := pair.second if place else pair.first) is not None and one.n_counted
        ]
        figure.add_trace(
            go.Scatter(
                x=[float(one.share[k]) for _, _, one in shown],
                y=[row + 0.28 * place - 0.14 for row, _, _ in shown],
                error_x=_share_bars([one for _, _, one in shown], k, ink),
                mode="markers",
                name=words.no_markup(side, 40),
                marker={
                    "size": 11,
                    "symbol": "square" if place else "circle",
                    "color": PAGE[mode] if place else ink,
                    "line": {"color": ink, "width": 2},
                },
                hovertext=[_share_hover(f"{pair.name}, {side}", label, one, k) for _, pair, one in shown],
                hoverinfo="text",
            )
        )
    figure.update_xaxes(
        **_share_axis([one for pair in pairs for one in (pair.first, pair.second) if one is not None], k, mode)
    )
    figure.update_xaxes(title=_title(f"share of {label}", mode))
    figure.update_yaxes(**row_axis([_tick(pair) for pair in pairs]))
    figure.update_layout(base_layout(mode), hovermode="closest", margin=_MARGINS)
    figure.update_layout(height=_MARGINS["t"] + _MARGINS["b"] + _ROW_PX * len(pairs))
    return figure


def places_figure(places: Places, label: str, k: int, mode: Mode) -> go.Figure:
    """By tenth of the trace, one panel above the other: how many of these sentences stand there, and how many of them
    carry one label; all other sentences beside them."""
    density = places.pattern.share, places.rest.share
    shares = [one.pattern for one in places.labels], [one.rest for one in places.labels]
    ink, muted = label_look(label, mode).tone.ink, MUTED[mode]
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.16,
        row_heights=[0.42, 0.58],
        subplot_titles=("where they stand: part of the sentences in each tenth", f"share of {label} there"),
    )
    for place, (part, name) in enumerate(zip(density, ("these", "all others"), strict=True)):
        figure.add_trace(
            go.Bar(
                x=list(PARTS),
                y=part.tolist(),
                name=name,
                legendgroup=name,
                marker={
                    "color": PAGE[mode] if place else muted,
                    "line": {"color": muted, "width": 1.5},
                },
                hovertemplate="%{y:.1%} of " + name + "<extra></extra>",
            ),
            row=1,
            col=1,
        )
    for place, (tenths, name) in enumerate(zip(shares, ("these", "all others"), strict=True)):
        known = [one if one.n_counted else None for one in tenths]
        figure.add_trace(
            go.Scatter(
                x=list(PARTS),
                y=[None if one is None else float(one.share[k]) for one in known],
                error_y=_optional_bars(known, k, ink if not place else muted),
                mode="lines+markers",
                # Filled and open mean the same as above, where the legend says it.
                showlegend=False,
                line={"color": muted if place else ink, "dash": "dot" if place else "solid", "width": 2},
                marker={
                    "symbol": "square" if place else "circle",
                    "size": 8,
                    "color": PAGE[mode] if place else ink,
                    "line": {"color": muted if place else ink, "width": 1.5},
                },
                hovertext=[
                    "" if one is None else _share_hover(f"{tenth} of the trace, {name}", label, one, k)
                    for tenth, one in zip(PARTS, known, strict=True)
                ],
                hoverinfo="text",
            ),
            row=2,
            col=1,
        )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", gridcolor=RULE[mode], zeroline=False, fixedrange=True)
    # Room above the highest bar and interval: both would be cut at the edge.
    most = max((float(part.max()) for part in density if not np.isnan(part).all()), default=1.0)
    figure.update_yaxes(range=[0, 1.12 * most], row=1, col=1)
    highest = [float(one.share[k] if one.refused else one.high[k]) for side in shares for one in side if one.n_counted]
    figure.update_yaxes(range=[0, 1.08 * max(highest, default=1.0) or 1.0], row=2, col=1)
    figure.update_xaxes(showgrid=False, fixedrange=True)
    figure.update_xaxes(title=_title("place in the trace", mode), row=2, col=1)
    figure.update_annotations(selector={"yref": "paper"}, font={"size": 13, "color": MUTED[mode]})
    legend = {"y": 1, "yanchor": "top", "yref": "container", "x": 0, "xref": "container", "itemclick": False}
    figure.update_layout(base_layout(mode), legend=legend, barmode="group", bargap=0.3, hovermode="closest")
    figure.update_layout(height=430, margin={"l": 8, "r": 12, "t": 62, "b": 48})
    return figure


def differences_figure(
    sides: Sequence[tuple[str, Difference]], labels: Sequence[str], title: str, mode: Mode
) -> go.Figure:
    """One panel a side, one row a label: a difference of shares with its interval, in percentage points.

    Args:
        sides: the titles of the panels, ours, and what each shows.
        title: of the axis.
    """
    figure = make_subplots(
        rows=1, cols=len(sides), shared_yaxes=True, horizontal_spacing=0.06, subplot_titles=[name for name, _ in sides]
    )
    for column, (name, found) in enumerate(sides, 1):
        for row, label in enumerate(labels):
            look = label_look(label, mode)
            value, low, high = (100 * float(end[row]) for end in (found.value, found.low, found.high))
            if math.isnan(value):
                continue
            has_ends = found.refused is None
            figure.add_trace(
                go.Scatter(
                    x=[value],
                    y=[row],
                    error_x=error_bars(
                        [high - value if has_ends else None], [value - low if has_ends else None], look.tone.ink
                    ),
                    mode="markers+text",
                    text=[look.letter],
                    textfont={"size": 9, "color": PAGE[mode]},
                    marker={"size": 15, "color": look.tone.ink},
                    hovertext=[f"<b>{label}</b>, {name}<br>{difference_in_words(found, row)}"],
                    hoverinfo="text",
                    showlegend=False,
                ),
                row=1,
                col=column,
            )
    ends = [
        abs(100 * float(end))
        for _, found in sides
        for array in (found.value, found.low, found.high)
        for end in array
        if not math.isnan(end)
    ]
    most = 1.1 * max(ends, default=1.0) or 1.0
    figure.update_xaxes(
        range=[-most, most],
        gridcolor=RULE[mode],
        zeroline=True,
        zerolinecolor=MUTED[mode],
        zerolinewidth=2,
        fixedrange=True,
        title=_title(title, mode),
    )
    figure.update_yaxes(**row_axis(list(labels)))
    figure.update_annotations(selector={"yref": "paper"}, font={"size": 13, "color": TEXT[mode]})
    figure.update_layout(base_layout(mode), hovermode="closest", margin=_MARGINS)
    figure.update_layout(height=_MARGINS["t"] + _MARGINS["b"] + 38 * len(labels))
    return figure


def difference_in_words(found: Difference, k: int) -> str:
    """`+27.1 points (95% interval of the difference +21.0 to +33.4)`."""
    value = f"{100 * float(found.value[k]):+.1f} points".replace("-", "−")
    if found.refused is not None:
        return f"{value} (no interval: {found.refused})"
    low, high = (f"{100 * float(end[k]):+.1f}".replace("-", "−") for end in (found.low, found.high))
    return f"{value} ({DIFFERENCE_INTERVAL.name} {low} to {high})"


def _share_bars(sides: Sequence[ShareIntervals], k: int, ink: str) -> dict[str, Any]:
    return _optional_bars(list(sides), k, ink)


def _optional_bars(sides: Sequence[ShareIntervals | None], k: int, ink: str) -> dict[str, Any]:
    known = [one if one is not None and one.refused is None else None for one in sides]
    above = [None if one is None else float(one.high[k] - one.share[k]) for one in known]
    below = [None if one is None else float(one.share[k] - one.low[k]) for one in known]
    return error_bars(above, below, ink, cap_width=3)


def _share_axis(sides: Sequence[ShareIntervals], k: int, mode: Mode) -> dict[str, Any]:
    highest = [float(one.share[k] if one.refused else one.high[k]) for one in sides if one.n_counted]
    end = min(1.0, max(0.2, math.ceil(10 * max(highest, default=1.0)) / 10))
    return {
        "range": [-0.03 * end, 1.03 * end],
        "tickformat": ".0%",
        "gridcolor": RULE[mode],
        "zeroline": False,
        "fixedrange": True,
    }


def _tick(pair: Pair) -> str:
    n = "" if pair.first is None else f"<br>{words.questions(pair.first.n_questions, pair.first.n_effective)}"
    return f"<b>{words.no_markup(pair.name, 24)}</b>{n}"


def _share_hover(name: str, label: str, intervals: ShareIntervals, k: int) -> str:
    n = words.count(intervals.n_counted, "sentence")
    questions = words.questions(intervals.n_questions, intervals.n_effective)
    return (
        f"<b>{label} {words.percent(float(intervals.share[k]))}</b> {words.no_markup(name)}<br>"
        f"{interval_in_words(intervals, k)}<br>{questions}, {n}"
    )


def _title(text: str, mode: Mode) -> dict[str, Any]:
    return {"text": text, "font": {"size": 12, "color": MUTED[mode]}, "standoff": 6}
