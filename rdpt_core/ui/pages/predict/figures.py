"""Figures of the predict page: AUC of every label and of length, odds ratios, and the part that first tokens play."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rdpt_core.analysis.run.predict import ALL, LENGTH, SAME_QUESTION, AucRow, Prediction
from rdpt_core.analysis.statistics.auc import Auc
from rdpt_core.analysis.statistics.logistic import LogisticFit
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout
from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, TEXT, Mode, label_key, tone

GROUP_WORDS = {ALL: "all, within benchmarks", SAME_QUESTION: "all, within questions"}


def ink_of(predictor: str, mode: Mode) -> str:
    """The ink of a label; length is neutral."""
    return MUTED[mode] if predictor == LENGTH else tone(label_key(predictor), mode).ink


def letter_of(predictor: str) -> str:
    """The letter that marks a label without colour."""
    return "L" if predictor == LENGTH else MARKS[label_key(predictor)].letter


def auc_figure(found: Prediction, mode: Mode) -> go.Figure:
    """A column a predictor, a line a benchmark, and last what all of them give together.

    A click returns as customdata the predictor and the group.
    """
    predictors = list(dict.fromkeys(row.predictor for row in found.aucs))
    groups = list(dict.fromkeys(row.group for row in found.aucs))
    places = {group: place + (0.4 if group in GROUP_WORDS else 0) for place, group in enumerate(groups)}
    titles = [f"<b>{letter_of(p)} {p}</b>" for p in predictors]
    figure = make_subplots(
        rows=1, cols=len(predictors), shared_yaxes=True, column_titles=titles, horizontal_spacing=0.02
    )
    low, high = _auc_range([row.auc for row in found.aucs])
    for column, predictor in enumerate(predictors, 1):
        rows = [row for row in found.aucs if row.predictor == predictor and not np.isnan(row.auc.value)]
        figure.add_trace(
            go.Scatter(
                x=[row.auc.value for row in rows],
                y=[places[row.group] for row in rows],
                error_x=_spread([(row.auc.value, row.auc.low, row.auc.high) for row in rows], ink_of(predictor, mode)),
                customdata=[[row.predictor, row.group] for row in rows],
                hovertext=[_auc_hover(row) for row in rows],
                hoverinfo="text",
                text=[letter_of(predictor)] * len(rows),
                **_points(ink_of(predictor, mode), [row.auc.refused is None for row in rows], mode),
            ),
            row=1,
            col=column,
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
        tickvals=list(places.values()),
        ticktext=ticks,
        range=[max(places.values()) + 0.6, -0.6],
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


def _auc_range(aucs: Sequence[Auc]) -> tuple[float, float]:
    ends = [value for auc in aucs for value in (auc.value, auc.low, auc.high) if not np.isnan(value)]
    reach = max([0.15, *(abs(value - 0.5) for value in ends)]) + 0.05
    return 0.5 - reach, 0.5 + reach


def _spread(rows: Sequence[tuple[float, float, float]], ink: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [None if np.isnan(high) else high - value for value, _, high in rows],
        "arrayminus": [None if np.isnan(low) else value - low for value, low, _ in rows],
        "color": ink,
        "thickness": 2,
        "width": 4,
    }


def _points(ink: str, known: Sequence[bool], mode: Mode) -> dict[str, Any]:
    """Points without an interval are hollow."""
    return {
        "mode": "markers+text",
        "textposition": "middle center",
        "textfont": {"size": 8, "color": [PAGE[mode] if here else ink for here in known]},
        "marker": {
            "size": 12,
            "color": [ink if here else PAGE[mode] for here in known],
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
    a = row.auc
    where = GROUP_WORDS.get(row.group) or words.no_markup(row.group, 40)
    return (
        f"<b>{row.predictor}: AUC {auc_in_words(a)}</b><br>{where}<br>{words.count(a.n_questions, 'question')}, "
        f"{words.count(a.n_correct, 'correct trace')}, {a.n_incorrect:,} incorrect<br>click to read such traces"
    )


def odds_figure(found: Prediction, mode: Mode) -> go.Figure:
    """Odds ratios of each label alone (hollow) and beside length (filled), on a log axis; length alone comes last."""
    figure = go.Figure()
    step = 0.16
    for place, fit in enumerate(found.fits):
        ink = ink_of(fit.predictor, mode)
        for offset, result, filled, name in (
            (-step, fit.alone, False, "alone"),
            (step, fit.beside_length, True, "beside length"),
        ):
            _add_odds(figure, place + offset, result, fit.predictor, name, ink, filled, mode)
    _add_odds(figure, len(found.fits), found.length_alone, LENGTH, "alone", ink_of(LENGTH, mode), False, mode)
    for name, filled in (("the label alone", False), ("the label beside length", True)):
        marker = {
            "size": 12,
            "color": MUTED[mode] if filled else PAGE[mode],
            "line": {"color": MUTED[mode], "width": 1.5},
        }
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=name))
    figure.add_vline(x=1, line={"color": TEXT[mode], "width": 1})
    names = [*(fit.predictor for fit in found.fits), "number of sentences"]
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[f"{name} " for name in names],
        range=[len(names) - 0.4, -0.6],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
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


def _add_odds(
    figure: go.Figure, y: float, fit: LogisticFit, predictor: str, name: str, ink: str, filled: bool, mode: Mode
) -> None:
    if fit.refused is not None:
        return
    value, low, high = (float(np.exp(v[0])) for v in (fit.coefficient, fit.low, fit.high))
    figure.add_trace(
        go.Scatter(
            x=[value],
            y=[y],
            error_x=_spread([(value, low, high)], ink),
            hovertext=[
                f"<b>{predictor} {name} {odds_in_words(fit)}</b><br>{words.count(fit.n_questions, 'question')}, "
                f"{words.count(fit.n_traces, 'trace')}"
            ],
            hoverinfo="text",
            text=[letter_of(predictor)],
            showlegend=False,
            **_points(ink, [filled], mode),
        )
    )
