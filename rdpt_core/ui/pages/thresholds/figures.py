"""Figures of the thresholds page: the (α, β) map, shares along β, and the distribution that suggests a β."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.sensitivity.suggested_beta import SuggestedBeta
from rdpt_core.analysis.run.sensitivity.thresholds import BetaCurve, ThresholdMap
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, click_targets
from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, TEXT, Mode, label_key, tone

FLIPS = "labels that turn"

_DASHES = ("solid", "dash", "dot", "dashdot")


def map_figure(
    threshold_map: ThresholdMap,
    shown: str,
    rule: LabelRule,
    defaults: tuple[float, float],
    suggested: float | None,
    mode: Mode,
) -> go.Figure:
    """Share of `shown` (a label, or `FLIPS`) at every pair of thresholds. A cell's customdata is (α, β).

    With two roles α plays no part, and the map has a single column.
    """
    triple = threshold_map.scheme.is_triple
    counts = (
        threshold_map.flips
        if shown == FLIPS
        else threshold_map.counts[[str(label) for label in threshold_map.labels].index(shown)]
    )
    share = counts / max(threshold_map.n_sentences, 1)
    alphas = threshold_map.grid if triple else np.array([0.0])
    share = share[: len(alphas)]
    ink = TEXT[mode] if shown == FLIPS else tone(label_key(shown), mode).ink
    figure = go.Figure()
    figure.add_heatmap(
        x=alphas,
        y=threshold_map.grid,
        z=share.T,
        zmin=0,
        colorscale=[[0, PAGE[mode]], [1, ink]],
        colorbar={"title": "share", "tickformat": ".0%", "thickness": 12},
        hoverinfo="skip",
    )
    a, b = (axis.ravel() for axis in np.meshgrid(alphas, threshold_map.grid, indexing="ij"))
    figure.add_scattergl(
        x=a,
        y=b,
        customdata=np.column_stack([a, b]),
        text=_hovers(threshold_map, len(alphas)),
        hovertemplate="%{text}<extra></extra>",
        **click_targets(9),
    )
    _mark_rules(figure, (rule.alpha, rule.beta), defaults, mode, has_alpha=triple)
    top = float(threshold_map.grid[-1])
    if triple:
        _shade_where_alpha_is_too_large(figure, top, mode)
    if suggested is not None and suggested <= top:
        _mark_suggested(figure, suggested, mode)
    _lay_out_map(figure, float(threshold_map.grid[1]), top, mode, has_alpha=triple)
    return figure


def _mark_rules(
    figure: go.Figure, present: tuple[float, float], default: tuple[float, float], mode: Mode, *, has_alpha: bool
) -> None:
    """The present and the default (α, β), the latter only if it is another one."""
    marks = [("now", present, "x")]
    if present != default:
        marks.append(("default", default, "circle-open"))
    for name, (alpha, beta), symbol in marks:
        figure.add_scatter(
            x=[alpha if has_alpha else 0.0],
            y=[beta],
            name=name,
            mode="markers",
            marker={"symbol": symbol, "size": 12, "color": PAGE[mode], "line": {"width": 2, "color": TEXT[mode]}},
            hoverinfo="skip",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )


def _shade_where_alpha_is_too_large(figure: go.Figure, top: float, mode: Mode) -> None:
    corner = {"type": "path", "path": f"M0,0L{top},{top}L{top},0Z", "layer": "above"}
    figure.add_shape(**corner, fillcolor=MUTED[mode], opacity=0.18, line={"width": 0})
    text = "α ≥ β: Shared swallows Teacher and Student"
    figure.add_annotation(x=0.62 * top, y=0.12 * top, text=text, showarrow=False, bgcolor=PAGE[mode])


def _mark_suggested(figure: go.Figure, beta: float, mode: Mode) -> None:
    figure.add_hline(beta, line={"color": TEXT[mode], "dash": "dot", "width": 1.5})
    label = {"text": "suggested β", "showarrow": False, "bgcolor": PAGE[mode]}
    figure.add_annotation(x=1, xref="paper", xanchor="right", y=beta, **label)


def _lay_out_map(figure: go.Figure, step: float, top: float, mode: Mode, *, has_alpha: bool) -> None:
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
        title="α" if has_alpha else "",
        range=whole if has_alpha else [-0.5, 0.5],
        showticklabels=has_alpha,
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_yaxes(title="β", range=whole, showgrid=False, zeroline=False, fixedrange=True, automargin=True)


def _hovers(threshold_map: ThresholdMap, n_alphas: int) -> list[str]:
    texts = []
    for i in range(n_alphas):
        for j, beta in enumerate(threshold_map.grid):
            parts = [
                f"{label} {words.percent(threshold_map.counts[k, i, j] / max(threshold_map.n_sentences, 1))}"
                for k, label in enumerate(threshold_map.labels)
            ]
            pair = f"α = {threshold_map.grid[i]:g}, β = {beta:g}" if threshold_map.scheme.is_triple else f"β = {beta:g}"
            turned = words.percent(threshold_map.flips[i, j] / max(threshold_map.n_sentences, 1))
            texts.append(f"<b>{pair}</b><br>{'<br>'.join(parts)}<br>{turned} of the labels turn<br>click to set")
    return texts


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
    for index, curve in enumerate(curves):
        subplot = {"row": index // columns + 1, "col": index % columns + 1}
        for k in range(len(curve.labels)):
            for line in _curve_and_band(curve, k, mode, in_legend=index == 0):
                figure.add_trace(line, **subplot)
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


def _curve_and_band(curve: BetaCurve, k: int, mode: Mode, *, in_legend: bool) -> Iterator[go.Scatter]:
    """The k-th label's 95% band, if it has one, and its curve over it."""
    label = str(curve.labels[k])
    key = label_key(label)
    share, low, high = (
        [float(getattr(item, name)[k]) for item in curve.intervals] for name in ("share", "low", "high")
    )
    if curve.intervals[0].refused is None:
        yield go.Scatter(
            x=[*curve.betas, *curve.betas[::-1]],
            y=[*high, *low[::-1]],
            fill="toself",
            fillcolor=tone(key, mode).ink,
            opacity=0.18,
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            legendgroup=label,
        )
    yield go.Scatter(
        x=curve.betas,
        y=share,
        name=f"{MARKS[key].letter} {label}",
        legendgroup=label,
        showlegend=in_legend,
        mode="lines",
        line={"color": tone(key, mode).ink, "dash": _DASHES[k], "width": 2},
        hovertemplate=f"{label} %{{y:.1%}} at β = %{{x:.3~g}}<extra></extra>",
    )


