"""Figures of the predict page: AUC of every label and of length, and odds ratios with length held constant or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.run.predict.aucs import ALL, SAME_LENGTH, SAME_QUESTION, AucRow
from rdpt_core.analysis.run.predict.graded import LENGTH
from rdpt_core.analysis.run.predict.odds import Beside
from rdpt_core.analysis.run.predict.prediction import Prediction
from rdpt_core.analysis.statistics.auc import Auc
from rdpt_core.analysis.statistics.regression.logistic import LogisticFit
from rdpt_core.ui.pages.predict.sentences import auc_in_words, odds_in_words
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars, row_axis
from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, TEXT, Mode, label_key, tone

GROUP_WORDS = {
    ALL: "all, within benchmarks",
    SAME_LENGTH: "all, about the same length",
    SAME_QUESTION: "all, within questions",
}


def ink_of(predictor: str, mode: Mode) -> str:
    """The ink of a label; length is neutral."""
    return MUTED[mode] if predictor == LENGTH else tone(label_key(predictor), mode).ink


def letter_of(predictor: str) -> str:
    """The letter that marks a label without colour."""
    return "n" if predictor == LENGTH else MARKS[label_key(predictor)].letter


def auc_figure(prediction: Prediction, mode: Mode) -> go.Figure:
    """A column a predictor, a line a benchmark, and last what all of them give together.

    A click returns as customdata the predictor and the group.
    """
    predictors = list(dict.fromkeys(row.predictor for row in prediction.aucs))
    groups = list(dict.fromkeys(row.group for row in prediction.aucs))
    row_of = {group: index + (0.4 if group in GROUP_WORDS else 0) for index, group in enumerate(groups)}
    titles = [f"<b>{letter_of(p)} {p}</b>" for p in predictors]
    figure = make_subplots(
        rows=1, cols=len(predictors), shared_yaxes=True, column_titles=titles, horizontal_spacing=0.02
    )
    low, high = _auc_range([row.auc for row in prediction.aucs])
    for column, predictor in enumerate(predictors, 1):
        rows = [row for row in prediction.aucs if row.predictor == predictor and not np.isnan(row.auc.value)]
        figure.add_trace(
            go.Scatter(y=[row_of[row.group] for row in rows], **_auc_points(rows, predictor, mode)), row=1, col=column
        )
        figure.add_vline(x=0.5, line={"color": TEXT[mode], "width": 1}, row=1, col=column)
    figure.update_xaxes(
        range=[low, high],
        tickvals=[0.25, 0.5, 0.75],
        ticktext=[".25", ".5", ".75"],
        tickangle=0,
        gridcolor=RULE[mode],
        zeroline=False,
        fixedrange=True,
    )
    ticks = [f"<b>{GROUP_WORDS[g]}</b> " if g in GROUP_WORDS else f"{words.no_markup(g, 24)} " for g in groups]
    figure.update_yaxes(
        tickvals=list(row_of.values()),
        ticktext=ticks,
        range=[max(row_of.values()) + 0.6, -0.6],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_layout(
        base_layout(mode),
        height=110 + 36 * len(groups),
        margin={"l": 8, "r": 12, "t": 40, "b": 30},
        showlegend=False,
        clickmode="event+select",
        hovermode="closest",
    )
    figure.update_annotations(font={"size": 13})
    return figure


def _auc_points(rows: Sequence[AucRow], predictor: str, mode: Mode) -> dict[str, Any]:
    """One point a group; hollow where it has no interval."""
    ink = ink_of(predictor, mode)
    return {
        "x": [row.auc.value for row in rows],
        "error_x": _intervals([(row.auc.value, row.auc.low, row.auc.high) for row in rows], ink),
        "customdata": [[row.predictor, row.group] for row in rows],
        "hovertext": [_auc_hover(row) for row in rows],
        "hoverinfo": "text",
        "text": [letter_of(predictor)] * len(rows),
        **_points(ink, [row.auc.refused is None for row in rows], mode),
    }


def _auc_range(aucs: Sequence[Auc]) -> tuple[float, float]:
    ends = [value for auc in aucs for value in (auc.value, auc.low, auc.high) if not np.isnan(value)]
    reach = max([0.15, *(abs(value - 0.5) for value in ends)]) + 0.05
    return 0.5 - reach, 0.5 + reach


def _intervals(rows: Sequence[tuple[float, float, float]], ink: str) -> dict[str, Any]:
    """Error bars from values with their low and high ends, NaN where there is no interval."""
    above = [None if np.isnan(high) else high - value for value, _, high in rows]
    below = [None if np.isnan(low) else value - low for value, low, _ in rows]
    return error_bars(above, below, ink)


def _points(ink: str, filled: Sequence[bool], mode: Mode) -> dict[str, Any]:
    """Lettered points, filled or hollow."""
    return {
        "mode": "markers+text",
        "textposition": "middle center",
        "textfont": {"size": 8, "color": [PAGE[mode] if is_filled else ink for is_filled in filled]},
        "marker": {
            "size": 12,
            "color": [ink if is_filled else PAGE[mode] for is_filled in filled],
            "line": {"color": ink, "width": 1.5},
        },
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }


def _auc_hover(row: AucRow) -> str:
    auc = row.auc
    where = GROUP_WORDS.get(row.group) or words.no_markup(row.group, 40)
    return (
        f"<b>{row.predictor}: AUC {auc_in_words(auc)}</b><br>{where}<br>"
        f"{words.questions(auc.n_questions, auc.n_effective)}, {words.count(auc.n_correct, 'correct trace')}, "
        f"{auc.n_incorrect:,} incorrect<br>click to read such traces"
    )


_SYMBOLS = {
    Beside.NOTHING: ("circle", False),
    Beside.LINE: ("diamond", False),
    Beside.CURVE: ("circle", True),
    Beside.QUESTION: ("square", True),
}
"""What a label stands beside → the shape of its point, and whether that is filled."""

_SHOWN = 64.0
"""Intervals are drawn as far as this factor; the table has their ends."""


def odds_figure(prediction: Prediction, mode: Mode) -> go.Figure:
    """Odds ratios of each label alone and with length held constant, on a log axis; length alone comes last."""
    figure = go.Figure()
    for row, fit in enumerate(prediction.fits):
        for place, beside in enumerate(Beside):
            step = 0.2 * (place - (len(Beside) - 1) / 2)
            figure.add_traces(_odds_point(row + step, fit.predictor, beside, fit.fits[beside], mode))
    last = len(prediction.fits)
    figure.add_traces(_odds_point(last, LENGTH, Beside.NOTHING, prediction.length.line, mode))
    for beside, (symbol, filled) in _SYMBOLS.items():
        marker = {
            "size": 12,
            "symbol": symbol,
            "color": MUTED[mode] if filled else PAGE[mode],
            "line": {"color": MUTED[mode], "width": 1.5},
        }
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=str(beside)))
    figure.add_vline(x=1, line={"color": TEXT[mode], "width": 1})
    names = [*(fit.predictor for fit in prediction.fits), "number of sentences"]
    figure.update_yaxes(**row_axis(names))
    figure.update_xaxes(
        type="log",
        tickvals=[1 / 64, 1 / 16, 1 / 4, 1, 4, 16, 64],
        ticktext=["1/64", "1/16", "1/4", "1", "4", "16", "64"],
        title={
            "text": "odds of a correct answer, times, per standard deviation",
            "font": {"size": 12, "color": MUTED[mode]},
        },
        gridcolor=RULE[mode],
        fixedrange=True,
    )
    layout = base_layout(mode)
    figure.update_layout(layout, height=150 + 64 * len(names), margin={"l": 8, "r": 16, "t": 56, "b": 44})
    return figure


def _odds_point(y: float, predictor: str, beside: Beside, fit: LogisticFit, mode: Mode) -> list[go.Scatter]:
    """One point with its interval; none where there is no estimate."""
    if fit.refused is not None:
        return []
    ink, (symbol, filled) = ink_of(predictor, mode), _SYMBOLS[beside]
    value, low, high = (float(np.exp(v[0])) for v in (fit.coefficient, fit.low, fit.high))
    shown = (value, max(low, min(value, 1 / _SHOWN)), min(high, max(value, _SHOWN)))
    points = _points(ink, [filled], mode)
    points["marker"]["symbol"] = symbol
    return [
        go.Scatter(
            x=[value],
            y=[y],
            error_x=_intervals([shown], ink),
            hovertext=[
                f"<b>{predictor} {beside} {odds_in_words(fit)}</b><br>"
                f"{words.questions(fit.n_questions, fit.n_effective)}, {words.count(fit.n_traces, 'trace')}"
            ],
            hoverinfo="text",
            text=[letter_of(predictor)],
            showlegend=False,
            **points,
        )
    ]
