"""The figure of how p-values spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from rdpt_core.analysis.evidence.p_values.tables import ALL, Found
from rdpt_core.records import Label
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, fill
from rdpt_core.ui.style.theme import MUTED, RULE, TEXT, Mode, label_look


def histogram_figure(found: Found, labels: Sequence[str], mode: Mode) -> go.Figure:
    """Bars of how many times as often as under no teacher each p-value occurs; the line is 1.

    Bars of all sentences, and of Teacher sentences if the run has that label.
    """
    figure = go.Figure()
    shown = [(ALL, {"color": RULE[mode]}, MUTED[mode])]
    if Label.TEACHER in labels and found.histograms[Label.TEACHER].sum():
        look = label_look(Label.TEACHER, mode)
        shown.append((Label.TEACHER, fill(look), look.tone.ink))
    for name, filled, ink in shown:
        counts = found.histograms[name]
        n, bins = int(counts.sum()), len(counts)
        upper = np.arange(1, bins + 1) / bins
        title = f"{words.label(name)} sentences, n = {n:,}"
        figure.add_bar(
            x=upper - 0.5 / bins,
            y=counts * bins / n,
            name=title,
            marker={**filled, "line": {"color": ink, "width": 1}},
            hovertext=[
                f"<b>{title}</b><br>p above {high - 1 / bins:.3g}, up to {high:.3g}: {count:,} "
                f"({words.percent(count / n)})<br>{count * bins / n:.2f} times as often as under no teacher"
                for high, count in zip(upper, counts.tolist(), strict=True)
            ],
            hoverinfo="text",
        )
    figure.add_hline(y=1, line={"color": TEXT[mode], "width": 1.5, "dash": "dash"})
    axis = {"gridcolor": RULE[mode], "zeroline": False, "fixedrange": True}
    title_font = {"size": 12, "color": MUTED[mode]}
    figure.update_layout(
        base_layout(mode),
        height=300,
        margin={"l": 8, "r": 16, "t": 32, "b": 44},
        bargap=0.1,
        bargroupgap=0.05,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(title={"text": "p-value", "font": title_font}, range=[0, 1], **axis)
    figure.update_yaxes(
        title={"text": "times as often as under no teacher", "font": title_font}, rangemode="tozero", **axis
    )
    return figure
