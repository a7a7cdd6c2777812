"""Position curves as small multiples: labels together for all traces, or correct against incorrect label by label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from rdpt_core.analysis.run.positions.areas import Area
from rdpt_core.analysis.run.positions.curves import LINES, Curve, Panel
from rdpt_core.analysis.run.positions.tables import PositionTable
from rdpt_core.analysis.statistics.methods import CURVE_BAND
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout
from rdpt_core.ui.style.theme import MARKS, MUTED, RULE, TEXT, Mode, label_key, tone

LINE_DASH = {"all": "solid", "correct": "solid", "incorrect": "dash"}
_PER_ROW = 3


def curves_figure(panels: Sequence[Panel], table: PositionTable, labels: Sequence[str], mode: Mode) -> go.Figure:
    """One facet a panel with the curves of all labels, and below each how many traces get that far.

    A click returns as customdata the indices of panel, label, curve and point.
    """
    n_columns = min(_PER_ROW, len(panels))
    n_rows = -(-len(panels) // n_columns)
    draft = _Draft(table, labels, mode)
    columns = _spans([1.0] * n_columns, 0.06)
    # A facet, a small gap, its strip of counts, and a large gap for the next title.
    rows = [(1 - (row + share[0]) / n_rows, 1 - (row + share[1]) / n_rows) for row in range(n_rows) for share in _STACK]
    for panel_no, panel in enumerate(panels):
        column, row = columns[panel_no % n_columns], panel_no // n_columns
        draft.facet(
            column, rows[2 * row][::-1], y=_PERCENT | {"showticklabels": panel_no % n_columns == 0}, x_labels=False
        )
        for k in range(len(labels)):
            draft.curve(panel, panel_no, 0, k, in_legend=panel_no == 0)
        draft.title(f"<b>{words.no_markup(panel.name, 30)}</b>, {words.count(panel.n_questions, 'question')}")
        draft.facet(column, rows[2 * row + 1][::-1], y=_counts_axis(panel, "traces"))
        draft.counts(panel)
    return draft.finish(70 + 350 * n_rows, top=24)


_STACK = ((0.14, 0.77), (0.82, 1.0))
_PERCENT: dict[str, Any] = {"range": [0, 1], "tickformat": ".0%"}


def compare_figure(panels: Sequence[Panel], table: PositionTable, labels: Sequence[str], mode: Mode) -> go.Figure:
    """A row a panel and a column a label: correct traces as solid, incorrect ones as dashed lines; counts at the right.

    A click returns the same customdata as in `curves_figure`.
    """
    draft = _Draft(table, labels, mode)
    columns = _spans([1.0] * len(labels) + [0.75], 0.03)
    rows = _spans([1.0] * len(panels), min(0.06, 0.25 / max(1, len(panels))))[::-1]
    for panel_no, panel in enumerate(panels):
        last = panel_no == len(panels) - 1
        for k, label in enumerate(labels):
            axis = _PERCENT | {"tickvals": [0, 0.5, 1], "showticklabels": k == 0}
            if k == 0:
                axis["title"] = {"text": f"<b>{words.no_markup(panel.name, 16)}</b>", "font": {"size": 12}}
            draft.facet(columns[k], rows[panel_no], y=axis, x_labels=last)
            for line in range(len(panel.curves)):
                draft.curve(panel, panel_no, line, k)
            if panel.area is not None:
                draft.title(area_in_words(panel.area, k), size=10)
            if panel_no == 0:
                draft.title(f"<b>{MARKS[label_key(label)].letter} {label}</b>", lift=16)
        draft.facet(columns[-1], rows[panel_no], y=_counts_axis(panel) | {"side": "right"}, x_labels=last)
        draft.counts(panel)
        if panel_no == 0:
            draft.title("traces there", lift=16)
    for name in LINES[1:]:
        draft.key(f"{name} traces", LINE_DASH[name])
    return draft.finish(130 + 170 * len(panels), top=88)


def _counts_axis(panel: Panel, title: str = "") -> dict[str, Any]:
    most = max((int(curve.n_traces.max(initial=0)) for curve in panel.curves), default=0)
    axis: dict[str, Any] = {"range": [0, 1.15 * max(1, most)], "tickvals": [0, most]}
    return axis | ({"title": {"text": title, "font": {"size": 11}}} if title else {})


def _spans(sizes: Sequence[float], gap: float) -> list[tuple[float, float]]:
    """Parts of the unit line in proportion to `sizes`, with gaps between them."""
    scale = (1 - gap * (len(sizes) - 1)) / sum(sizes)
    spans, start = [], 0.0
    for size in sizes:
        spans.append((start, start + size * scale))
        start += size * scale + gap
    return spans


def area_in_words(area: Area, k: int) -> str:
    """`+18.6 (13.0 to 24.2)`, in percentage points."""
    value, low, high = (100 * float(v[k]) for v in (area.value, area.low, area.high))
    return f"{value:+.1f} ({low:.1f} to {high:.1f})"


def middles(table: PositionTable) -> np.ndarray:
    """Where points stand on the axis: the position, the middle of its bin, or the middle of the part in percent."""
    if table.is_relative:
        return 50 * (table.edges[:-1] + table.edges[1:])
    return (table.edges[:-1] + 1 + table.edges[1:]) / 2


def position_in_words(table: PositionTable, point: int) -> str:
    """`sentence 3`, `sentences 5 to 8`, `5% to 10% of the trace`."""
    low, high = table.edges[point], table.edges[point + 1]
    if table.is_relative:
        return f"{low:.0%} to {high:.0%} of the trace"
    return f"sentence {int(high)}" if high - low == 1 else f"sentences {int(low) + 1} to {int(high)}"


def _translucent(ink: str, opacity: float) -> str:
    red, green, blue = (int(ink[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _hover(panel: Panel, curve: Curve, k: int, positions: Sequence[str], label: str) -> list[str]:
    """What each shown point of a curve says of itself."""
    name = words.no_markup(panel.name, 40) + ("" if curve.line == "all" else f", {curve.line} traces")
    shares, lows, highs = (
        map(words.percent, v[: curve.n_shown, k].tolist()) for v in (curve.share, curve.low, curve.high)
    )
    questions = map(words.questions, curve.n_questions[: curve.n_shown].tolist(), curve.n_effective.tolist())
    traces = [words.count(n, "trace") for n in curve.n_traces[: curve.n_shown].tolist()]
    return [
        f"<b>{label} {share}</b> at {position}<br>{name}<br>{CURVE_BAND.name} {low} to {high}<br>"
        f"{n_questions}, {n_traces} there<br>click to read them"
        for share, low, high, position, n_questions, n_traces in zip(
            shares, lows, highs, positions, questions, traces, strict=False
        )
    ]


def _count_hover(curve: Curve, positions: Sequence[str]) -> list[str]:
    whose = "" if curve.line == "all" else f"{curve.line}: "
    return [
        f"{position}<br>{whose}{words.count(n_traces, 'trace')} of {words.questions(n_questions, n_effective)}"
        for position, n_traces, n_questions, n_effective in zip(
            positions, curve.n_traces.tolist(), curve.n_questions.tolist(), curve.n_effective.tolist(), strict=True
        )
    ]


class _Draft:
    """A figure under construction: plain data, handed to plotly once. With its own calls, facet by facet, plotly takes
    several times longer for the same figure."""

    def __init__(self, table: PositionTable, labels: Sequence[str], mode: Mode) -> None:
        self._table, self._labels, self._mode = table, labels, mode
        self._x = middles(table)
        self._positions = [position_in_words(table, point) for point in range(len(self._x))]
        self._data: list[dict[str, Any]] = []
        self._layout: dict[str, Any] = {"annotations": []}
        self._n = 0
        self._axes: dict[str, str] = {}
        self._top: tuple[float, float] = (0.5, 1.0)

    def facet(
        self, x: tuple[float, float], y_span: tuple[float, float], *, y: dict[str, Any], x_labels: bool = True
    ) -> None:
        """Begin a facet: what is drawn from now on stands in it."""
        low, high = min(y_span), max(y_span)
        self._n += 1
        number = "" if self._n == 1 else str(self._n)
        self._axes = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        self._top = ((x[0] + x[1]) / 2, high)
        plain = {"gridcolor": RULE[self._mode], "zeroline": False, "fixedrange": True, "tickfont": {"size": 11}}
        relative = self._table.is_relative
        first, last = (0.0, 100.0) if relative else (1.0, float(self._table.edges[-1]))
        pad = 0.03 * (last - first + 1)
        self._layout[f"xaxis{number}"] = plain | {
            "domain": list(x),
            "anchor": f"y{number}",
            "range": [first - pad, last + pad],
            "ticksuffix": "%" if relative else "",
            "nticks": 6,
            "showticklabels": x_labels,
        }
        self._layout[f"yaxis{number}"] = plain | {"domain": [low, high], "anchor": f"x{number}"} | y

    def title(self, text: str, *, size: float = 12.5, lift: float = 0) -> None:
        """A line above the present facet."""
        colour = MUTED[self._mode] if size < 12 else TEXT[self._mode]
        self._layout["annotations"].append(
            {
                "text": text,
                "x": self._top[0],
                "y": self._top[1],
                "xref": "paper",
                "yref": "paper",
                "xanchor": "center",
                "yanchor": "bottom",
                "yshift": lift,
                "showarrow": False,
                "font": {"size": size, "color": colour},
            }
        )

    def key(self, name: str, dash: str) -> None:
        """An entry of the legend that stands for a kind of line."""
        line = {"color": MUTED[self._mode], "dash": dash, "width": 2}
        self._data.append({"type": "scatter", "x": [None], "y": [None], "mode": "lines", "name": name, "line": line})

    def curve(self, panel: Panel, panel_no: int, line: int, k: int, *, in_legend: bool = False) -> None:
        """A label's curve over its band."""
        curve, key, labels = panel.curves[line], label_key(self._labels[k]), self._labels
        ink, n = tone(key, self._mode).ink, curve.n_shown
        if not n:
            return
        x = self._x[:n]
        self._data.append(
            {
                "type": "scatter",
                "x": np.concatenate([x, x[::-1]]),
                "y": np.concatenate([curve.high[:n, k], curve.low[:n, k][::-1]]),
                "fill": "toself",
                "fillcolor": _translucent(ink, 0.16),
                "line": {"width": 0},
                "mode": "lines",
                "hoverinfo": "skip",
                "showlegend": False,
                **self._axes,
            }
        )
        symbol = "circle-open" if curve.line == "incorrect" else "circle"
        self._data.append(
            {
                "type": "scatter",
                "x": x,
                "y": curve.share[:n, k],
                "mode": "lines+markers",
                "name": f"{MARKS[key].letter} {labels[k]}",
                "legendgroup": labels[k],
                "showlegend": in_legend,
                "line": {"color": ink, "width": 2, "dash": LINE_DASH[curve.line]},
                "marker": {"size": 5, "color": ink, "symbol": symbol},
                "customdata": np.column_stack([np.broadcast_to([panel_no, k, line], (n, 3)), np.arange(n)]).astype(
                    np.int32
                ),
                "hovertext": _hover(panel, curve, k, self._positions, labels[k]),
                "hoverinfo": "text",
                "selected": {"marker": {"opacity": 1}},
                "unselected": {"marker": {"opacity": 1}},
                **self._axes,
            }
        )
        self._same_traces(curve, k)

    def _same_traces(self, curve: Curve, k: int) -> None:
        """The dotted curve of the traces that all reach its end; not where two curves are compared already."""
        if curve.same is not None and curve.line == LINES[0]:
            n = len(curve.same.share)
            ink = tone(label_key(self._labels[k]), self._mode).ink
            self._data.append(
                {
                    "type": "scatter",
                    "x": self._x[:n],
                    "y": curve.same.share[:, k],
                    "mode": "lines",
                    "line": {"color": ink, "width": 1.5, "dash": "dot"},
                    "hoverinfo": "skip",
                    "showlegend": False,
                    **self._axes,
                }
            )

    def counts(self, panel: Panel) -> None:
        """How many traces have a scored sentence at each point."""
        ink = MUTED[self._mode]
        for curve in panel.curves:
            self._data.append(
                {
                    "type": "scatter",
                    "x": self._x,
                    "y": curve.n_traces,
                    "mode": "lines",
                    "line": {"color": ink, "width": 1.5, "dash": LINE_DASH[curve.line], "shape": "hvh"},
                    "fill": "tozeroy" if curve.line == "all" else "none",
                    "fillcolor": _translucent(ink, 0.15),
                    "hovertext": _count_hover(curve, self._positions),
                    "hoverinfo": "text",
                    "showlegend": False,
                    **self._axes,
                }
            )

    def finish(self, height: int, top: int) -> go.Figure:
        """The figure."""
        layout: dict[str, Any] = base_layout(self._mode)
        above = {"y": 1, "yref": "container", "yanchor": "top", "x": 0, "xref": "container", "itemclick": False}
        layout["legend"] = {**layout["legend"], **above}
        axis = "part of the trace" if self._table.is_relative else "number of the sentence in its trace"
        self._top = (0.5, 0.0)
        self.title(axis, size=11.9, lift=-42)
        return go.Figure(
            {
                "data": self._data,
                "layout": {
                    **layout,
                    **self._layout,
                    "height": height,
                    "margin": {"l": 8, "r": 12, "t": top, "b": 44},
                    "hovermode": "closest",
                    "clickmode": "event+select",
                },
            }
        )
