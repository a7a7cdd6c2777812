"""The figures of the selection page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.selection.comparison import Overlap, Summary
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout
from rdpt_core.ui.style.theme import MUTED, PAGE, RULE, TEXT, Mode, tone


def picks_figure(summaries: Sequence[Summary], mode: Mode) -> go.Figure:
    """Per strategy, what its picks are like: length, share correct, share of Teacher sentences; the longest first."""
    rows = sorted(summaries, key=lambda one: -one.mean_tokens if one.n_picked else math.inf)
    titles = ("tokens of a pick", "correct, of the graded", "Teacher sentences")
    figure = make_subplots(rows=1, cols=3, shared_yaxes=True, horizontal_spacing=0.05, subplot_titles=titles)
    names = [one.name for one in rows]
    figure.add_trace(
        go.Bar(
            x=[one.mean_tokens for one in rows],
            y=names,
            orientation="h",
            marker={"color": RULE[mode], "line": {"color": MUTED[mode], "width": 1}},
            text=["" if math.isnan(one.mean_tokens) else f"{one.mean_tokens:,.0f}" for one in rows],
            textposition="auto",
            textangle=0,
            textfont={"color": TEXT[mode]},
            hovertext=[_length_hover(one) for one in rows],
            hoverinfo="text",
        ),
        row=1,
        col=1,
    )
    for column, key, found in (
        (2, "student", [(one, one.correct) for one in rows]),
        (3, "teacher", [(one, one.teacher) for one in rows]),
    ):
        ink = TEXT[mode] if column == 2 else tone(key, mode).ink
        figure.add_trace(_dots(found, ink, titles[column - 1]), row=1, col=column)
    figure.update_xaxes(gridcolor=RULE[mode], zeroline=False, fixedrange=True, rangemode="tozero")
    for column, intervals in ((2, [one.correct for one in rows]), (3, [one.teacher for one in rows])):
        figure.update_xaxes(tickformat=".0%", range=_range(intervals), nticks=5, row=1, col=column)
    figure.update_yaxes(autorange="reversed", showgrid=False, fixedrange=True, automargin=True)
    figure.update_annotations(font={"size": 13, "color": MUTED[mode]})
    figure.update_layout(
        base_layout(mode),
        showlegend=False,
        height=90 + 34 * max(1, len(rows)),
        margin={"l": 8, "r": 12, "t": 36, "b": 28},
        bargap=0.35,
    )
    return figure


def _range(found: Sequence[ShareIntervals]) -> list[float]:
    """From just below the lowest end to just above the highest, so that strategies are told apart."""
    ends = [_first(values) for one in found for values in (one.share, one.low, one.high)]
    known = [end for end in ends if not math.isnan(end)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    room = max(0.02, 0.08 * (high - low))
    return [low - room, high + room]


def _dots(rows: Sequence[tuple[Summary, ShareIntervals]], ink: str, what: str) -> go.Scatter:
    share = [_first(item.share) for _, item in rows]
    above = [_first(item.high) - value for (_, item), value in zip(rows, share, strict=True)]
    below = [value - _first(item.low) for (_, item), value in zip(rows, share, strict=True)]
    return go.Scatter(
        x=[None if math.isnan(value) else value for value in share],
        y=[one.name for one, _ in rows],
        mode="markers",
        marker={"color": ink, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [0 if math.isnan(value) else value for value in above],
            "arrayminus": [0 if math.isnan(value) else value for value in below],
            "color": ink,
            "thickness": 2,
            "width": 4,
        },
        hovertext=[_share_hover(one, item, what) for one, item in rows],
        hoverinfo="text",
    )


def _first(values: Any) -> float:
    return float(values[0])


def _length_hover(one: Summary) -> str:
    return f"<b>{one.name}</b><br>{words.count(one.n_picked, 'pick')}<br>{words.count(one.n_tokens, 'token')} in all"


def _share_hover(one: Summary, found: ShareIntervals, what: str) -> str:
    head = f"<b>{one.name}</b><br>{words.percent(_first(found.share))} {what}"
    if found.refused is not None:
        return f"{head}<br>no interval: {found.refused}"
    spread = f"95% interval {words.percent(_first(found.low))} to {words.percent(_first(found.high))}"
    return f"{head}<br>{spread}<br>{words.count(found.n_questions, 'question')}, n = {found.n_counted:,}"


def overlap_figure(found: Overlap, names: Sequence[str], mode: Mode) -> go.Figure:
    """Share of questions on which two strategies keep the same candidate; darker is more alike."""
    share = [[None if math.isnan(value) else float(value) for value in row] for row in found.share]
    text = [["" if value is None else f"{value:.0%}" for value in row] for row in share]
    hover = [
        [
            f"<b>{one} and {other}</b><br>the same candidate on {text[i][j] or 'no'} of "
            f"{words.count(int(found.n[i, j]), 'question')}"
            for j, other in enumerate(names)
        ]
        for i, one in enumerate(names)
    ]
    ink = tone("teacher", mode)
    figure = go.Figure(
        go.Heatmap(
            z=share,
            x=list(names),
            y=list(names),
            zmin=0,
            zmax=1,
            colorscale=[[0, PAGE[mode]], [1, ink.tint]],
            text=text,
            texttemplate="%{text}",
            textfont={"color": TEXT[mode]},
            hovertext=hover,
            hoverinfo="text",
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    figure.update_xaxes(side="top", showgrid=False, fixedrange=True, automargin=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, fixedrange=True, automargin=True)
    figure.update_layout(
        base_layout(mode), height=60 + 36 * max(2, len(names)), margin={"l": 8, "r": 12, "t": 30, "b": 8}
    )
    return figure
