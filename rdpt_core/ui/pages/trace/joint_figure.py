"""The joint chart of one trace: one line a role over the sentences, the background coloured by label."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import plotly.graph_objects as go

from rdpt_core.analysis.labels import Space, Unit
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.ui.style.figure_style import base_layout, hatched, unscored_fill
from rdpt_core.ui.style.theme import ROLE_DASH, ROLE_SYMBOL, TEXT, Mode, label_key, role_ink

UNSCORED = "unscored"

_HEIGHT = 320


def joint_figure(view: TraceView, mode: Mode) -> go.Figure:
    """Draw the chart of a whole trace."""
    n = view.sentences.num_rows
    values = {role: view.column(f"v_{role}") for role in view.roles}
    known = [value for column in values.values() for value in column if value is not None]
    low, high = (min([*known, -0.01]) * 1.04, 0.0) if view.rule.space is Space.RATIO else (0.0, 1.0)
    figure = go.Figure()
    _background(figure, _mark_keys(view), mode, low, high)
    for role in view.roles:
        figure.add_scatter(
            x=list(range(1, n + 1)),
            y=values[role],
            name=role,
            mode="lines+markers" if n <= 150 else "lines",
            line={"color": role_ink(role, mode), "dash": ROLE_DASH[role], "width": 1.8},
            marker={"symbol": ROLE_SYMBOL[role], "size": 5},
            connectgaps=False,
            hovertemplate="%{y:.3~g}",
        )
    _lay_out(figure, view, mode, (low, high))
    return figure


def _lay_out(figure: go.Figure, view: TraceView, mode: Mode, limits: tuple[float, float]) -> None:
    n = view.sentences.num_rows
    low, high = limits
    room = 0.03 * (high - low)
    figure.update_layout(
        base_layout(mode),
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 26, "b": 22},
        hovermode="x unified",
        dragmode="zoom",
        bargap=0,
        barmode="overlay",
    )
    figure.update_xaxes(
        title="sentence",
        tickformat=",d",
        dtick=1 if n <= 14 else None,
        range=[0.5, n + 0.5],
        showgrid=False,
        zeroline=False,
        unifiedhovertitle={"text": "sentence %{x}"},
    )
    figure.update_yaxes(
        title=_axis_title(view), range=[low - room, high + room], showgrid=False, zeroline=False, fixedrange=True
    )


def _axis_title(view: TraceView) -> str:
    unit = {Unit.OWN_TOKEN: "", Unit.COMMON_TOKEN: " per common token", Unit.BYTE: " per byte"}[view.rule.unit]
    return ("ln p" if view.rule.space is Space.RATIO else "p") + unit


def _mark_keys(view: TraceView) -> list[str | None]:
    """The mark of every sentence; None where it is unscored."""
    pairs = zip(view.column("label"), view.column("direction"), strict=True)
    return [label_key(label, direction) if label else None for label, direction in pairs]


def _background(figure: go.Figure, keys: list[str | None], mode: Mode, low: float, high: float) -> None:
    """One bar trace a label, and within it one bar a stretch of equal labels: far fewer shapes than sentences."""
    stretches: dict[str | None, list[tuple[int, int]]] = {}
    for key, start, length in _stretches(keys):
        stretches.setdefault(key, []).append((start, length))
    for key, spans in stretches.items():
        figure.add_bar(
            x=[start + (length + 1) / 2 for start, length in spans],
            width=[length for _, length in spans],
            y=[high - low] * len(spans),
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
