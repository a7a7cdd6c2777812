"""The joint chart of one trace: one line a role over the sentences, the background coloured by label."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import plotly.graph_objects as go

from rdpt_core.analysis.labels import Space, Unit
from rdpt_core.analysis.trace_view import TraceView
from rdpt_core.ui.figures import base_layout, hatched, unscored_fill
from rdpt_core.ui.theme import MARKS, ROLE_DASH, ROLE_SYMBOL, RULE, TEXT, Mode, label_key, role_ink, tone

WINDOW = 100
"""With more sentences than this, the chart shows a window, over a strip with the labels of the whole trace."""

UNSCORED = "unscored"

_HEIGHT = 240
_STRIP_HEIGHT = 34


def window_around(n: int, selected: int | None, first: int) -> int:
    """First sentence of the window: `first`, moved just as far as it takes to hold the chosen sentence."""
    if selected is not None and not first <= selected < first + WINDOW:
        first = selected - WINDOW // 2
    return max(0, min(first, n - WINDOW))


def joint_figure(view: TraceView, mode: Mode, selected: int | None, first: int = 0) -> go.Figure:
    """Draw the chart; a click on a line returns the sentence's index as customdata.

    Args:
        first: where the window begins, if the trace is longer than one.
    """
    n = view.sentences.num_rows
    last = min(n, first + WINDOW)
    values = {role: view.column(f"v_{role}") for role in view.roles}
    known = [value for column in values.values() for value in column if value is not None]
    low, high = (min([*known, -0.01]) * 1.04, 0.0) if view.rule.space is Space.RATIO else (0.0, 1.0)
    keys = _mark_keys(view)
    figure = go.Figure()
    _background(figure, keys[first:last], first, mode, low, high)
    for role in view.roles:
        figure.add_scatter(
            x=list(range(first + 1, last + 1)),
            y=values[role][first:last],
            name=role,
            # Without markers a line could not be clicked.
            mode="lines+markers",
            line={"color": role_ink(role, mode), "dash": ROLE_DASH[role], "width": 1.8},
            marker={"symbol": ROLE_SYMBOL[role], "size": 5 if last - first <= 60 else 4},
            unselected={"marker": {"opacity": 1}},
            customdata=[[index] for index in range(first, last)],
            connectgaps=False,
            hovertemplate="%{y:.3~g}",
        )
    _lay_out(figure, view, mode, (first, last), (low, high))
    if selected is not None and first <= selected < last:
        line = {"color": TEXT[mode], "width": 2}
        figure.add_shape(type="rect", x0=selected + 0.5, x1=selected + 1.5, y0=low, y1=high, line=line)
    if n > WINDOW:
        _add_strip(figure, keys, mode, (first, last), selected)
    return figure


def _lay_out(
    figure: go.Figure, view: TraceView, mode: Mode, shown: tuple[int, int], limits: tuple[float, float]
) -> None:
    first, last = shown
    low, high = limits
    room = 0.03 * (high - low)
    step = _whole_step(last - first)
    figure.update_layout(
        base_layout(mode),
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 26, "b": 22},
        hovermode="x unified",
        clickmode="event+select",
        bargap=0,
        barmode="overlay",
    )
    figure.update_xaxes(
        # Ticks at whole tens and hundreds, but at 1 where every sentence has its own.
        tick0=1 if step == 1 else 0,
        dtick=step,
        range=[first + 0.5, last + 0.5],
        showgrid=False,
        zeroline=False,
        unifiedhovertitle={"text": "sentence %{x}"},
        fixedrange=True,
    )
    figure.update_yaxes(
        title=_axis_title(view), range=[low - room, high + room], showgrid=False, zeroline=False, fixedrange=True
    )


def _add_strip(
    figure: go.Figure, keys: list[str | None], mode: Mode, shown: tuple[int, int], selected: int | None
) -> None:
    """The labels of the whole trace in one row below, with a bracket around what the chart shows.

    One image, whatever the length: bars would be thousands of shapes.
    """
    names: list[str | None] = [*MARKS, None]
    bands: list[list[Any]] = []
    for position, name in enumerate(names):
        colour = RULE[mode] if name is None else tone(name, mode).tint
        bands += [[position / len(names), colour], [(position + 1) / len(names), colour]]
    figure.add_heatmap(
        x=list(range(1, len(keys) + 1)),
        y=[0],
        z=[[names.index(key) + 0.5 for key in keys]],
        zmin=0,
        zmax=len(names),
        colorscale=bands,
        showscale=False,
        hoverinfo="skip",
        xaxis="x2",
        yaxis="y2",
    )
    height = _HEIGHT + _STRIP_HEIGHT
    share = _STRIP_HEIGHT / (height - 48)
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True, "showticklabels": False, "ticks": ""}
    line = {"color": TEXT[mode], "width": 2}
    bracket = {"type": "rect", "x0": shown[0] + 0.5, "x1": shown[1] + 0.5, "y0": -0.5, "y1": 0.5, "line": line}
    figure.add_shape(bracket, xref="x2", yref="y2")
    if selected is not None:
        figure.add_shape(
            type="line", x0=selected + 1, x1=selected + 1, y0=-0.5, y1=0.5, line=line, xref="x2", yref="y2"
        )
    figure.update_layout(
        height=height,
        xaxis2={**axis, "anchor": "y2", "range": [0.5, len(keys) + 0.5]},
        yaxis2={**axis, "anchor": "x2", "domain": [0, share * 0.42], "range": [-0.6, 0.6]},
        yaxis_domain=[share + 0.1, 1],
    )


def _whole_step(n: int) -> int:
    """Distance of about a dozen ticks over n sentences, in whole sentences: 1, 2, 5, 10, 20, 50 and so on."""
    scale = 1
    while True:
        for step in (1, 2, 5):
            if n <= 14 * step * scale:
                return step * scale
        scale *= 10


def _axis_title(view: TraceView) -> str:
    unit = {Unit.OWN_TOKEN: "", Unit.COMMON_TOKEN: " per common token", Unit.BYTE: " per byte"}[view.rule.unit]
    return ("ln p" if view.rule.space is Space.RATIO else "p") + unit


def _mark_keys(view: TraceView) -> list[str | None]:
    """The mark of every sentence; None where it is unscored."""
    pairs = zip(view.column("label"), view.column("direction"), strict=True)
    return [label_key(label, direction) if label else None for label, direction in pairs]


def _background(figure: go.Figure, keys: list[str | None], first: int, mode: Mode, low: float, high: float) -> None:
    """One bar trace a label, and within it one bar a stretch of equal labels: far fewer shapes than sentences."""
    stretches: dict[str | None, list[tuple[int, int]]] = {}
    for key, start, length in _stretches(keys):
        stretches.setdefault(key, []).append((first + start, length))
    for key, places in stretches.items():
        figure.add_bar(
            x=[start + (length + 1) / 2 for start, length in places],
            width=[length for _, length in places],
            y=[high - low] * len(places),
            base=low,
            marker={**(unscored_fill(mode) if key is None else hatched(key, mode)), "line": {"width": 0}},
            hoverinfo="skip",
            showlegend=False,
            name=key or UNSCORED,
            text=UNSCORED if key is None else None,
            textposition="inside",
            insidetextanchor="middle",
            textfont={"color": TEXT[mode], "size": 12},
        )


def _stretches(keys: list[str | None]) -> Iterator[tuple[str | None, int, int]]:
    """(mark key, first position, length) of every stretch of equal marks; no key where unscored."""
    for key, members in groupby(enumerate(keys), key=lambda item: item[1]):
        positions = [position for position, _ in members]
        yield key, positions[0], len(positions)
