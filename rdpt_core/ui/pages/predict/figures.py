"""Figures of the predict page: AUC of every label and of length, odds ratios, and the part that first tokens play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.run.predict import ALL, LENGTH, SAME_QUESTION, AucRow, Prediction
from rdpt_core.analysis.statistics.auc import Auc
from rdpt_core.analysis.statistics.logistic import LogisticFit
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars, row_axis
from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, TEXT, Mode, label_key, tone

GROUP_WORDS = {ALL: "all, within benchmarks", SAME_QUESTION: "all, within questions"}


def ink_of(predictor: str, mode: Mode) -> str:
    """The ink of a label; length is neutral."""
    return MUTED[mode] if predictor == LENGTH else tone(label_key(predictor), mode).ink


def letter_of(predictor: str) -> str:
    """The letter that marks a label without colour."""
    return "L" if predictor == LENGTH else MARKS[label_key(predictor)].letter


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


def auc_in_words(auc: Auc) -> str:
    """`0.62 (0.58 to 0.66)`."""
    if np.isnan(auc.value):
        return "–"
    spread = f"no interval: {auc.refused}" if auc.refused else f"{auc.low:.2f} to {auc.high:.2f}"
    return f"{auc.value:.2f} ({spread})"


def _auc_hover(row: AucRow) -> str:
    auc = row.auc
    where = GROUP_WORDS.get(row.group) or words.no_markup(row.group, 40)
    return (
        f"<b>{row.predictor}: AUC {auc_in_words(auc)}</b><br>{where}<br>{words.count(auc.n_questions, 'question')}, "
        f"{words.count(auc.n_correct, 'correct trace')}, {auc.n_incorrect:,} incorrect<br>click to read such traces"
    )


_BESIDE_LENGTH = "beside length"


@dataclass(frozen=True, slots=True)
class _OddsRatio:
    """A predictor's odds ratio under one condition: alone, or beside length."""

    predictor: str
    condition: str
    fit: LogisticFit


def odds_figure(prediction: Prediction, mode: Mode) -> go.Figure:
    """Odds ratios of each label alone (hollow) and beside length (filled), on a log axis; length alone comes last."""
    figure = go.Figure()
    step = 0.16
    for row, fit in enumerate(prediction.fits):
        _add_odds(figure, row - step, _OddsRatio(fit.predictor, "alone", fit.alone), mode)
        _add_odds(figure, row + step, _OddsRatio(fit.predictor, _BESIDE_LENGTH, fit.beside_length), mode)
    _add_odds(figure, len(prediction.fits), _OddsRatio(LENGTH, "alone", prediction.length_alone), mode)
    for name, filled in (("the label alone", False), ("the label beside length", True)):
        marker = {
            "size": 12,
            "color": MUTED[mode] if filled else PAGE[mode],
            "line": {"color": MUTED[mode], "width": 1.5},
        }
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=name))
    figure.add_vline(x=1, line={"color": TEXT[mode], "width": 1})
    names = [*(fit.predictor for fit in prediction.fits), "number of sentences"]
    figure.update_yaxes(**row_axis(names))
    figure.update_xaxes(
        type="log",
        tickvals=[0.125, 0.25, 0.5, 1, 2, 4, 8],
        ticktext=["⅛", "¼", "½", "1", "2", "4", "8"],
        title={
            "text": "odds of a correct answer, times, per standard deviation",
            "font": {"size": 12, "color": MUTED[mode]},
        },
        gridcolor=RULE[mode],
        fixedrange=True,
    )
    layout = base_layout(mode)
    figure.update_layout(layout, height=130 + 44 * len(names), margin={"l": 8, "r": 16, "t": 36, "b": 44})
    return figure


def odds_in_words(fit: LogisticFit) -> str:
    """`×1.45 (1.19 to 1.77)`."""
    if fit.refused is not None:
        return f"no estimate: {fit.refused}"
    value, low, high = (float(np.exp(v[0])) for v in (fit.coefficient, fit.low, fit.high))
    return f"×{value:.2f} ({low:.2f} to {high:.2f})"


def _add_odds(figure: go.Figure, y: float, odds: _OddsRatio, mode: Mode) -> None:
    fit, ink = odds.fit, ink_of(odds.predictor, mode)
    if fit.refused is not None:
        return
    value, low, high = (float(np.exp(v[0])) for v in (fit.coefficient, fit.low, fit.high))
    figure.add_trace(
        go.Scatter(
            x=[value],
            y=[y],
            error_x=_intervals([(value, low, high)], ink),
            hovertext=[
                f"<b>{odds.predictor} {odds.condition} {odds_in_words(fit)}</b><br>"
                f"{words.count(fit.n_questions, 'question')}, {words.count(fit.n_traces, 'trace')}"
            ],
            hoverinfo="text",
            text=[letter_of(odds.predictor)],
            showlegend=False,
            **_points(ink, [odds.condition == _BESIDE_LENGTH], mode),
        )
    )
