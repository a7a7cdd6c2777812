"""The histogram: bars in times of what no teacher gives."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.evidence.p_values.tables import Found, count_found
from rdpt_core.ui.pages.evidence.controls.p_values_figure import histogram_figure
from rdpt_core.ui.style.theme import MODES, Mode

LABELS = ("Teacher", "Shared")


def found(p: np.ndarray, codes: np.ndarray) -> Found:
    start, rows = np.arange(0, len(p) + 1, 5), np.arange(len(p) // 5)
    return count_found(codes.astype(np.uint8), LABELS, start, rows, rows, p, p, p, 0.05, 20)


@pytest.mark.parametrize("mode", MODES)
def test_bars_are_times_of_the_uniform(mode: Mode) -> None:
    p = np.array([0.01] * 20 + [0.5] * 20 + [1.0] * 40)
    figure = histogram_figure(found(p, np.repeat([1, 2], 40)), LABELS, mode)
    everything, teacher = figure.data
    assert everything.name == "all sentences, n = 80" and teacher.name == "Teacher sentences, n = 40"
    assert [everything.y[0], everything.y[9], everything.y[19]] == pytest.approx([5, 5, 10])
    assert [teacher.y[0], teacher.y[9], teacher.y[19]] == pytest.approx([10, 10, 0])
    assert np.mean(everything.y) == pytest.approx(1)
    assert list(figure.layout.shapes)[0].y0 == 1
    assert "5.00 times as often as under no teacher" in everything.hovertext[0]


def test_without_teacher_sentences_there_is_one_set_of_bars() -> None:
    p = np.linspace(0.01, 1, 40)
    assert len(histogram_figure(found(p, np.full(40, 2)), LABELS, "light").data) == 1
    assert len(histogram_figure(found(p, np.full(40, 1)), LABELS[1:], "light").data) == 1
