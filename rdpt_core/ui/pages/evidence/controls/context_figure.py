"""The figure of what sentences are by themselves: a point with its interval for each label and group of traces."""

from __future__ import annotations

import plotly.graph_objects as go

from rdpt_core.analysis.evidence.context import ContextShares
from rdpt_core.analysis.run.group_shares import CrossCell
from rdpt_core.ui.parts.share_figure import interval_in_words
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars, row_axis
from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, Mode, label_key, tone

ALL = "all"

_APART = 0.17
"""How far the two labels of a row lie from its middle."""


def rows_of(shares: ContextShares) -> list[str]:
    """All together, then every benchmark that has a sentence with a flag."""
    names = dict.fromkeys(cell.row for table in shares.by_benchmark for cell in table.cells)
    return [ALL, *names] if len(names) > 1 else [ALL]


def cell_of(shares: ContextShares, k: int, row: int) -> CrossCell | None:
    """What is known of the k-th label in a row of `rows_of`; None where no sentence has the label and a flag."""
    if row == 0:
        return next(iter(shares.whole[k].cells), None)
    name = rows_of(shares)[row]
    return next((cell for cell in shares.by_benchmark[k].cells if cell.row == name), None)


def context_figure(shares: ContextShares, mode: Mode) -> go.Figure:
    """The share of each label's sentences that have it by themselves, too. No point where no interval can be had."""
    figure = go.Figure()
    names = rows_of(shares)
    for k, label in enumerate(shares.labels):
        key = label_key(label)
        ink = tone(key, mode).ink
        cells = [(row, cell) for row in range(len(names)) if (cell := cell_of(shares, k, row)) is not None]
        known = [(row, cell) for row, cell in cells if cell.intervals.refused is None]
        ends = [[float(end[0]) for end in (c.intervals.share, c.intervals.low, c.intervals.high)] for _, c in known]
        figure.add_trace(
            go.Scatter(
                x=[share for share, _, _ in ends],
                y=[row + (_APART if k else -_APART) for row, _ in known],
                error_x=error_bars(
                    [high - share for share, _, high in ends], [share - low for share, low, _ in ends], ink
                ),
                mode="markers+text",
                name=words.lettered(MARKS[key].letter, label),
                text=[MARKS[key].letter] * len(known),
                textfont={"size": 9, "color": PAGE[mode]},
                marker={"color": ink, "size": 14},
                hovertext=[_hover(label, names[row], cell) for row, cell in known],
                hoverinfo="text",
            )
        )
    figure.update_layout(base_layout(mode), height=104 + 42 * len(names), margin={"l": 8, "r": 16, "t": 36, "b": 44})
    figure.update_layout(legend={"itemclick": False})
    figure.update_xaxes(
        title={"text": "share of the label's sentences that have it by themselves", "font": {"size": 12}},
        range=[-0.02, 1.02],
        tickformat=".0%",
        gridcolor=RULE[mode],
        zeroline=False,
        fixedrange=True,
        color=MUTED[mode],
    )
    figure.update_yaxes(**row_axis([f"<b>{ALL}</b>", *(words.no_markup(name, 24) for name in names[1:])]))
    return figure


def _hover(label: str, name: str, cell: CrossCell) -> str:
    intervals = cell.intervals
    return (
        f"<b>{words.percent(float(intervals.share[0]))}</b> of the {label} sentences in {words.no_markup(name, 40)}<br>"
        f"{interval_in_words(intervals, 0)}<br>{words.questions(intervals.n_questions, intervals.n_effective)}, "
        f"{words.count(cell.n_sentences, 'sentence')}"
    )
