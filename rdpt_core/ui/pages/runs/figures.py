"""Figures of the runs page: from which label to which, and how the shares moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from rdpt_core.analysis.run.run_agreement import RunAgreement
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, click_targets
from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, TEXT, Mode, label_key, tone


def transition_figure(agreement: RunAgreement, mode: Mode) -> go.Figure:
    """Matched sentences by their label in either run. A cell's customdata is (row, column)."""
    names = [f"{MARKS[label_key(label)].letter}<br>{label}" for label in agreement.labels]
    size = len(names)
    rows = np.maximum(agreement.joint.sum(axis=1, keepdims=True), 1)
    share = agreement.joint / rows
    figure = go.Figure()
    _add_shares(figure, names, share, mode)
    for row in range(size):
        for column in range(size):
            dark = share[row, column] > 0.55
            figure.add_annotation(
                x=names[column],
                y=names[row],
                text=f"<b>{agreement.joint[row, column]:,}</b><br>{words.percent(share[row, column])}",
                showarrow=False,
                font={"color": PAGE[mode] if dark else TEXT[mode], "size": 12},
            )
    cells = [(row, column) for row in range(size) for column in range(size)]
    figure.add_scatter(
        x=[names[column] for _, column in cells],
        y=[names[row] for row, _ in cells],
        customdata=cells,
        text=[
            f"{words.count(int(agreement.joint[cell]), 'sentence')}: {agreement.labels[cell[0]]} in this run, "
            f"{agreement.labels[cell[1]]} in the second<br>click to list them below"
            for cell in cells
        ],
        hovertemplate="%{text}<extra></extra>",
        **click_targets(44, "square"),
    )
    _lay_out_transitions(figure, size, mode)
    return figure


def _add_shares(figure: go.Figure, names: Sequence[str], share: np.ndarray, mode: Mode) -> None:
    """The share of each row's sentences that went to each column."""
    figure.add_heatmap(
        x=names,
        y=names,
        z=share,
        zmin=0,
        zmax=1,
        colorscale=[[0, PAGE[mode]], [1, tone("teacher", mode).ink]],
        showscale=False,
        hoverinfo="skip",
        xgap=2,
        ygap=2,
    )


def _lay_out_transitions(figure: go.Figure, size: int, mode: Mode) -> None:
    figure.update_layout(
        base_layout(mode),
        height=110 + 62 * size,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        hovermode="closest",
        clickmode="event+select",
    )
    figure.update_xaxes(
        title="in the other run", showgrid=False, zeroline=False, fixedrange=True, side="top", tickangle=0
    )
    figure.update_yaxes(
        title="in this run", showgrid=False, zeroline=False, fixedrange=True, autorange="reversed", automargin=True
    )


def shift_figure(agreement: RunAgreement, mode: Mode) -> go.Figure:
    """Change of every label's share from the first run to the second, with its paired interval."""
    figure = go.Figure()
    for row, (label, shift) in enumerate(zip(agreement.labels, agreement.shift, strict=True)):
        key = label_key(label)
        spread = {}
        if shift.low is not None and shift.high is not None:
            ends = {"array": [shift.high - shift.value], "arrayminus": [shift.value - shift.low]}
            spread = {"error_x": {"type": "data", "symmetric": False, "color": tone(key, mode).ink, **ends}}
            interval = f"<br>{SHARE_INTERVAL.name} {100 * shift.low:+.1f} to {100 * shift.high:+.1f}"
        else:
            interval = "<br>no interval"
        figure.add_scatter(
            x=[shift.value],
            y=[row],
            mode="markers+text",
            text=[MARKS[key].letter],
            textfont={"size": 9, "color": PAGE[mode]},
            marker={"size": 16, "color": tone(key, mode).ink},
            hovertemplate=f"{label}: {100 * shift.value:+.1f} points{interval}<extra></extra>",
            showlegend=False,
            **spread,
        )
    most = max([0.01, *(abs(v) for s in agreement.shift for v in (s.value, s.low, s.high) if v is not None)]) * 1.15
    figure.add_vline(0, line={"color": MUTED[mode], "width": 1})
    figure.update_layout(
        base_layout(mode), height=110 + 62 * len(agreement.labels), margin={"l": 8, "r": 8, "t": 8, "b": 8}
    )
    figure.update_xaxes(
        title="change of share",
        tickformat="+.1%",
        nticks=5,
        range=[-most, most],
        gridcolor=RULE[mode],
        zeroline=False,
        fixedrange=True,
    )
    figure.update_yaxes(
        tickvals=list(range(len(agreement.labels))),
        ticktext=[str(label) for label in agreement.labels],
        range=[len(agreement.labels) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        automargin=True,
    )
    return figure
