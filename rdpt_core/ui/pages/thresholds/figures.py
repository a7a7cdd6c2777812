"""Figures of the thresholds page: the (α, β) map, shares along β, and the distribution that suggests a β."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.labels import LabelRule, Space
from rdpt_core.analysis.run.suggested_beta import SuggestedBeta
from rdpt_core.analysis.run.thresholds import BetaCurve, ThresholdMap
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout
from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, TEXT, Mode, label_key, tone

FLIPS = "labels that turn"

_DASHES = ("solid", "dash", "dot", "dashdot")


def map_figure(
    found: ThresholdMap, shown: str, rule: LabelRule, defaults: tuple[float, float], suggested: float | None, mode: Mode
) -> go.Figure:
    """Share of `shown` (a label, or `FLIPS`) at every pair of thresholds. A cell's customdata is (α, β).

    Without a distilled model α plays no part, and the map has a single column.
    """
    triple = len(found.labels) == 4
    counts = found.flips if shown == FLIPS else found.counts[[str(label) for label in found.labels].index(shown)]
    share = counts / max(found.n_sentences, 1)
    alphas = found.grid if triple else np.array([0.0])
    share = share[: len(alphas)]
    ink = TEXT[mode] if shown == FLIPS else tone(label_key(shown), mode).ink
    figure = go.Figure()
    figure.add_heatmap(
        x=alphas,
        y=found.grid,
        z=share.T,
        zmin=0,
        colorscale=[[0, PAGE[mode]], [1, ink]],
        colorbar={"title": "share", "tickformat": ".0%", "thickness": 12},
        hoverinfo="skip",
    )
    a, b = (axis.ravel() for axis in np.meshgrid(alphas, found.grid, indexing="ij"))
    # A heatmap reports no clicks, so an invisible point lies on every cell.
    figure.add_scattergl(
        x=a,
        y=b,
        customdata=np.column_stack([a, b]),
        text=_hovers(found, len(alphas)),
        mode="markers",
        marker={"size": 9, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    _mark(figure, "now", rule.alpha if triple else 0.0, rule.beta, "x", mode)
    if (rule.alpha, rule.beta) != defaults:
        _mark(figure, "default", defaults[0] if triple else 0.0, defaults[1], "circle-open", mode)
    step = float(found.grid[1])
    top = float(found.grid[-1])
    if triple:
        corner = {"type": "path", "path": f"M0,0L{top},{top}L{top},0Z", "layer": "above"}
        figure.add_shape(**corner, fillcolor=MUTED[mode], opacity=0.18, line={"width": 0})
        text = "α ≥ β: Shared swallows Teacher and Student"
        figure.add_annotation(x=0.62 * top, y=0.12 * top, text=text, showarrow=False, bgcolor=PAGE[mode])
    if suggested is not None and suggested <= top:
        figure.add_hline(suggested, line={"color": TEXT[mode], "dash": "dot", "width": 1.5})
        figure.add_annotation(
            x=1,
            xref="paper",
            xanchor="right",
            y=suggested,
            text="suggested β",
            showarrow=False,
            bgcolor=PAGE[mode],
        )
    figure.update_layout(
        base_layout(mode),
        height=480,
        margin={"l": 8, "r": 8, "t": 30, "b": 8},
        hovermode="closest",
        clickmode="event+select",
        legend={"x": 0},
    )
    whole = [-step / 2, top + step / 2]
    figure.update_xaxes(
        title="α" if triple else "",
        range=whole if triple else [-0.5, 0.5],
        showticklabels=triple,
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_yaxes(title="β", range=whole, showgrid=False, zeroline=False, fixedrange=True, automargin=True)
    return figure


def _hovers(found: ThresholdMap, n_alphas: int) -> list[str]:
    texts = []
    for i in range(n_alphas):
        for j, beta in enumerate(found.grid):
            parts = [
                f"{label} {words.percent(found.counts[k, i, j] / max(found.n_sentences, 1))}"
                for k, label in enumerate(found.labels)
            ]
            at = f"α = {found.grid[i]:g}, β = {beta:g}" if len(found.labels) == 4 else f"β = {beta:g}"
            turned = words.percent(found.flips[i, j] / max(found.n_sentences, 1))
            texts.append(f"<b>{at}</b><br>{'<br>'.join(parts)}<br>{turned} of the labels turn<br>click to set")
    return texts


def _mark(figure: go.Figure, name: str, alpha: float, beta: float, symbol: str, mode: Mode) -> None:
    line = {"width": 2, "color": TEXT[mode]}
    figure.add_scatter(
        x=[alpha],
        y=[beta],
        name=name,
        mode="markers",
        marker={"symbol": symbol, "size": 12, "color": PAGE[mode], "line": line},
        hoverinfo="skip",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def curves_figure(curves: Sequence[BetaCurve], rule: LabelRule, default: float, mode: Mode) -> go.Figure:
    """Label shares along β, one panel a group, with their 95% bands."""
    columns = min(3, len(curves))
    rows = -(-len(curves) // columns)
    figure = make_subplots(
        rows=rows,
        cols=columns,
        shared_xaxes="all",
        shared_yaxes="all",
        horizontal_spacing=0.04,
        vertical_spacing=0.2 / (rows - 1) if rows > 1 else 0,
        subplot_titles=[_panel_title(curve) for curve in curves],
    )
    for place, curve in enumerate(curves):
        at = {"row": place // columns + 1, "col": place % columns + 1}
        for k, label in enumerate(curve.labels):
            key = label_key(label)
            share, low, high = (
                [float(getattr(item, name)[k]) for item in curve.intervals] for name in ("share", "low", "high")
            )
            if curve.intervals[0].refused is None:
                figure.add_scatter(
                    x=[*curve.betas, *curve.betas[::-1]],
                    y=[*high, *low[::-1]],
                    fill="toself",
                    fillcolor=tone(key, mode).ink,
                    opacity=0.18,
                    line={"width": 0},
                    hoverinfo="skip",
                    showlegend=False,
                    legendgroup=str(label),
                    **at,
                )
            figure.add_scatter(
                x=curve.betas,
                y=share,
                name=f"{MARKS[key].letter} {label}",
                legendgroup=str(label),
                showlegend=place == 0,
                mode="lines",
                line={"color": tone(key, mode).ink, "dash": _DASHES[k], "width": 2},
                hovertemplate=f"{label} %{{y:.1%}} at β = %{{x:.3~g}}<extra></extra>",
                **at,
            )
    figure.add_vline(rule.beta, line={"color": TEXT[mode], "width": 1})
    if rule.beta != default:
        figure.add_vline(default, line={"color": MUTED[mode], "width": 1, "dash": "dot"})
    figure.update_layout(
        base_layout(mode), height=96 + 220 * rows, margin={"l": 8, "r": 8, "t": 80, "b": 8}, hovermode="closest"
    )
    figure.update_layout(legend={"y": 1, "yref": "container", "yanchor": "top"})
    figure.update_annotations(font={"size": 12, "color": MUTED[mode]})
    figure.update_xaxes(gridcolor=RULE[mode], zeroline=False, fixedrange=True)
    figure.update_xaxes(title="β", row=rows)
    figure.update_yaxes(gridcolor=RULE[mode], zeroline=False, tickformat=".0%", fixedrange=True, rangemode="tozero")
    return figure


def _panel_title(curve: BetaCurve) -> str:
    n = curve.intervals[0].n_questions
    return f"{words.no_markup(curve.group, 20)}<br>{words.count(n, 'question')}"


def density_figure(found: SuggestedBeta, rule: LabelRule, mode: Mode) -> go.Figure:
    """The smoothed density of |d_TS| with the present and the suggested β."""
    figure = go.Figure()
    figure.add_scatter(
        x=found.centres,
        y=found.density,
        mode="lines",
        fill="tozeroy",
        line={"color": TEXT[mode], "width": 1.5},
        fillcolor=RULE[mode],
        hovertemplate="%{x:.3~g}: %{y:.3~g}<extra></extra>",
        showlegend=False,
    )
    if found.low is not None and found.high is not None:
        figure.add_vrect(found.low, found.high, fillcolor=MUTED[mode], opacity=0.2, line={"width": 0})
    if found.beta is not None:
        figure.add_vline(found.beta, line={"color": TEXT[mode], "dash": "dot", "width": 2})
        side = "left" if found.beta < 0.7 * found.centres[-1] else "right"
        figure.add_annotation(
            x=found.beta, y=1, yref="paper", yanchor="top", xanchor=side, text=" suggested β ", showarrow=False
        )
    if rule.beta <= found.centres[-1]:
        figure.add_vline(rule.beta, line={"color": TEXT[mode], "width": 2})
        figure.add_annotation(
            x=rule.beta, y=0.88, yref="paper", yanchor="top", xanchor="left", text=" β now", showarrow=False
        )
    symbol = "|ln p<sub>T</sub> − ln p<sub>S</sub>|" if rule.space is Space.RATIO else "|p<sub>T</sub> − p<sub>S</sub>|"
    figure.update_layout(base_layout(mode), height=260, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    figure.update_xaxes(title=symbol, showgrid=False, zeroline=False, fixedrange=True, rangemode="tozero")
    # The hump of agreeing sentences may be many times as high as all that follows.
    highest = float(found.density.max())
    later = float(found.density[np.arange(len(found.density)) > len(found.density) // 10].max())
    figure.update_yaxes(
        title="density",
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        showticklabels=False,
        range=[0, min(highest, 4 * later) * 1.05 if later > 0 else highest * 1.05],
    )
    return figure
