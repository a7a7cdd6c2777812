"""Figures of the page: shares of groups and levels as points with intervals, beside a control and a base line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.evidence.transfer.copied import ClassReach
from rdpt_core.analysis.evidence.transfer.levels import LEVELS, spoken_level
from rdpt_core.analysis.evidence.transfer.reach import Reach, ReachTable
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.ui.pages.evidence.transfer.summary import points, reach_name
from rdpt_core.ui.parts.share_figure import interval_in_words
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars, row_axis
from rdpt_core.ui.style.theme import MUTED, PAGE, RULE, Mode

_ROW_PX = 34
# One hue, and as much of it as the training data had of the group: no label is drawn so.
_INK: dict[Mode, str] = {"light": "#0f5c55", "dark": "#86e0d3"}
_HALF: dict[Mode, str] = {"light": "#8cc9c1", "dark": "#2b7d73"}

Shown = tuple[Reach, bool, int]
"""A row, whether it is a level, and its place among the groups or levels of the table."""


@dataclass(frozen=True, slots=True)
class _Series:
    """Points of one kind."""

    name: str
    of: Callable[[Reach], ShareIntervals | None]
    symbol: str
    offset: float
    is_own: bool = False


def rows_of(table: ReachTable) -> list[Shown]:
    """Every level, and below them the groups in the same order; groups that are their level stand there once."""
    levels = [(level, True, place) for place, level in enumerate(table.levels)]
    held = [row.level for row in table.groups]
    alone = {level for level in held if level is not None and held.count(level) == 1}
    groups = [(row, False, place) for place, row in enumerate(table.groups)]
    return levels + [one for one in groups if one[0].level not in alone or spoken_level(one[0].name) != one[0].level]


def reach_figure(table: ReachTable, scheme: Scheme, control_name: str, mode: Mode) -> go.Figure:
    """Reach on the left, with the student's own text; the label alone on the right, with the control.

    A click returns as customdata whether the row is a level, and its place.
    """
    shown = rows_of(table)
    has_control = any(row.control is not None for row, _, _ in shown)
    titles = [f"Reach: {reach_name(scheme)}", f"{scheme.above} alone"][: 1 + has_control]
    figure = make_subplots(1, len(titles), shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=titles)
    left = [_Series("with the teacher" if has_control else "distilled model's text", _reach, "circle", -0.12, True)]
    if any(row.base is not None for row, _, _ in shown):
        left.append(_Series("student's own text", lambda row: row.base, "line-ns", 0.2))
    panels = [left]
    if has_control:
        own = _Series("with the teacher", lambda row: row.label, "circle", -0.12, True)
        panels.append([own, _Series(control_name, lambda row: row.control, "x-thin", 0.2)])
    drawn: set[str] = set()
    for column, panel in enumerate(panels, 1):
        for series in panel:
            figure.add_trace(_points(shown, series, mode, series.name not in drawn), row=1, col=column)
            drawn.add(series.name)
    figure.update_xaxes(
        range=[-0.03, 1.03], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75], gridcolor=RULE[mode], zeroline=False
    )
    figure.update_xaxes(fixedrange=True)
    _lay_out(figure, [_row_name(row, is_level) for row, is_level, _ in shown], mode)
    if len(table.levels) < len(shown):
        figure.add_hline(y=len(table.levels) - 0.45, line={"color": RULE[mode], "width": 1})
    return figure


def _reach(row: Reach) -> ShareIntervals:
    return row.reach


def _row_name(row: Reach, is_level: bool) -> str:
    name = words.no_markup(row.name, 22)
    return f"<b>{name}</b>" if is_level else name


def _lay_out(figure: go.Figure, names: Sequence[str], mode: Mode) -> None:
    figure.update_yaxes(row_axis(names))
    figure.update_annotations(font={"size": 13, "color": MUTED[mode]})
    figure.update_layout(
        base_layout(mode),
        height=_ROW_PX * len(names) + 104,
        margin={"l": 8, "r": 12, "t": 62, "b": 34},
        hovermode="closest",
        clickmode="event+select",
    )
    figure.update_layout(legend={"y": 1, "yanchor": "top", "yref": "container", "x": 0, "itemclick": False})


def _points(shown: Sequence[Shown], series: _Series, mode: Mode, in_legend: bool) -> go.Scatter:
    found = [(place, row, is_level, k) for place, (row, is_level, k) in enumerate(shown) if series.of(row) is not None]
    sides = [side for side in (series.of(row) for _, row, _, _ in found) if side is not None]
    ink = _INK[mode] if series.is_own else MUTED[mode]
    marker: dict[str, Any] = {"size": [12 if is_level else 9 for _, _, is_level, _ in found], "symbol": series.symbol}
    if series.is_own:
        marker |= {"color": [_fill(row, mode) for _, row, _, _ in found], "line": {"color": ink, "width": 2}}
    else:
        marker |= {"color": ink, "line": {"color": ink, "width": 2}}
    return go.Scatter(
        x=[float(side.share[0]) for side in sides],
        y=[place + series.offset for place, _, _, _ in found],
        error_x=_bars(sides, ink),
        mode="markers",
        marker=marker,
        name=series.name,
        legendgroup=series.name,
        showlegend=in_legend,
        customdata=[[int(is_level), k] for _, _, is_level, k in found],
        hovertext=[_hover(row, series.name, side) for (_, row, _, _), side in zip(found, sides, strict=True)],
        hoverinfo="text",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def _fill(row: Reach, mode: Mode) -> str:
    return {LEVELS[0]: _INK[mode], LEVELS[1]: _HALF[mode]}.get(row.level or LEVELS[2], PAGE[mode])


def _bars(sides: Sequence[ShareIntervals], ink: str) -> dict[str, Any]:
    above = [None if side.refused else float(side.high[0] - side.share[0]) for side in sides]
    below = [None if side.refused else float(side.share[0] - side.low[0]) for side in sides]
    return error_bars(above, below, ink, cap_width=3)


def _hover(row: Reach, name: str, side: ShareIntervals) -> str:
    lines = [
        f"<b>{words.no_markup(row.name, 40)}</b>, {words.no_markup(name)}",
        f"{words.percent(float(side.share[0]))} ({interval_in_words(side, 0)})",
        f"{words.count(side.n_counted, 'sentence')} of {words.count(side.n_traces, 'trace')}",
        words.questions(side.n_questions, side.n_effective),
        *([] if row.excess is None else [f"excess of the label over the control {points(row.excess)}"]),
        "click to list the reached sentences",
    ]
    return "<br>".join(lines)


def copied_figure(rows: Sequence[ClassReach], classes: Sequence[str], mode: Mode) -> go.Figure:
    """One row a level or group: how much of it is of each class, and the reach within each."""
    names = list(dict.fromkeys(row.name for row in rows))
    titles = ["part of the sentences", "reach within that part"]
    figure = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=titles)
    symbols = ("circle", "diamond", "square-open")
    fills = (_INK[mode], _HALF[mode], _INK[mode])
    for k, name in enumerate(classes):
        own = [row for row in rows if row.training_class == name]
        y = [names.index(row.name) + 0.24 * (k - 1) for row in own]
        panels: tuple[list[ShareIntervals | None], ...] = ([row.share for row in own], [row.reach for row in own])
        for column, sides in enumerate(panels, 1):
            known = [(place, side) for place, side in zip(y, sides, strict=True) if side is not None]
            figure.add_trace(
                go.Scatter(
                    x=[float(side.share[0]) for _, side in known],
                    y=[place for place, _ in known],
                    error_x=_bars([side for _, side in known], _INK[mode]),
                    mode="markers",
                    marker={
                        "symbol": symbols[k],
                        "size": 10,
                        "color": fills[k],
                        "line": {"width": 2, "color": _INK[mode]},
                    },
                    name=name,
                    legendgroup=name,
                    showlegend=column == 1,
                    hovertext=[
                        f"<b>{name}</b><br>{words.percent(float(side.share[0]))} ({interval_in_words(side, 0)})<br>"
                        f"{words.questions(side.n_questions, side.n_effective)}"
                        for _, side in known
                    ],
                    hoverinfo="text",
                ),
                row=1,
                col=column,
            )
    figure.update_xaxes(
        range=[-0.03, 1.03],
        tickformat=".0%",
        tickvals=[0, 0.25, 0.5, 0.75],
        gridcolor=RULE[mode],
        zeroline=False,
        fixedrange=True,
    )
    _lay_out(figure, [words.no_markup(name, 22) for name in names], mode)
    figure.update_layout(height=52 * len(names) + 104)
    return figure
