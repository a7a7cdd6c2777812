"""The table of a trace's sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.analysis.labels import LabelRule, Unit
from rdpt_core.ui.pages.trace import page as trace_page
from tests.unit.ui.conftest import view_of


def test_the_table_shows_the_values_of_another_unit(database: Path) -> None:
    assert "v_teacher" not in trace_page.shown_table(view_of(database, 0)).column_names
    rule = LabelRule.make(unit=Unit.COMMON_TOKEN)
    table = trace_page.shown_table(view_of(database, 0, rule))
    assert table.column("v_teacher").to_pylist() == pytest.approx(table.column("p_teacher").to_pylist())
