"""Shares of labels and accuracy, against plain counts over a synthetic database."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule, label_order
from rdpt_core.analysis.run.shares import label_counts, load_accuracy, shares_of_traces
from rdpt_core.analysis.run.trace_table import load_trace_table
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import synthetic
from tests.support.database_shares import shares_by_benchmark
from tests.unit.analysis.conftest import TRACES, expected_labels


def test_label_counts_leave_out_what_is_unscored(triple: tuple[Reader, Run]) -> None:
    reader, run = triple
    rows = label_counts(reader, run, LabelRule.make()).to_pylist()
    for row, sketch in zip(rows, TRACES, strict=True):
        counted = Counter(expected_labels(sketch))
        assert row["unscored"] == counted[None]
        assert {label: row[label] for label in label_order(run.roles)} == {
            label: counted[str(label)] for label in label_order(run.roles)
        }


def test_shares_per_benchmark(triple: tuple[Reader, Run]) -> None:
    reader, run = triple
    labels = [str(label) for label in label_order(run.roles)]
    groups = {g.group: g for g in shares_by_benchmark(label_counts(reader, run, LabelRule.make()), labels)}
    counted = Counter(label for s in TRACES if s.benchmark == "clock" for label in expected_labels(s))
    assert groups["clock"].intervals.share.tolist() == pytest.approx(
        [counted[label] / counted.total() for label in labels]
    )
    assert groups["clock"].intervals.refused is None
    assert groups["week"].intervals.refused is not None


def test_accuracy_counts_graded_traces_only(triple: tuple[Reader, Run]) -> None:
    groups = {g.group: g.intervals for g in load_accuracy(*triple)}
    by_question: dict[str, list[bool | None]] = {}
    for sketch in TRACES:
        if sketch.benchmark == "shop":
            by_question.setdefault(sketch.question_id, []).append(sketch.correct)
    # Samples differ in number, and a question counts once for all of its own.
    assert len({len(grades) for grades in by_question.values()}) > 1
    shares = [sum(map(bool, grades)) / len(grades) for grades in by_question.values()]
    assert groups["shop"].share[0] == pytest.approx(sum(shares) / len(shares))
    assert groups["shop"].n_effective == pytest.approx(len(shares))
    assert groups["week"].n_counted == 0


def test_shares_of_counted_traces_are_those_of_the_database(tmp_path: Path) -> None:
    # Ids that are numbers stand in another order as text, and the order decides which questions are drawn.
    traces = [
        replace(sketch, question_id=str(7 * number), benchmark=("shop", "clock")[number % 2])
        for number, sketch in enumerate(synthetic.sketches(24))
    ]
    path = tmp_path / "numbers.duckdb"
    synthetic.build(path, traces)
    with open_reader(path) as reader:
        run, rule = reader.run(None), LabelRule.make()
        labels = [str(label) for label in label_order(run.roles)]
        want = shares_by_benchmark(label_counts(reader, run, rule), labels)
        counts = label_counts(reader, run, rule).select(labels)
        shares = shares_of_traces(
            load_trace_table(reader, run, Scope()),
            np.column_stack([column.to_numpy() for column in counts.columns]),
            labels,
        )
    assert [group.group for group in shares] == [group.group for group in want]
    for group, wanted in zip(shares, want, strict=True):
        assert group.intervals.refused is None
        for name in ("share", "low", "high"):
            assert np.array_equal(getattr(group.intervals, name), getattr(wanted.intervals, name))
