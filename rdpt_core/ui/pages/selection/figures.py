"""The figures of the selection page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.selection.comparison import Overlap, Summary
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.ui.parts.share_figure import interval_in_words
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars
from rdpt_core.ui.style.theme import MUTED, PAGE, RULE, TEXT, Mode, tone


def picks_figure(summaries: Sequence[Summary], mode: Mode) -> go.Figure:
    """Per strategy, what its picks are like: length, share correct, and the share of Teacher sentences if there is a
    teacher; the longest first."""
    rows = sorted(summaries, key=lambda summary: -summary.mean_tokens if summary.n_picked else math.inf)
    shares = [("correct, of the graded", [summary.correct for summary in rows], TEXT[mode])]
    if any(summary.teacher.n_counted for summary in rows):
        shares.append(("Teacher sentences", [summary.teacher for summary in rows], tone("teacher", mode).ink))
    titles = ["tokens of a pick", *(title for title, *_ in shares)]
    n = len(titles)
    figure = make_subplots(rows=1, cols=n, shared_yaxes=True, horizontal_spacing=0.05, subplot_titles=titles)
    names = [summary.name for summary in rows]
    figure.add_trace(
        go.Bar(
            x=[summary.mean_tokens for summary in rows],
            y=names,
            orientation="h",
            marker={"color": RULE[mode], "line": {"color": MUTED[mode], "width": 1}},
            text=["" if math.isnan(summary.mean_tokens) else f"{summary.mean_tokens:,.0f}" for summary in rows],
            textposition="auto",
            textangle=0,
            textfont={"color": TEXT[mode]},
            hovertext=[_length_hover(summary) for summary in rows],
            hoverinfo="text",
        ),
        row=1,
        col=1,
    )
    for column, (title, intervals, ink) in enumerate(shares, 2):
        figure.add_trace(_dots(list(zip(rows, intervals, strict=True)), ink, title), row=1, col=column)
    figure.update_xaxes(gridcolor=RULE[mode], zeroline=False, fixedrange=True, rangemode="tozero")
    for column, (_, intervals, _) in enumerate(shares, 2):
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


def _range(rows: Sequence[ShareIntervals]) -> list[float]:
    """From just below the lowest end to just above the highest, so that strategies are told apart."""
    ends = [_first(values) for row in rows for values in (row.share, row.low, row.high)]
    known = [end for end in ends if not math.isnan(end)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    room = max(0.02, 0.08 * (high - low))
    return [low - room, high + room]


def _dots(rows: Sequence[tuple[Summary, ShareIntervals]], ink: str, what: str) -> go.Scatter:
    shares = [_first(intervals.share) for _, intervals in rows]
    above = [_first(intervals.high) - share for (_, intervals), share in zip(rows, shares, strict=True)]
    below = [share - _first(intervals.low) for (_, intervals), share in zip(rows, shares, strict=True)]
    return go.Scatter(
        x=[None if math.isnan(share) else share for share in shares],
        y=[summary.name for summary, _ in rows],
        mode="markers",
        marker={"color": ink, "size": 10},
        error_x=error_bars(
            [0 if math.isnan(length) else length for length in above],
            [0 if math.isnan(length) else length for length in below],
            ink,
        ),
        hovertext=[_share_hover(summary, intervals, what) for summary, intervals in rows],
        hoverinfo="text",
    )


def _first(values: Any) -> float:
    return float(values[0])


def _length_hover(summary: Summary) -> str:
    return (
        f"<b>{summary.name}</b><br>{words.count(summary.n_picked, 'pick')}<br>"
        f"{words.count(summary.n_tokens, 'token')} in all"
    )


def _share_hover(summary: Summary, intervals: ShareIntervals, what: str) -> str:
    text = (
        f"<b>{summary.name}</b><br>{words.percent(_first(intervals.share))} {what}<br>{interval_in_words(intervals, 0)}"
    )
    if intervals.refused is not None:
        return text
    return f"{text}<br>{words.questions(intervals.n_questions, intervals.n_effective)}, n = {intervals.n_counted:,}"


def overlap_figure(overlap: Overlap, names: Sequence[str], mode: Mode) -> go.Figure:
    """Share of questions on which two strategies keep the same candidate; darker is more alike."""
    share = [[None if math.isnan(value) else float(value) for value in row] for row in overlap.share]
    text = [["" if value is None else f"{value:.0%}" for value in row] for row in share]
    hover = [
        [
            f"<b>{first} and {second}</b><br>the same candidate on {text[i][j] or 'no'} of "
            f"{words.count(int(overlap.n[i, j]), 'question')}"
            for j, second in enumerate(names)
        ]
        for i, first in enumerate(names)
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
