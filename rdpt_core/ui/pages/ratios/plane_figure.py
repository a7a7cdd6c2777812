"""The plane of gaps with its label regions and marginal histograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.analysis.labels import LabelRule, Space, label_order
from rdpt_core.analysis.run.gaps.gap_plane import N_CELLS, PlaneRange
from rdpt_core.analysis.schemes import Scheme, scheme_of
from rdpt_core.records import Label
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, click_targets, hatched
from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, TEXT, Mode, label_key, tone

Point = tuple[float, float]

_SYMBOLS = {
    "teacher": "circle",
    "shared": "square",
    "common": "square",
    "student": "diamond",
    "boosted": "triangle-up",
    "boosted-down": "triangle-down",
    "gained": "circle",
    "kept": "square",
    "lost": "diamond",
}
_DOWN = f"{Label.BOOSTED}-down"
# How much of either side the plane takes; the histograms have the rest.
_PLANE = 0.84
_EDGE = 0.87
_SCALE = ("1", "10", "100", "1,000", "10k", "100k", "1M", "10M", "100M", "1G")


@dataclass(frozen=True, slots=True)
class Region:
    """A polygon of the plane in which every sentence has one label; regions later in a list lie on top."""

    label: str
    corners: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Axes:
    """What the plane shows: gaps between these roles, in this space, within this range."""

    space: Space
    roles: tuple[str, ...]
    range: PlaneRange

    @property
    def scheme(self) -> Scheme:
        """What the roles are compared by."""
        return scheme_of(self.roles)

    def titles(self) -> tuple[str, str]:
        """What x and y are, in the symbols of the page."""
        scheme, log = self.scheme, "ln " if self.space is Space.RATIO else ""
        student, distilled = (f"{log}p<sub>{letter}</sub>" for letter in "SD")
        x = f"{words.gap_symbol(scheme, self.space)}: {scheme.upper} above {scheme.lower}"
        y = f"{distilled} − {student}: distilled above student" if scheme.is_triple else f"{student}: student"
        return x, y


def regions(rule: LabelRule, limits: PlaneRange, scheme: Scheme) -> list[Region]:
    """The label regions within the limits, in the rule's own space.

    Shared is the hexagon |x| ≤ α, |y| ≤ α, |x − y| ≤ α, and lies on top because the rule asks for it first.
    """
    (left, right), (bottom, top) = limits.x, limits.y
    a, b = rule.alpha, rule.beta
    band_left, band_right = max(left, -b), min(right, b)
    areas = [
        Region(str(scheme.below), _box(left, min(-b, right), bottom, top)),
        Region(str(scheme.above), _box(max(b, left), right, bottom, top)),
        Region(str(scheme.rest), _box(band_left, band_right, bottom, top)),
    ]
    if scheme.alike is None:
        return _visible(areas)
    if bottom < 0:
        # Below both others: y < 0 and y < x.
        corner = max(band_left, bottom)
        low = ((corner, bottom), (band_right, bottom), (band_right, 0.0), (0.0, 0.0), (corner, corner))
        areas.append(Region(_DOWN, low))
    hexagon = ((a, 0.0), (a, a), (0.0, a), (-a, 0.0), (-a, -a), (0.0, -a))
    return _visible([*areas, Region(str(scheme.alike), hexagon)])


def _box(left: float, right: float, bottom: float, top: float) -> tuple[Point, ...]:
    return ((left, bottom), (right, bottom), (right, top), (left, top))


def _visible(areas: list[Region]) -> list[Region]:
    return [region for region in areas if max(x for x, _ in region.corners) > min(x for x, _ in region.corners)]


def plane_figure(axes: Axes, cells: pa.Table, points: pa.Table | None, rule: LabelRule, mode: Mode) -> go.Figure:
    """Draw the plane.

    A point's customdata is (trace_no, sentence_index); a cell's is (-1, ix, iy). Regions are drawn only if the axes are
    in the rule's own space.

    Args:
        cells: as `load_cells` gives it.
        points: as `load_points` gives it; None to draw the cells.
    """
    figure = go.Figure()
    labels = [*map(str, label_order(axes.roles)), *([_DOWN] if axes.scheme.is_triple else [])]
    if points is None:
        _add_cells(figure, axes, cells, mode)
    else:
        _add_points(figure, axes, points, labels, mode)
    _add_margins(figure, axes.range, cells, labels, mode, legend=points is None)
    if axes.space is rule.space:
        areas = regions(rule, axes.range, axes.scheme)
        _add_regions(figure, areas, mode, outlined=points is None)
    _lay_out(figure, axes, mode)
    return figure


def _add_points(figure: go.Figure, axes: Axes, points: pa.Table, labels: list[str], mode: Mode) -> None:
    gaps_text = _gaps_hover(axes)
    size = 7 if points.num_rows < 2_000 else 5 if points.num_rows < 20_000 else 3
    for label in labels:
        labelled = points.filter(pc.equal(points.column("kind"), label))
        key = _mark_key(label)
        ids = (labelled.column(name).to_numpy().astype(np.int32) for name in ("trace_no", "sentence_index"))
        figure.add_scattergl(
            x=labelled.column("x").to_numpy(),
            y=labelled.column("y").to_numpy(),
            customdata=np.column_stack(list(ids)),
            name=f"{MARKS[key].letter} {words.label(label)}",
            mode="markers",
            marker={
                "color": tone(key, mode).ink,
                "symbol": _SYMBOLS[key],
                "size": size,
                "opacity": 0.75 if points.num_rows < 20_000 else 0.5,
                "line": {"width": 0},
            },
            legendgroup=label,
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.5}},
            hovertemplate=f"<b>{words.label(label)}</b>{gaps_text}click to read it<extra></extra>",
        )


def _add_cells(figure: go.Figure, axes: Axes, cells: pa.Table, mode: Mode) -> None:
    ix, iy, n = (cells.column(name).to_numpy() for name in ("ix", "iy", "n"))
    counts = np.zeros((N_CELLS, N_CELLS), dtype=np.int64)
    inside = (ix >= 0) & (ix < N_CELLS) & (iy >= 0) & (iy < N_CELLS)
    np.add.at(counts, (iy[inside], ix[inside]), n[inside])
    x, y = (_centres(ends) for ends in (axes.range.x, axes.range.y))
    figure.add_heatmap(
        x=x,
        y=y,
        z=np.where(counts > 0, np.log10(np.maximum(counts, 1)), np.nan),
        colorscale=[[0, MUTED[mode] + "30"], [1, TEXT[mode] + "d8"]],
        colorbar={
            "title": "sentences",
            "tickvals": list(range(len(_SCALE))),
            "ticktext": _SCALE,
            "len": _PLANE,
            "y": 0,
            "yanchor": "bottom",
            "thickness": 12,
        },
        hoverinfo="skip",
    )
    rows, columns = np.nonzero(counts)
    figure.add_scattergl(
        x=x[columns],
        y=y[rows],
        customdata=np.column_stack([np.full(len(rows), -1), columns, rows]).astype(np.int32),
        text=[words.count(int(n), "sentence") for n in counts[rows, columns]],
        hovertemplate=f"<b>%{{text}}</b>{_gaps_hover(axes)}click to list them<extra></extra>",
        **click_targets(8),
    )


def _add_margins(
    figure: go.Figure, limits: PlaneRange, cells: pa.Table, labels: list[str], mode: Mode, *, legend: bool
) -> None:
    ix, iy, n = (cells.column(name).to_numpy() for name in ("ix", "iy", "n"))
    label_of = np.array(cells.column("kind").to_pylist(), dtype=object)
    for label in labels:
        has_label = label_of == label
        key = _mark_key(label)
        style: dict[str, Any] = {
            "marker": {**hatched(key, mode), "line": {"width": 0.5, "color": tone(key, mode).ink}},
            "name": f"{MARKS[key].letter} {words.label(label)}",
            "legendgroup": label,
        }
        for index, ends, across in ((ix, limits.x, True), (iy, limits.y, False)):
            inside = has_label & (index >= 0) & (index < N_CELLS)
            heights = np.bincount(index[inside], weights=n[inside], minlength=N_CELLS)
            centres = _centres(ends)
            width = (ends[1] - ends[0]) / N_CELLS
            hover = f"{words.label(label)}: %{{{'y' if across else 'x'}:,}}<extra></extra>"
            if across:
                figure.add_bar(
                    x=centres, y=heights, width=width, yaxis="y2", hovertemplate=hover, showlegend=legend, **style
                )
            else:
                figure.add_bar(
                    y=centres,
                    x=heights,
                    width=width,
                    xaxis="x2",
                    orientation="h",
                    hovertemplate=hover,
                    showlegend=False,
                    **style,
                )


def _add_regions(figure: go.Figure, areas: list[Region], mode: Mode, *, outlined: bool) -> None:
    """Tint the regions; cells would hide their borders, so those are then drawn once more on top (`outlined`)."""
    for region in areas:
        key = _mark_key(region.label)
        path = "M" + "L".join(f"{x},{y}" for x, y in region.corners) + "Z"
        line = {"width": 1, "color": tone(key, mode).ink}
        figure.add_shape(type="path", path=path, fillcolor=tone(key, mode).tint, opacity=0.45, line=line, layer="below")
        if outlined:
            above = {"width": 1.5, "color": tone(key, mode).tint}
            figure.add_shape(type="path", path=path, line=above, layer="above")


def _centres(ends: tuple[float, float]) -> np.ndarray:
    low, high = ends
    return low + (np.arange(N_CELLS) + 0.5) * (high - low) / N_CELLS


def _mark_key(label: str) -> str:
    """The mark of a label, or of `Boosted-down`."""
    return "boosted-down" if label == _DOWN else label_key(label)


def _gaps_hover(axes: Axes) -> str:
    """Where a point lies, each number with what it is: `ln p_T − ln p_S: 0.31`."""
    x, y = (title.split(":")[0] for title in axes.titles())
    return f"<br>{x}: %{{x:.3~g}}<br>{y}: %{{y:.3~g}}<br>"


def _lay_out(figure: go.Figure, axes: Axes, mode: Mode) -> None:
    x_title, y_title = axes.titles()
    axis = {"gridcolor": RULE[mode], "zerolinecolor": MUTED[mode], "zerolinewidth": 1}
    margin = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True}
    figure.update_layout(
        base_layout(mode),
        height=620,
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        barmode="stack",
        bargap=0,
        dragmode="zoom",
        clickmode="event+select",
        hovermode="closest",
        xaxis={**axis, "title": x_title, "range": axes.range.x, "domain": [0, _PLANE], "automargin": True},
        yaxis={**axis, "title": y_title, "range": axes.range.y, "domain": [0, _PLANE], "automargin": True},
        xaxis2={**margin, "domain": [_EDGE, 1], "anchor": "y"},
        yaxis2={**margin, "domain": [_EDGE, 1], "anchor": "x"},
        legend={"itemsizing": "constant"},
    )
    # One scale for each pair: zooming into the plane zooms its histograms.
    figure.update_traces(selector={"type": "bar", "orientation": "h"}, yaxis="y")
    figure.update_traces(selector={"type": "heatmap"}, hoverongaps=False, xgap=0, ygap=0)
    figure.update_layout(hoverlabel={"bgcolor": PAGE[mode]})
