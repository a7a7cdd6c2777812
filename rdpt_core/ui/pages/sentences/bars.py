"""Label shares as bars, one below the other: a pattern beside all other sentences, or several patterns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.ui.parts.share_figure import interval_in_words
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, fill
from rdpt_core.ui.style.theme import TEXT, Mode, label_look

_ROW_PX, _LEGEND_PX, _AXIS_PX = 40, 34, 8
# A number below this share does not fit into its bar.
_LEAST_WRITTEN = 0.06


class Bar(NamedTuple):
    """One bar.

    Attributes:
        name: what its sentences are; may come from data.
        about: a few words below the name, ours.
    """

    name: str
    about: str
    intervals: ShareIntervals


def bars_figure(bars: Sequence[Bar], labels: Sequence[str], mode: Mode) -> go.Figure:
    """Stacked to 100%. A click returns the index of its bar, and of its label, as customdata."""
    rows = list(range(len(bars)))
    figure = go.Figure()
    for k, label in enumerate(labels):
        look = label_look(label, mode)
        share = [float(bar.intervals.share[k]) for bar in bars]
        figure.add_trace(
            go.Bar(
                x=share,
                y=rows,
                orientation="h",
                name=words.lettered(look.letter, label),
                marker={**fill(look), "line": {"color": look.tone.ink, "width": 1}},
                text=[words.percent(value) if value >= _LEAST_WRITTEN else "" for value in share],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"color": TEXT[mode], "size": 12},
                hovertext=[_hover(bar, label, k) for bar in bars],
                hoverinfo="text",
                customdata=[[row, k] for row in rows],
            )
        )
    figure.update_xaxes(range=[0, 1], visible=False, fixedrange=True)
    figure.update_yaxes(
        tickvals=rows,
        ticktext=[_tick(bar) for bar in bars],
        range=[len(bars) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        automargin=True,
    )
    figure.update_layout(
        base_layout(mode),
        barmode="stack",
        bargap=0.24,
        uniformtext={"minsize": 11, "mode": "hide"},
        height=_LEGEND_PX + _AXIS_PX + _ROW_PX * len(bars),
        margin={"l": 8, "r": 8, "t": _LEGEND_PX, "b": _AXIS_PX},
        hovermode="closest",
        clickmode="event+select",
        legend={
            "y": 1,
            "yanchor": "top",
            "yref": "container",
            "x": 0,
            "xref": "container",
            "itemclick": False,
            "traceorder": "normal",
            "font": {"size": 12},
        },
    )
    figure.update_traces(unselected={"marker": {"opacity": 1}}, selected={"marker": {"opacity": 1}})
    return figure


def _tick(bar: Bar) -> str:
    about = f"<br>{bar.about}" if bar.about else ""
    return f"<b>{words.no_markup(bar.name, 28)}</b>{about} "


def _hover(bar: Bar, label: str, k: int) -> str:
    intervals = bar.intervals
    n = (
        f"{words.questions(intervals.n_questions, intervals.n_effective)}, "
        f"{words.count(intervals.n_traces, 'trace')}, {words.count(intervals.n_counted, 'sentence')}"
    )
    head = f"<b>{label} {words.percent(float(intervals.share[k]))}</b> {words.no_markup(bar.name)}"
    return f"{head}<br>{interval_in_words(intervals, k)}<br>{n}"
