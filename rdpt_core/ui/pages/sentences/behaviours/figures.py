"""Kinds by the share of a label, beside the share of all other sentences and that without the teacher."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from rdpt_core.analysis.behaviours.discovery.results import Behaviour
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.pages.sentences.behaviours.naming import (
    NOT_FOUND,
    between,
    kind_name,
    percent,
    points,
    standing,
    times,
)
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars, row_axis
from rdpt_core.ui.style.theme import MUTED, PAGE, RULE, TEXT, Mode, label_look

_ROW_PX = 36
_MARGINS = {"l": 8, "r": 14, "t": 58, "b": 44}
_NAME_CHARS = 34
# Of a row's height: often the share without the teacher is the same, and would hide behind the point.
_BELOW = 0.3
# Intervals deserve the width, but a few percent must not look like everything.
_LEAST_END = 0.2
_NO_FADE: dict[str, Any] = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}


def kinds_figure(rows: Sequence[Behaviour], label: str, mode: Mode) -> go.Figure:
    """One row a kind. A click on a point returns as customdata the place of its kind in `rows`."""
    figure = go.Figure()
    for held, name in ((True, f"{label} of the kind, {SHARE_INTERVAL.name}"), (False, "the same, not replicated")):
        figure.add_trace(_points(rows, label, mode, held=held, name=name))
    figure.add_trace(_marks(rows, [row.rest_share for row in rows], "line-ns-open", MUTED[mode], "all other sentences"))
    if any(row.no_teacher is not None for row in rows):
        ink = label_look(label, mode).tone.ink
        shares = [row.no_teacher for row in rows]
        figure.add_trace(_marks(rows, shares, "circle-open", ink, "of the kind, with no teacher", _BELOW))
    _lay_out(figure, rows, label, mode)
    return figure


def _points(rows: Sequence[Behaviour], label: str, mode: Mode, *, held: bool, name: str) -> go.Scatter:
    look = label_look(label, mode)
    chosen = [(place, row) for place, row in enumerate(rows) if row.is_replicated == held]
    above = [None if row.high is None or row.share is None else row.high - row.share for _, row in chosen]
    below = [None if row.low is None or row.share is None else row.share - row.low for _, row in chosen]
    return go.Scatter(
        x=[row.share for _, row in chosen],
        y=[place for place, _ in chosen],
        error_x=error_bars(above, below, look.tone.ink),
        mode="markers+text",
        text=[look.letter] * len(chosen),
        textfont={"size": 9, "color": PAGE[mode] if held else TEXT[mode]},
        marker={
            "size": 14,
            "color": look.tone.ink if held else look.tone.tint,
            "line": {"color": look.tone.ink, "width": 1},
        },
        name=name,
        customdata=[[place] for place, _ in chosen],
        hovertext=[_hover(row, label) for _, row in chosen],
        hoverinfo="text",
        **_NO_FADE,
    )


def _marks(
    rows: Sequence[Behaviour], shares: Sequence[float | None], symbol: str, ink: str, name: str, offset: float = 0.0
) -> go.Scatter:
    return go.Scatter(
        x=list(shares),
        y=[place + offset for place in range(len(rows))],
        mode="markers",
        marker={"size": 11, "symbol": symbol, "color": ink, "line": {"color": ink, "width": 2}},
        name=name,
        customdata=[[place] for place in range(len(rows))],
        hovertext=[f"{name}: {percent(share)}" for share in shares],
        hoverinfo="text",
        **_NO_FADE,
    )


def _lay_out(figure: go.Figure, rows: Sequence[Behaviour], label: str, mode: Mode) -> None:
    known = [
        share for row in rows for share in (row.share, row.high, row.rest_share, row.no_teacher) if share is not None
    ]
    end = min(1.0, max(_LEAST_END, math.ceil(10 * max(known, default=1.0)) / 10))
    ticks = {"tickformat": ".0%", "nticks": 6, "tickangle": 0}
    title = {"text": f"share of {label}", "font": {"size": 12, "color": MUTED[mode]}, "standoff": 6}
    figure.update_xaxes(range=[-0.03 * end, 1.03 * end], gridcolor=RULE[mode], zeroline=False, fixedrange=True, **ticks)
    figure.update_xaxes(title=title)
    figure.update_yaxes(row_axis([_tick(row) for row in rows]) | {"automargin": True, "tickfont": {"size": 11}})
    legend = {"y": 1, "yanchor": "top", "yref": "container", "x": 0, "xref": "container", "itemclick": False}
    figure.update_layout(
        base_layout(mode),
        height=_MARGINS["t"] + _MARGINS["b"] + _ROW_PX * len(rows),
        margin=_MARGINS,
        hovermode="closest",
        clickmode="event+select",
    )
    figure.update_layout(legend={**legend, "font": {"size": 12}})


def _tick(row: Behaviour) -> str:
    name = words.no_markup(kind_name(row), _NAME_CHARS)
    return f"<b>{name}</b><br>{standing(row)} · {words.count(row.n_questions, 'question')}"


def _hover(row: Behaviour, label: str) -> str:
    interval = between(row.low, row.high)
    lift, excess = between(row.lift_low, row.lift_high, "times"), between(row.excess_low, row.excess_high, "points")
    lines = [
        f"<b>{words.no_markup(kind_name(row, 200), 80)}</b>, {row.family}",
        standing(row) if standing(row) != NOT_FOUND else f"{NOT_FOUND}, q {words.p_value(row.q)}",
        f"{label} {percent(row.share)} " + (f"({SHARE_INTERVAL.name} {interval})" if interval else f"({row.refused})"),
        f"all other sentences {percent(row.rest_share)}, lift {times(row.lift)}" + (f" ({lift})" if lift else ""),
    ]
    if row.no_teacher is not None:
        more = f" ({excess})" if excess else ""
        lines.append(f"with no teacher {percent(row.no_teacher)}, excess {points(row.excess)}{more}")
    n = words.count(row.n_sentences, "sentence")
    lines += [f"{n}, {words.questions(row.n_questions, row.n_questions)}", "click for three sentences"]
    return "<br>".join(lines)
