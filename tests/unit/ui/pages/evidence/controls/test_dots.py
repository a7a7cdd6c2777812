"""The figures of the page Controls draw the numbers that they are given."""

from __future__ import annotations

import pytest

from rdpt_core.analysis.evidence.controls import NO_TEACHER, Control, ControlKind
from rdpt_core.ui.pages.evidence.controls.dots import groups_figure, shares_figure
from rdpt_core.ui.style.theme import PAGE
from tests.unit.ui.parts.test_control_words import LABELS, compared

CHANGED = Control("variant:teacher-t1.5", "the teacher, <b>", ControlKind.CHANGED, "sharpness", "stays")


def test_a_panel_a_label_and_a_row_a_control() -> None:
    one, other = compared({(0, 0): 4, (1, 0): 3, (1, 1): 4}), compared({(0, 0): 4, (1, 2): 3, (1, 1): 4})
    figure = shares_figure([(NO_TEACHER, one), (CHANGED, other)], "light")
    assert len(figure.data) == len(LABELS)
    for k, panel in enumerate(figure.data):
        expected = [one.true.share[k], one.control.share[k], other.control.share[k]]
        assert list(panel.x) == pytest.approx(expected)
        assert list(panel.error_x.array) == pytest.approx(
            [side.high[k] - side.share[k] for side in (one.true, one.control, other.control)]
        )
        # The teacher itself, changed, is an open point.
        assert [colour == PAGE["light"] for colour in panel.marker.color] == [False, False, True]
    assert [note.text for note in figure.layout.annotations][: len(LABELS)] == list(LABELS)
    assert "the teacher,<br>&lt;b&gt; " in figure.layout.yaxis.ticktext


def test_without_intervals_there_are_points_alone() -> None:
    few = compared({(0, 0): 4, (1, 1): 4}, n_questions=3)
    figure = shares_figure([(NO_TEACHER, few)], "dark")
    assert set(figure.data[0].error_x.array) == {None}
    assert list(figure.data[0].x) == pytest.approx([few.true.share[0], few.control.share[0]])
    assert "only 3 questions" in figure.data[0].hovertext[0]


def test_a_row_a_group() -> None:
    groups = [compared({(0, 0): 4, (1, 0): 3, (1, 1): 4}), compared({(0, 0): 1, (1, 1): 4})]
    figure = groups_figure(groups, 1, NO_TEACHER, "light")
    true, control = figure.data
    assert list(true.x) == pytest.approx([group.true.share[1] for group in groups])
    assert list(control.x) == pytest.approx([group.control.share[1] for group in groups])
    assert [true.name, control.name] == ["with the teacher", "no teacher"]
