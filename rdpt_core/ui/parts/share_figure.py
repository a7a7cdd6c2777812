"""The label shares of each benchmark, as a figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.run.shares import GroupShares
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars, fill
from rdpt_core.ui.style.theme import MUTED, PAGE, RULE, TEXT, Look, Mode, label_look


def shares_figure(
    groups: Sequence[GroupShares], mode: Mode, look: Callable[[str, Mode], Look] = label_look
) -> go.Figure:
    """Label shares per benchmark: stacked bars to 100%, and beside them every share with its 95% interval.

    A click on a bar or a point returns two indices as customdata: of its group in `groups`, and of its label.

    Args:
        look: how a label is drawn; whatever else sentences are divided into may stand for labels.
    """
    figure = make_subplots(
        rows=1,
        cols=2,
        shared_yaxes=True,
        column_widths=[0.56, 0.44],
        horizontal_spacing=0.08,
        subplot_titles=("share of sentences", f"with {SHARE_INTERVAL.name}s"),
    )
    rows = list(range(len(groups)))
    labels = groups[0].labels if groups else ()
    step = 0.62 / max(1, len(labels) - 1)
    for k, label in enumerate(labels):
        hover = {
            "hovertext": [_share_hover(group, k) for group in groups],
            "hoverinfo": "text",
            "customdata": [[row, k] for row in rows],
            "legendgroup": label,
        }
        shown = look(label, mode)
        figure.add_trace(go.Bar(y=rows, **_share_bars(groups, k, shown, mode), **hover), row=1, col=1)
        offset = (k - (len(labels) - 1) / 2) * step
        figure.add_trace(
            go.Scatter(y=[row + offset for row in rows], **_share_points(groups, k, shown, mode), **hover), row=1, col=2
        )
    _say_where_no_interval(figure, groups, mode)
    _lay_out(figure, groups, mode)
    return figure


def _share_bars(groups: Sequence[GroupShares], k: int, look: Look, mode: Mode) -> dict[str, Any]:
    share = [float(group.intervals.share[k]) for group in groups]
    return {
        "x": share,
        "orientation": "h",
        "name": words.lettered(look.letter, groups[0].labels[k]),
        "marker": {**fill(look), "line": {"color": look.tone.ink, "width": 1}},
        "text": [words.percent(value) if value >= 0.095 else "" for value in share],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "textfont": {"color": TEXT[mode], "size": 12},
    }


def _share_points(groups: Sequence[GroupShares], k: int, look: Look, mode: Mode) -> dict[str, Any]:
    intervals = [group.intervals for group in groups]
    ink = look.tone.ink
    return {
        "x": [None if item.refused else float(item.share[k]) for item in intervals],
        "error_x": error_bars(
            [float(item.high[k] - item.share[k]) for item in intervals],
            [float(item.share[k] - item.low[k]) for item in intervals],
            ink,
        ),
        "mode": "markers+text",
        "text": [look.letter] * len(intervals),
        "textposition": "middle center",
        "textfont": {"size": 9, "color": PAGE[mode]},
        "marker": {"color": ink, "size": 14},
        "showlegend": False,
    }


def _say_where_no_interval(figure: go.Figure, groups: Sequence[GroupShares], mode: Mode) -> None:
    for row, group in enumerate(groups):
        if group.intervals.refused is not None:
            figure.add_annotation(
                # In lines, because the panel is narrow on a small screen.
                text="no interval:<br>" + group.intervals.refused.replace("; ", ";<br>"),
                align="left",
                x=0.01,
                y=row,
                xanchor="left",
                showarrow=False,
                font={"color": MUTED[mode], "size": 12},
                row=1,
                col=2,
            )


def _lay_out(figure: go.Figure, groups: Sequence[GroupShares], mode: Mode) -> None:
    figure.update_xaxes(
        range=[0, 1], tickformat=".0%", showgrid=True, gridcolor=RULE[mode], zeroline=False, fixedrange=True
    )
    figure.update_yaxes(
        tickvals=list(range(len(groups))),
        ticktext=[_group_tick(group) for group in groups],
        range=[len(groups) - 0.45, -0.55],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    # Subplot titles are annotations; on top of the legend they would collide with it.
    figure.update_annotations(selector={"yref": "paper"}, font={"size": 13, "color": MUTED[mode]})
    figure.update_layout(
        base_layout(mode),
        barmode="stack",
        # Where a share's number does not fit, the table and the hover text still have it.
        uniformtext={"minsize": 11, "mode": "hide"},
        bargap=0.28,
        height=112 + 66 * len(groups),
        margin={"l": 8, "r": 12, "t": 76, "b": 28},
        clickmode="event+select",
        hovermode="closest",
    )
    figure.update_layout(
        legend={
            "y": 1,
            "yanchor": "top",
            "yref": "container",
            "x": 0,
            "xref": "container",
            "itemclick": False,
            "font": {"size": 12},
        }
    )
    highest = [float(group.intervals.high.max()) for group in groups if group.intervals.refused is None]
    # Intervals deserve the width: the axis ends at the next tenth.
    end = min(1.0, math.ceil(10 * max(highest, default=1.0)) / 10)
    # A little room on either side keeps points near 0% and 100% whole.
    figure.update_xaxes(range=[-0.03 * end, 1.03 * end], row=1, col=2)
    figure.update_traces(unselected={"marker": {"opacity": 1}}, selected={"marker": {"opacity": 1}})


def interval_in_words(intervals: ShareIntervals, k: int) -> str:
    """`95% interval 31% to 42%` of the k-th share, or why there is none."""
    if intervals.refused is not None:
        return f"no interval: {intervals.refused}"
    return (
        f"{SHARE_INTERVAL.name} {words.percent(float(intervals.low[k]))} to {words.percent(float(intervals.high[k]))}"
    )


def _group_tick(group: GroupShares) -> str:
    intervals = group.intervals
    name = words.no_markup(group.group, 24)
    questions = words.questions(intervals.n_questions, intervals.n_effective)
    traces = words.count(intervals.n_traces, "trace")
    return f"<b>{name}</b><br>{questions}<br>{traces} "


def _share_hover(group: GroupShares, k: int) -> str:
    intervals = group.intervals
    share = words.percent(float(intervals.share[k]))
    n = (
        f"{words.questions(intervals.n_questions, intervals.n_effective)}, "
        f"{words.count(intervals.n_traces, 'trace')}, {words.count(intervals.n_counted, 'sentence')}"
    )
    head = f"<b>{group.labels[k]} {share}</b> in {words.no_markup(group.group)}"
    return f"{head}<br>{interval_in_words(intervals, k)}<br>{n}<br>click to read such traces"
