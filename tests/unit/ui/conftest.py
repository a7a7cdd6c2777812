"""A synthetic database with every label, an unscored sentence and hostile texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.view import TraceView, load_trace_view
from rdpt_core.store.reader import open_reader
from tests.support import synthetic


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "synthetic.duckdb"
    synthetic.build(path, [*synthetic.sketches(6), synthetic.unscored_sketch(), synthetic.hostile_sketch()])
    return path


def view_of(database: Path, number: int, rule: LabelRule | None = None) -> TraceView:
    """The trace at this place; from the end where the place is negative."""
    with open_reader(database) as reader:
        run = reader.run(None)
        return load_trace_view(reader, run, number % run.n_traces, rule or LabelRule.make())
