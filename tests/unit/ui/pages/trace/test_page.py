"""The table of a trace's sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.analysis.labels import LabelRule, Unit
from rdpt_core.analysis.trace.others import load_others
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.pages.trace import page as trace_page
from tests.support import companions, synthetic
from tests.unit.ui.conftest import view_of


def test_the_table_shows_the_values_of_another_unit(database: Path) -> None:
    assert "v_teacher" not in trace_page.shown_table(view_of(database, 0)).column_names
    rule = LabelRule.make(unit=Unit.COMMON_TOKEN)
    table = trace_page.shown_table(view_of(database, 0, rule))
    assert table.column("v_teacher").to_pylist() == pytest.approx(table.column("p_teacher").to_pylist())


def test_tables_hold_what_every_model_of_the_run_makes_of_a_sentence(tmp_path: Path) -> None:
    path, traces = tmp_path / "several.duckdb", synthetic.sketches(1)
    companions.build(path, traces, ["teacher:code", "control:decoy"])
    with open_reader(path) as reader:
        run = reader.run(None).seen(teacher="teacher:code")
        reader.see(run)
        view = load_trace_view(reader, run, 0, LabelRule.make())
        others = load_others(reader, run, 0, view.rule)
    kinds = [kind for _, kind in traces[0].sentences]
    expected = {
        "p_teacher": [companions.probability("teacher:code", kind) for kind in kinds],
        "p_own_teacher": [synthetic.PROBABILITIES[kind][0] for kind in kinds],
        "p_control_decoy": [companions.probability("control:decoy", kind) for kind in kinds],
    }
    shown, whole = trace_page.shown_table(view, others), trace_page.whole_table(view, others)
    assert "p_teacher_code" not in shown.column_names
    for name, values in expected.items():
        assert whole.column(name).to_pylist() == values
        # Shown in single precision.
        assert shown.column(name).to_pylist() == pytest.approx(values, rel=1e-6)
    assert len(set(whole.column_names)) == len(whole.column_names)
