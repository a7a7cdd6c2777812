"""The joint figure of one trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.analysis.labels import LabelRule, Space, Unit
from rdpt_core.ui.pages.trace import joint_figure
from rdpt_core.ui.style.theme import RULE
from tests.unit.ui.conftest import view_of


@pytest.mark.parametrize("rule", [LabelRule.make(), LabelRule.make(unit=Unit.BYTE, space=Space.RATIO)])
def test_joint_figure_has_a_line_a_role_and_one_bar_a_stretch(database: Path, rule: LabelRule) -> None:
    view = view_of(database, 3, rule)
    figure = joint_figure.joint_figure(view, "light")
    lines = [item for item in figure.data if item.type == "scatter"]
    assert [line.name for line in lines] == ["teacher", "student", "distilled"]
    assert list(lines[0].x) == list(range(1, view.sentences.num_rows + 1))
    covered = sum(sum(bar.width) for bar in figure.data if bar.type == "bar")
    assert covered == view.sentences.num_rows


def test_the_unscored_part_of_the_joint_figure_is_hatched_and_named(database: Path) -> None:
    figure = joint_figure.joint_figure(view_of(database, -2), "light")
    (bar,) = [item for item in figure.data if item.type == "bar" and item.name == "unscored"]
    assert (list(bar.x), list(bar.width), bar.text) == ([3], [1], "unscored")
    assert bar.marker.pattern.shape == "/"
    assert bar.marker.color == RULE["light"]
