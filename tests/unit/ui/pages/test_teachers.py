"""Figures and tables of the page Teachers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rdpt_core.analysis.attribution.tables import ALL_TRACES, AttributionTable, Group, RowShares
from rdpt_core.analysis.attribution.weights import Weights
from rdpt_core.analysis.statistics.intervals import bootstrap_shares
from rdpt_core.ui.pages.teachers import figures, tables
from rdpt_core.ui.style.sources import AnswerLooks
from rdpt_core.ui.style.theme import MODES, Mode

ANSWERS = ("A", "B", "student", "several", "none")
LOOKS = AnswerLooks(("A", "B"))


def row(name: str, counts: list[int], n_questions: int) -> RowShares:
    each = np.tile(np.array(counts, np.int64), (n_questions, 1))
    intervals = bootstrap_shares(each, np.arange(n_questions))
    return RowShares(name, intervals, int(each.sum()), np.arange(n_questions))


ROWS = (row("A", [6, 1, 1, 2, 0], 20), row("<b>B</b>", [1, 5, 2, 2, 0], 3))


def weights(refused: str | None) -> Weights:
    shares = np.array([0.5, 0.2, 0.2, 0.1])
    ends = np.full(4, np.nan) if refused else shares
    return Weights(
        ("A", "B", "student", "none"), shares, ends - 0.05, ends + 0.05, shares / 2, shares, 20, 20.0, 200, refused
    )


@pytest.mark.parametrize("mode", MODES)
def test_cells_hold_share_interval_and_count(mode: Mode) -> None:
    figure = figures.matrix_figure(ROWS, ANSWERS, LOOKS, mode, framed=True)
    texts = {(note.y, note.x): note.text for note in figure.layout.annotations}
    assert texts[0, 0].startswith("<b>60%</b>")
    assert ">120</span>" in texts[0, 0]
    assert "–" in texts[0, 0]
    # Three questions say too little about others.
    assert "–" not in texts[1, 1]
    assert ">15</span>" in texts[1, 1]
    targets = figure.data[-1]
    assert [tuple(cell) for cell in targets.customdata] == [(r, c) for r in range(2) for c in range(5)]


def test_only_the_cell_of_the_same_teacher_is_framed() -> None:
    figure = figures.matrix_figure(ROWS, ANSWERS, LOOKS, "light", framed=True)
    (frame,) = figure.layout.shapes
    assert (round((frame.x0 + frame.x1) / 2), round((frame.y0 + frame.y1) / 2)) == (0, 0)
    assert not figures.matrix_figure(ROWS, ANSWERS, LOOKS, "light", framed=False).layout.shapes


def test_names_of_groups_are_no_markup() -> None:
    figure = figures.matrix_figure(ROWS, ANSWERS, LOOKS, "light", framed=False)
    assert "&lt;b&gt;B&lt;/b&gt;" in figure.layout.yaxis.ticktext[1]


def test_colours_grow_with_the_share_up_to_the_highest() -> None:
    figure = figures.matrix_figure(ROWS, ANSWERS, LOOKS, "light", framed=False)
    heat: list[Any] = [trace for trace in figure.data if trace.type == "heatmap"]
    assert len(heat) == len(ANSWERS)
    assert {trace.zmax for trace in heat} == {0.6}


def test_relatives_have_a_column_and_no_name_stands_twice() -> None:
    answers = ("A", "B", "A or B", "student", "several", "none")
    looks = AnswerLooks(("A", "B"), (("A or B", "A"),))
    rows = (row("all", [1, 1, 5, 1, 1, 1], 20),)
    heads = figures.matrix_figure(rows, answers, looks, "light", framed=False).layout.xaxis.ticktext
    assert [head.count(">A<") + head.count("<br>A") for head in heads] == [1, 0, 1, 0, 0, 0]
    assert "A~" in heads[2]
    assert "A or B" in heads[2]
    whole = bootstrap_shares(np.tile([1, 1, 5, 1, 1, 1], (20, 1)), np.arange(20))
    shares = AttributionTable(
        "benchmark",
        answers,
        (Group("A or B", ("A", "B")),),
        rows,
        RowShares(ALL_TRACES, whole, 200, np.arange(20)),
        False,
        np.zeros((1, 6), np.int64),
    )
    figure = figures.shares_of_groups(shares, looks, "light")
    names = [trace.name for trace in figure.data if trace.type == "bar"]
    assert names == ["A", "B", "A~ A or B", "S student", "& several", "∅ none"]
    assert len({trace.marker.color for trace in figure.data if trace.type == "bar"}) == len(names)


@pytest.mark.parametrize("refused", [None, "only 3 questions; an interval needs 8"])
def test_weights_without_an_interval_say_why(refused: str | None) -> None:
    found = weights(refused)
    text = figures.weight_in_words(found, 3)
    assert text.startswith("none of these 10%")
    assert ("no interval: only 3 questions" in text) == (refused is not None)
    figure = figures.weights_figure(found, LOOKS, "light")
    points = [trace for trace in figure.data if trace.mode == "markers+text"]
    assert [trace.x[0] for trace in points] == [0.5, 0.2, 0.2, 0.1]
    assert all((trace.error_x.array is None) == (refused is not None) for trace in points)
    table = tables.weights_table(found).to_pylist()
    assert [line["low"] is None for line in table] == [refused is not None] * 4
