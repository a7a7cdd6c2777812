"""Figures of label shares as points with intervals: with the teacher, and with controls in its place."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.evidence.control_shares import Compared
from rdpt_core.analysis.evidence.controls import Control, ControlKind
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.ui.parts.share_figure import interval_in_words
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars, row_axis
from rdpt_core.ui.style.theme import MUTED, PAGE, RULE, TEXT, Mode, label_look

WITH_TEACHER = "with the teacher"
_PANELS = 2
_LINE_HEIGHT, _ROW_HEIGHT = 30, 42
# Room for the numbers of one line of panels and the titles of the next.
_BETWEEN_PX = 56
_MARGINS = {"l": 8, "r": 12, "t": 30, "b": 46}
# Intervals deserve the width, but a few percent must not look like everything.
_LEAST_END = 0.2


def shares_figure(compared: Sequence[tuple[Control, Compared]], mode: Mode) -> go.Figure:
    """One panel a label, one row a control, the teacher first; a dotted line carries the teacher's share down.

    Filled points are the teacher, and models in its place; open ones are the teacher itself, changed.
    """
    labels = compared[0][1].labels
    # The one that most sentences stand behind: a control may lack some.
    _, fullest = max(compared, key=lambda pair: pair[1].n_sentences)
    rows = [(WITH_TEACHER, fullest.true, False)] + [
        (control.name, one.control, control.kind is ControlKind.CHANGED) for control, one in compared
    ]
    n_lines = math.ceil(len(labels) / _PANELS)
    inner = n_lines * _LINE_HEIGHT * len(rows) + (n_lines - 1) * _BETWEEN_PX
    figure = make_subplots(
        rows=n_lines,
        cols=min(_PANELS, len(labels)),
        shared_yaxes=True,
        horizontal_spacing=0.04,
        vertical_spacing=_BETWEEN_PX / inner,
        subplot_titles=labels,
    )
    first_changed = next((index for index, row in enumerate(rows) if row[2]), None)
    for k, label in enumerate(labels):
        place = {"row": k // _PANELS + 1, "col": k % _PANELS + 1}
        figure.add_trace(_points(rows, label, k, mode), **place)
        line = {"color": label_look(label, mode).tone.ink, "width": 1, "dash": "dot"}
        figure.add_vline(x=float(fullest.true.share[k]), line=line, opacity=0.7, **place)
        if first_changed is not None:
            figure.add_hline(y=first_changed - 0.5, line={"color": RULE[mode], "width": 1}, **place)
    # A name of two parts in two lines: on a small screen the panels need the width.
    names = [words.no_markup(name, 48).replace(", ", ",<br>", 1) for name, _, _ in rows]
    _lay_out(figure, names, [row[1] for row in rows], mode)
    figure.update_yaxes(tickfont={"size": 11})
    figure.update_layout(height=inner + _MARGINS["t"] + _MARGINS["b"])
    return figure


def _points(rows: Sequence[tuple[str, ShareIntervals, bool]], label: str, k: int, mode: Mode) -> go.Scatter:
    look = label_look(label, mode)
    ink = look.tone.ink
    is_changed = [changed for _, _, changed in rows]
    return go.Scatter(
        x=[float(intervals.share[k]) for _, intervals, _ in rows],
        y=list(range(len(rows))),
        error_x=_bars([intervals for _, intervals, _ in rows], k, ink),
        mode="markers",
        marker={
            "size": 9,
            "color": [PAGE[mode] if changed else ink for changed in is_changed],
            "line": {"color": ink, "width": 1.5},
        },
        hovertext=[_hover(name, label, intervals, k) for name, intervals, _ in rows],
        hoverinfo="text",
        showlegend=False,
    )


def groups_figure(compared: Sequence[Compared], k: int, control: Control, mode: Mode) -> go.Figure:
    """One row a group of traces: the share of one label with the teacher, and under a control."""
    label = compared[0].labels[k]
    look = label_look(label, mode)
    figure = go.Figure()
    for place, (name, sides) in enumerate(
        ((WITH_TEACHER, [one.true for one in compared]), (control.name, [one.control for one in compared]))
    ):
        figure.add_trace(
            go.Scatter(
                x=[float(side.share[k]) for side in sides],
                y=[row + 0.3 * place - 0.15 for row in range(len(compared))],
                error_x=_bars(sides, k, look.tone.ink),
                mode="markers",
                name=words.no_markup(name),
                marker={
                    "size": 12,
                    "symbol": "square" if place else "circle",
                    "color": PAGE[mode] if place else look.tone.ink,
                    "line": {"color": look.tone.ink, "width": 2},
                },
                hovertext=[
                    _hover(f"{name}, {one.group}", label, side, k) for one, side in zip(compared, sides, strict=True)
                ],
                hoverinfo="text",
            )
        )
    every = [side for one in compared for side in (one.true, one.control)]
    _lay_out(figure, [_group_tick(one) for one in compared], every, mode)
    figure.update_layout(showlegend=True, margin={"t": 46})
    return figure


def _group_tick(compared: Compared) -> str:
    true = compared.true
    return f"<b>{words.no_markup(compared.group, 24)}</b><br>{words.questions(true.n_questions, true.n_effective)}"


def _bars(sides: Sequence[ShareIntervals], k: int, ink: str) -> dict[str, object]:
    known = [side.refused is None for side in sides]
    above = [float(side.high[k] - side.share[k]) if ok else None for side, ok in zip(sides, known, strict=True)]
    below = [float(side.share[k] - side.low[k]) if ok else None for side, ok in zip(sides, known, strict=True)]
    return error_bars(above, below, ink)


def _hover(name: str, label: str, intervals: ShareIntervals, k: int) -> str:
    n = words.count(intervals.n_counted, "sentence")
    questions = words.questions(intervals.n_questions, intervals.n_effective)
    return (
        f"<b>{label} {words.percent(float(intervals.share[k]))}</b> {words.no_markup(name)}<br>"
        f"{interval_in_words(intervals, k)}<br>{questions}, {n}"
    )


def _lay_out(figure: go.Figure, names: Sequence[str], sides: Sequence[ShareIntervals], mode: Mode) -> None:
    highest = [float((side.share if side.refused else side.high).max()) for side in sides]
    end = min(1.0, max(_LEAST_END, math.ceil(10 * max(highest)) / 10))
    ticks = {"tickformat": ".0%", "nticks": 6, "tickangle": 0, "tickfont": {"size": 11}}
    figure.update_xaxes(
        range=[-0.05 * end, 1.05 * end], showgrid=True, gridcolor=RULE[mode], zeroline=False, fixedrange=True, **ticks
    )
    figure.update_yaxes(**row_axis(names))
    figure.update_annotations(selector={"yref": "paper"}, font={"size": 13, "color": TEXT[mode]})
    figure.update_layout(
        base_layout(mode),
        height=76 + _ROW_HEIGHT * len(names),
        margin=_MARGINS,
        hovermode="closest",
    )
    figure.add_annotation(
        text="share of sentences",
        x=1,
        y=0,
        xref="paper",
        yref="paper",
        xanchor="right",
        yanchor="top",
        yshift=-24,
        showarrow=False,
        font={"size": 11, "color": MUTED[mode]},
    )
