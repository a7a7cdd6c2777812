"""Figures of the page Teachers: the matrix, shares of groups, and the weights of the mixture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from rdpt_core.analysis.attribution.tables import AttributionTable, RowShares
from rdpt_core.analysis.attribution.weights import Weights
from rdpt_core.analysis.run.shares import GroupShares
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.parts.share_figure import interval_in_words, shares_figure
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, click_targets, error_bars, row_axis
from rdpt_core.ui.style.sources import ANSWERS, AnswerLooks
from rdpt_core.ui.style.theme import MUTED, PAGE, RULE, TEXT, Mode

_ROW_HEIGHT = 70
# An empty title keeps `chart` from adding who is chosen as teacher: these figures are the same whoever is.
_NO_TITLE = {"text": ""}
# Axes and colours that end lower would blow up shares of a few percent.
_LEAST_END = 0.2


def matrix_figure(
    rows: Sequence[RowShares], answers: Sequence[str], looks: AnswerLooks, mode: Mode, *, framed: bool
) -> go.Figure:
    """One row a group, one column an answer; a cell is as dark as its share of the row.

    A cell's customdata is (row, column).

    Args:
        framed: whether rows are teachers; a frame marks the cells in which row and answer are the same one.
    """
    figure = go.Figure()
    highest = max(float(cell.intervals.share.max()) for cell in rows)
    for column, answer in enumerate(answers):
        look = looks.look(answer, mode)
        _add_column(figure, rows, column, [PAGE[mode], look.tone.tint], highest)
        for row, cell in enumerate(rows):
            figure.add_annotation(
                x=column,
                y=row,
                text=_cell_text(cell, column),
                showarrow=False,
                font={"color": TEXT[mode], "size": 13},
            )
            if framed and cell.row == answer and answer in looks.teachers:
                _frame(figure, column, row, look.tone.ink)
    cells = [(row, column) for row in range(len(rows)) for column in range(len(answers))]
    figure.add_scatter(
        x=[column for _, column in cells],
        y=[row for row, _ in cells],
        customdata=cells,
        hovertext=[_cell_hover(rows[row], answers[column], column) for row, column in cells],
        hoverinfo="text",
        **click_targets(46, "square"),
    )
    _lay_out_matrix(figure, rows, [_column_name(answer, looks, mode) for answer in answers], mode)
    return figure


def _add_column(
    figure: go.Figure, rows: Sequence[RowShares], column: int, colours: Sequence[str], highest: float
) -> None:
    """The cells of one answer. Never darker than its tint, so that text on it stays as readable as in the reader.

    Args:
        colours: of a share of 0, and of the highest share of the matrix.
    """
    figure.add_heatmap(
        x=[column],
        y=list(range(len(rows))),
        z=[[float(cell.intervals.share[column])] for cell in rows],
        zmin=0,
        zmax=max(highest, _LEAST_END),
        colorscale=[[0, colours[0]], [1, colours[1]]],
        showscale=False,
        hoverinfo="skip",
        xgap=3,
        ygap=3,
    )


def _cell_text(cell: RowShares, column: int) -> str:
    intervals = cell.intervals
    lines = [f"<b>{words.percent(float(intervals.share[column]))}</b>"]
    if intervals.refused is None:
        ends = f"{100 * float(intervals.low[column]):.0f}–{100 * float(intervals.high[column]):.0f}%"
        lines.append(f'<span style="font-size:11px">{ends}</span>')
    n = round(float(intervals.share[column]) * cell.n_sentences)
    lines.append(f'<span style="font-size:11px">{n:,}</span>')
    return "<br>".join(lines)


def _cell_hover(cell: RowShares, answer: str, column: int) -> str:
    intervals = cell.intervals
    n = round(float(intervals.share[column]) * cell.n_sentences)
    return (
        f"<b>{words.no_markup(answer)} {words.percent(float(intervals.share[column]))}</b> of "
        f"{words.no_markup(cell.row, 40)}<br>{n:,} of {words.count(cell.n_sentences, 'sentence')}<br>"
        f"{interval_in_words(intervals, column)}<br>"
        f"{words.questions(intervals.n_questions, intervals.n_effective)}<br>click to list them below"
    )


def _frame(figure: go.Figure, column: int, row: int, ink: str) -> None:
    ends = {"x0": column - 0.475, "x1": column + 0.475, "y0": row - 0.46, "y1": row + 0.46}
    figure.add_shape(type="rect", **ends, line={"color": ink, "width": 2}, fillcolor="rgba(0,0,0,0)")


def _lay_out_matrix(figure: go.Figure, rows: Sequence[RowShares], columns: Sequence[str], mode: Mode) -> None:
    figure.update_layout(
        base_layout(mode),
        title=_NO_TITLE,
        height=64 + _ROW_HEIGHT * len(rows),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        hovermode="closest",
        clickmode="event+select",
    )
    figure.update_xaxes(
        tickvals=list(range(len(columns))),
        ticktext=columns,
        range=[-0.5, len(columns) - 0.5],
        side="top",
        tickangle=0,
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    ends = {"range": [len(rows) - 0.5, -0.5], "automargin": True}
    figure.update_yaxes(**row_axis([_row_name(cell) for cell in rows]) | ends)


def _column_name(answer: str, looks: AnswerLooks, mode: Mode) -> str:
    look = looks.look(answer, mode)
    letter = f'<b><span style="color:{look.tone.ink}">{look.letter}</span></b>'
    return letter if answer == look.letter else f"{letter}<br>{words.no_markup(answer, 14)}"


def _row_name(cell: RowShares) -> str:
    intervals = cell.intervals
    n = words.questions(intervals.n_questions, intervals.n_effective).replace(" (", "<br>(")
    return f"<b>{words.no_markup(cell.row, 22)}</b><br>{n}"


def shares_of_groups(table: AttributionTable, looks: AnswerLooks, mode: Mode) -> go.Figure:
    """Stacked bars and points with intervals, one line a group. A click returns as customdata (row, column)."""
    groups = [GroupShares(cell.row, table.answers, cell.intervals) for cell in table.cells]
    return shares_figure(groups, mode, looks.look).update_layout(title=_NO_TITLE)


def weights_figure(weights: Weights, looks: AnswerLooks, mode: Mode) -> go.Figure:
    """The weight of every source with its interval, on a band from what names it alone to what names it at all."""
    figure = go.Figure()
    names = weights.names
    for place, name in enumerate(names):
        look = looks.look(name, mode)
        weight, low, high = (float(values[place]) for values in (weights.weight, weights.low, weights.high))
        figure.add_scatter(
            x=[float(weights.least[place]), float(weights.most[place])],
            y=[place, place],
            mode="lines",
            line={"color": look.tone.tint, "width": 9},
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=[weight],
            y=[place],
            error_x=None
            if weights.refused
            else error_bars([high - weight], [weight - low], look.tone.ink, cap_width=5),
            mode="markers+text",
            text=[look.letter],
            textfont={"size": 9, "color": PAGE[mode]},
            marker={"color": look.tone.ink, "size": 15},
            hovertext=[
                f"{weight_in_words(weights, place)}<br>named alone: {words.percent(float(weights.least[place]))} of "
                f"sentences<br>named at all: {words.percent(float(weights.most[place]))}"
            ],
            hoverinfo="text",
            showlegend=False,
        )
    highest = np.concatenate([weights.weight, weights.most, weights.high])
    end = min(1.0, math.ceil(10 * float(np.nanmax([_LEAST_END, *highest]))) / 10)
    margin = {"l": 8, "r": 16, "t": 8, "b": 44}
    figure.update_layout(base_layout(mode), title=_NO_TITLE, height=64 + 36 * len(names), margin=margin)
    figure.update_xaxes(
        title={"text": "weight in the mixture", "font": {"size": 12, "color": MUTED[mode]}},
        range=[-0.03 * end, 1.03 * end],
        tickformat=".0%",
        gridcolor=RULE[mode],
        zeroline=False,
        fixedrange=True,
    )
    shown = [words.no_markup(ANSWERS.get(name, name), 24) for name in names]
    figure.update_yaxes(**row_axis(shown) | {"automargin": True})
    return figure


def weight_in_words(weights: Weights, place: int) -> str:
    """`A 62% (95% interval 55% to 69%)`; names are letters, digits and a few marks that no markup reads."""
    name = weights.names[place]
    text = f"{ANSWERS.get(name, name)} {words.percent(float(weights.weight[place]))}"
    if weights.refused is not None:
        return f"{text} (no interval: {weights.refused})"
    low, high = (words.percent(float(ends[place])) for ends in (weights.low, weights.high))
    return f"{text} ({SHARE_INTERVAL.name} {low} to {high})"
