"""Figures of the page: distributions of drops, one measure in groups, and labels compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.evidence.importance.contrasts import COMPARED, Contrast
from rdpt_core.analysis.evidence.importance.histograms import Histograms, to_scale
from rdpt_core.analysis.evidence.importance.summaries import LARGE, Ends, Measure, Summary
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.arrays import Doubles
from rdpt_core.ui.pages.evidence.importance.summary import nats
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars, row_axis
from rdpt_core.ui.style.theme import MUTED, PAGE, RULE, TEXT, Mode, label_look

_TICKS = (-100.0, -10.0, -1.0, -0.1, 0.0, 0.1, 1.0, 10.0, 100.0)
# Of a row's height; the median stands below.
_HILL = 0.72
_BELOW = 0.16
_COLUMNS = 2
_SYMBOLS = {"as they are": "circle-open", "same kind": "square-open", "same kind and position": "diamond"}
_Placed: TypeAlias = tuple[int, Summary]
_TITLES: dict[Measure, str] = {
    "share": f"share of sentences above {LARGE:g} nat",
    "median": "median drop, nats",
    "mean": "mean drop, nats",
}


def distribution_figure(
    found: Histograms, summaries: Sequence[Summary], names: Sequence[str], labels: Sequence[str], mode: Mode
) -> go.Figure:
    """One panel a group, one hill a label, with the median and its interval below it.

    Args:
        summaries: of the same split as the histograms.
        names: those of the groups of the histograms.
        labels: in the order of the histograms.
    """
    figure = _panels(
        [f"{name} traces" for name in names], columns=1, gap_px=46, panel_px=_row_px(labels), shared_xaxes=True
    )
    density = found.counts / np.maximum(found.counts.sum(axis=2, keepdims=True), 1)
    height = density / (density.max() or 1.0) * _HILL
    for panel, name in enumerate(names):
        of_group = _of_group(summaries, name)
        for row, label in enumerate(labels):
            if label in of_group:
                hill = _hill(found.edges, height[panel, row], row, label, mode)
                figure.add_trace(hill, row=panel + 1, col=1)
                figure.add_trace(_point(of_group[label], "median", row + _BELOW, mode), row=panel + 1, col=1)
        ticks = [_row_name(label, of_group.get(label)) for label in labels]
        figure.update_yaxes(row_axis(ticks) | _row_range(labels, above=0.8), row=panel + 1, col=1)
    figure.update_xaxes(**_scaled_axis(float(found.edges[0]), float(found.edges[-1]), mode), showticklabels=True)
    figure.update_xaxes(title=_title("nats of ln p(answer) lost without the sentence", mode), row=len(names), col=1)
    _lay_out(figure, mode)
    figure.add_vline(x=to_scale(LARGE), line={"color": MUTED[mode], "width": 1, "dash": "dot"})
    return figure


def group_figure(summaries: Sequence[Summary], labels: Sequence[str], measure: Measure, mode: Mode) -> go.Figure:
    """One panel a group, one point a label."""
    names = list(dict.fromkeys(item.group for item in summaries))
    shown = [label for label in labels if any(item.label == label for item in summaries)]
    titles = [words.no_markup(name, 24) for name in names]
    figure = _panels(titles, columns=min(_COLUMNS, len(names)), gap_px=64, panel_px=34 * len(shown) + 12, between=0.22)
    low, high = _span([item.numbers[measure] for item in summaries])
    for panel, name in enumerate(names):
        place = {"row": panel // _COLUMNS + 1, "col": panel % _COLUMNS + 1}
        of_group = _of_group(summaries, name)
        for row, label in enumerate(shown):
            if label in of_group:
                figure.add_trace(_point(of_group[label], measure, row, mode), **place)
        ticks = [_row_name(label, of_group.get(label), brief=True) for label in shown]
        figure.update_yaxes(row_axis(ticks) | _row_range(shown), **place)
    if measure == "share":
        span = {"range": [-0.03 * high, 1.03 * high], "zeroline": False}
        figure.update_xaxes(**span, tickformat=".0%", gridcolor=RULE[mode], fixedrange=True)
    else:
        figure.update_xaxes(**_scaled_axis(to_scale(low), to_scale(high), mode))
    last = (len(names) - 1) // _COLUMNS + 1
    figure.update_xaxes(title=_title(_TITLES[measure], mode), row=last)
    _lay_out(figure, mode)
    return figure


def contrast_figure(contrasts: Sequence[Contrast], mode: Mode) -> go.Figure:
    """One panel a measure, one row a pair of labels, one point a way to hold things equal."""
    pairs = list(dict.fromkeys((item.label, item.other) for item in contrasts))
    titles = [_TITLES[measure] for measure in COMPARED]
    figure = _panels(titles, columns=len(COMPARED), gap_px=64, panel_px=64 * len(pairs) + 12, shared_yaxes=True)
    for column, measure in enumerate(COMPARED, 1):
        for place, (adjustment, symbol) in enumerate(_SYMBOLS.items()):
            chosen = [item for item in contrasts if item.adjustment == adjustment]
            ends = [item.numbers[measure] for item in chosen]
            offset = (place - (len(_SYMBOLS) - 1) / 2) * 0.24
            figure.add_trace(
                go.Scatter(
                    x=[end.value for end in ends],
                    y=[pairs.index((item.label, item.other)) + offset for item in chosen],
                    error_x=_bars(ends, TEXT[mode]),
                    mode="markers",
                    marker={"symbol": symbol, "size": 10, "color": TEXT[mode]},
                    name=adjustment,
                    legendgroup=adjustment,
                    showlegend=column == 1,
                    hovertext=[_contrast_hover(item, measure) for item in chosen],
                    hoverinfo="text",
                ),
                row=1,
                col=column,
            )
    ticks = [f"<b>{label}</b><br>minus {other}" for label, other in pairs]
    figure.update_yaxes(row_axis(ticks) | {"range": [len(pairs) - 0.4, -0.6], "automargin": True})
    figure.update_xaxes(gridcolor=RULE[mode], zeroline=True, zerolinecolor=MUTED[mode], fixedrange=True)
    figure.update_xaxes(tickformat=".0%", row=1, col=COMPARED.index("share") + 1)
    _lay_out(figure, mode)
    legend = {"y": 1, "yanchor": "top", "yref": "container", "x": 0, "xref": "container", "itemclick": False}
    height, top = figure.layout.height, figure.layout.margin.t
    figure.update_layout(legend=legend, height=height + 28, margin={"t": top + 28})
    return figure


def _panels(
    titles: Sequence[str], *, columns: int, gap_px: int, panel_px: int, between: float = 0.1, **shared: bool
) -> go.Figure:
    """Panels of one height each, with room above each for its title."""
    rows = math.ceil(len(titles) / columns)
    inner = rows * panel_px + (rows - 1) * gap_px
    figure = make_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=list(titles),
        vertical_spacing=gap_px / inner if rows > 1 else 0,
        horizontal_spacing=between if columns > 1 else 0,
        **shared,
    )
    margin = {"l": 8, "r": 16, "t": 32, "b": 48}
    figure.update_layout(height=inner + margin["t"] + margin["b"], margin=margin)
    return figure


def _lay_out(figure: go.Figure, mode: Mode) -> None:
    figure.update_annotations(selector={"yref": "paper"}, font={"size": 13, "color": MUTED[mode]})
    figure.update_layout(base_layout(mode), hovermode="closest", clickmode="event+select")


def _row_px(labels: Sequence[str]) -> int:
    return 58 * len(labels) + 12


def _row_range(labels: Sequence[str], above: float = 0.6) -> dict[str, Any]:
    return {"range": [len(labels) - 1 + 0.45, -above], "automargin": True}


def _title(text: str, mode: Mode) -> dict[str, Any]:
    return {"text": text, "font": {"size": 12, "color": MUTED[mode]}, "standoff": 6}


def _scaled_axis(low: float, high: float, mode: Mode) -> dict[str, Any]:
    """An axis in nats whose positions are those of `to_scale`."""
    room = 0.03 * (high - low)
    ticks = [tick for tick in _TICKS if low - room <= to_scale(tick) <= high + room]
    return {
        "tickvals": [to_scale(tick) for tick in ticks],
        "ticktext": [f"{tick:g}".replace("-", "−") for tick in ticks],
        "range": [low - room, high + room],
        "gridcolor": RULE[mode],
        "zeroline": True,
        "zerolinecolor": MUTED[mode],
        "fixedrange": True,
    }


def _hill(edges: Doubles, height: Doubles, row: int, label: str, mode: Mode) -> go.Scatter:
    """A histogram as a closed outline; plotly's y axis runs downwards here."""
    x = np.repeat(edges, 2)
    y = row - np.concatenate([[0.0], np.repeat(height, 2), [0.0]])
    tone = label_look(label, mode).tone
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        fill="toself",
        fillcolor=tone.tint,
        line={"color": tone.ink, "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )


def _of_group(summaries: Sequence[Summary], name: str) -> dict[str, _Placed]:
    """Label → its summary in a group, with its place among all summaries."""
    return {item.label: (place, item) for place, item in enumerate(summaries) if item.group == name}


def _point(placed: _Placed, measure: Measure, y: float, mode: Mode) -> go.Scatter:
    """A number of a label with its interval, marked by the label's letter. Nats stand on the scale.

    A click returns as customdata the place of the summary.
    """
    place, item = placed
    ends = item.numbers[measure]
    if measure != "share":
        ends = Ends(*(to_scale(value) for value in (ends.value, ends.low, ends.high)))
    look = label_look(item.label, mode)
    return go.Scatter(
        x=[ends.value],
        y=[y],
        error_x=_bars([ends], look.tone.ink),
        mode="markers+text",
        text=[look.letter],
        textfont={"size": 9, "color": PAGE[mode]},
        marker={"color": look.tone.ink, "size": 14},
        customdata=[[place]],
        hovertext=[_hover(item)],
        hoverinfo="text",
        showlegend=False,
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def _bars(ends: Sequence[Ends], ink: str) -> dict[str, Any]:
    above = [None if math.isnan(end.high) else end.high - end.value for end in ends]
    below = [None if math.isnan(end.low) else end.value - end.low for end in ends]
    return error_bars(above, below, ink)


def _span(ends: Sequence[Ends]) -> tuple[float, float]:
    """From the lowest to the highest end, with 0 between them."""
    known = [value for end in ends for value in (end.value, end.low, end.high) if not math.isnan(value)]
    return min([0.0, *known]), max([0.1, *known])


def _row_name(label: str, placed: _Placed | None, *, brief: bool = False) -> str:
    named = words.lettered(label_look(label, "light").letter, label)
    if placed is None:
        return f"<b>{named}</b><br>none"
    _, item = placed
    if brief:
        return f"<b>{named}</b><br>n = {item.n_sentences:,}"
    return (
        f"<b>{named}</b><br>{words.count(item.n_sentences, 'sentence')}<br>{words.count(item.n_questions, 'question')}"
    )


def _hover(item: Summary) -> str:
    number = item.numbers
    lines = [
        f"<b>{item.label}</b>, {words.no_markup(item.group, 40)}",
        f"median {_between(number['median'], nats)}",
        f"above {LARGE:g} nat {_between(number['share'], words.percent)}",
        f"mean {_between(number['mean'], nats)}",
        f"{words.count(item.n_sentences, 'sentence')} of {words.count(item.n_traces, 'trace')}",
        words.questions(item.n_questions, item.n_effective),
        *([] if item.refused is None else [f"no interval: {item.refused}"]),
        "click to list them",
    ]
    return "<br>".join(lines)


def _contrast_hover(item: Contrast, measure: Measure) -> str:
    ends = item.numbers[measure]
    text = _points if measure == "share" else nats
    lines = [
        f"<b>{item.label} minus {item.other}</b>, {item.adjustment}",
        _between(ends, text),
        f"{item.n_sentences[0]:,} and {item.n_sentences[1]:,} sentences",
        words.count(item.n_strata, "stratum", "strata"),
        words.questions(item.n_questions, item.n_effective),
    ]
    why = item.refused[measure]
    return "<br>".join(lines if why is None else [*lines, f"no interval: {why}"])


def _points(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:+.1f} points".replace("-", "−")


def _between(ends: Ends, text: Callable[[float], str]) -> str:
    if math.isnan(ends.low):
        return text(ends.value)
    return f"{text(ends.value)} ({SHARE_INTERVAL.name} {text(ends.low)} to {text(ends.high)})"
