"""A click on the overview."""

from __future__ import annotations

from pathlib import Path

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.shares import label_counts
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.pages import overview
from rdpt_core.ui.parts import share_figure
from tests.support.database_shares import shares_by_benchmark


def test_a_click_on_a_segment_asks_for_its_benchmark_and_label(database: Path) -> None:
    labels = ["Teacher", "Shared", "Student", "Boosted"]
    with open_reader(database) as reader:
        run = reader.run(None)
        # Where β is 1 nobody is Student.
        groups = shares_by_benchmark(label_counts(reader, run, LabelRule.make(0.05, 1.0)), labels)
    bars = [item for item in share_figure.shares_figure(groups, "light").data if item.type == "bar"]
    assert [list(point) for point in bars[3].customdata] == [[row, 3] for row in range(len(groups))]
    assert overview.clicked(run, groups, 1, 3) == {"run": run.run_id, "benchmark": "clock", "holds": "Boosted"}
    assert overview.clicked(run, groups, 1, 2) == {"run": run.run_id, "benchmark": "clock"}
