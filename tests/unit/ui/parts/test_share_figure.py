"""The figure of shares shows no markup from the data."""

from __future__ import annotations

from pathlib import Path

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.shares import label_counts
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.parts import share_figure
from tests.support.database_shares import shares_by_benchmark


def test_figures_hold_no_markup_from_the_data(database: Path) -> None:
    with open_reader(database) as reader:
        run = reader.run(None)
        labels = ["Teacher", "Shared", "Student", "Boosted"]
        groups = shares_by_benchmark(label_counts(reader, run, LabelRule.make()), labels)
    text = share_figure.shares_figure(groups, "light").to_json()
    assert "attack" in text
    assert "<i>" not in text and "\\u003ci\\u003e" not in text