def _panel_title(curve: BetaCurve) -> str:
    first = curve.intervals[0]
    return f"{words.no_markup(curve.group, 20)}<br>{words.questions(first.n_questions, first.n_effective)}"


def density_figure(suggestion: SuggestedBeta, scheme: Scheme, rule: LabelRule, mode: Mode) -> go.Figure:
    """The smoothed density of the gap's size with the present and the suggested β."""
    figure = go.Figure()
    figure.add_scatter(
        x=suggestion.centres,
        y=suggestion.density,
        mode="lines",
        fill="tozeroy",
        line={"color": TEXT[mode], "width": 1.5},
        fillcolor=RULE[mode],
        hovertemplate="%{x:.3~g}: %{y:.3~g}<extra></extra>",
        showlegend=False,
    )
    if suggestion.low is not None and suggestion.high is not None:
        figure.add_vrect(suggestion.low, suggestion.high, fillcolor=MUTED[mode], opacity=0.2, line={"width": 0})
    if suggestion.beta is not None:
        figure.add_vline(suggestion.beta, line={"color": TEXT[mode], "dash": "dot", "width": 2})
        side = "left" if suggestion.beta < 0.7 * suggestion.centres[-1] else "right"
        figure.add_annotation(
            x=suggestion.beta, y=1, yref="paper", yanchor="top", xanchor=side, text=" suggested β ", showarrow=False
        )
    if rule.beta <= suggestion.centres[-1]:
        figure.add_vline(rule.beta, line={"color": TEXT[mode], "width": 2})
        figure.add_annotation(
            x=rule.beta, y=0.88, yref="paper", yanchor="top", xanchor="left", text=" β now", showarrow=False
        )
    figure.update_layout(base_layout(mode), height=260, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    symbol = f"|{words.gap_symbol(scheme, rule.space)}|"
    figure.update_xaxes(title=symbol, showgrid=False, zeroline=False, fixedrange=True, rangemode="tozero")
    # The hump of agreeing sentences may be many times as high as all that follows.
    highest = float(suggestion.density.max())
    later = float(suggestion.density[np.arange(len(suggestion.density)) > len(suggestion.density) // 10].max())
    figure.update_yaxes(
        title="density",
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        showticklabels=False,
        range=[0, min(highest, 4 * later) * 1.05 if later > 0 else highest * 1.05],
    )
    return figure
