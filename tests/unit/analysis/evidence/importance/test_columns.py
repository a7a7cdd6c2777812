"""Importance beside other numbers: columns of exports, and the numbers of one trace."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow as pa
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.importance.columns import load_trace_importance, stored_methods
from rdpt_core.errors import StoreError
from rdpt_core.store.reader import open_reader
from tests.support import synthetic
from tests.support.companions import importance
from tests.unit.analysis.evidence.importance.conftest import TRACES, WITHOUT, deletion_rows


def test_the_export_has_a_column_for_each_method(path: Path) -> None:
    table = rdpt.open(path).run().sentences()
    assert table.column_names[-2:] == ["importance_deletion", "importance_replacement"]
    assert table.schema.field("importance_deletion").type == pa.float64()
    stored = {
        method: {row[0]: row[3] for row in rows if row[4] is None}
        for method, rows in (
            ("deletion", deletion_rows()),
            ("replacement", importance.rows_of(TRACES, "replacement")[:-2]),
        )
    }
    numbers = {sketch.trace_id: trace_no for trace_no, sketch in enumerate(TRACES)}
    for row in table.to_pylist():
        for method, drops in stored.items():
            trace = drops.get(numbers[row["trace_id"]])
            expected = None if trace is None else trace[row["sentence_index"]]
            if expected is not None and math.isnan(expected):
                expected = None
            assert row[f"importance_{method}"] == expected


def test_a_run_without_importance_has_no_column(tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    names = rdpt.open(path).run().sentences().column_names
    assert not any(name.startswith("importance") for name in names)
    with open_reader(path) as reader:
        assert stored_methods(reader, reader.run(None)) == ()
        assert load_trace_importance(reader, reader.run(None), 0) == {}


def test_a_trace_has_its_own_numbers(path: Path) -> None:
    with open_reader(path) as reader:
        run = reader.run(None)
        found = load_trace_importance(reader, run, 0)
        assert list(found) == ["deletion", "replacement"]
        drops = deletion_rows()[0][3]
        assert [None if math.isnan(value) else value for value in found["deletion"].tolist()] == drops
        assert list(load_trace_importance(reader, run, WITHOUT)) == ["replacement"]
        assert list(load_trace_importance(reader, run, len(TRACES) - 1)) == ["deletion"]


def test_a_list_of_another_length_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    importance.insert(path, [(0, "deletion", 5, [1.0], None)])
    with open_reader(path) as reader, pytest.raises(StoreError, match="damaged"):
        load_trace_importance(reader, reader.run(None), 0)
