"""The sentences in scope with their labels, as a query and a loop find them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.importance.data import ImportanceData, importance_of
from rdpt_core.analysis.evidence.importance.sample import renumbered
from rdpt_core.analysis.labels import LabelRule, labels_sql
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.store.reader import open_reader
from tests.support.companions import overlap
from tests.unit.analysis.evidence.importance.conftest import TRACES
from tests.unit.analysis.evidence.importance.test_drops import naive


@pytest.mark.parametrize("rule", [LabelRule.make(), LabelRule.make(0.2, 0.4), LabelRule.make(marks=True)])
@pytest.mark.parametrize("scope", [Scope(), Scope(benchmark="shop"), Scope(grade="incorrect")])
def test_labels_and_groups_are_those_of_each_sentence(
    path: Path, found: ImportanceData, rule: LabelRule, scope: Scope
) -> None:
    sample = found.sample(rule, scope, "deletion")
    with open_reader(path) as reader:
        run = reader.run(None)
        rows = reader.query(labels_sql(rule, run.roles, sentences_sql(run.run_no, rule))).to_pylist()
    label = {(row["trace_no"], row["sentence_index"]): row["label"] for row in rows}
    wanted = {None: TRACES, "shop": [t for t in TRACES if t.benchmark == "shop"]}[scope.benchmark]
    if scope.grade is not None:
        wanted = [sketch for sketch in TRACES if sketch.correct is False]
    expected = [
        (label[trace_no, index], TRACES[trace_no].benchmark, TRACES[trace_no].question_id, drop, third)
        for trace_no, index, _, drop, third in naive(rule.marks)
        if TRACES[trace_no] in wanted and label[trace_no, index] is not None
    ]
    names = sample.names
    assert [sample.labels[code] for code in sample.label] == [row[0] for row in expected]
    assert [names["benchmark"][code] for code in sample.group("benchmark")] == [row[1] for row in expected]
    np.testing.assert_allclose(sample.drop, [row[3] for row in expected], rtol=1e-6)
    assert sample.group("position").tolist() == [row[4] for row in expected]
    # Equal numbers for equal questions, other ones for others.
    pairs = set(zip(sample.question.tolist(), [row[2] for row in expected], strict=True))
    assert len(pairs) == len({number for number, _ in pairs}) == len({question for _, question in pairs})
    assert sample.n_traces == len(set(sample.trace.tolist()))
    assert sorted(sample.by_drop.tolist()) == list(range(len(expected)))
    assert (np.diff(sample.drop[sample.by_drop]) >= 0).all()
    assert expected


def test_present_groups_are_named_in_order(found: ImportanceData) -> None:
    sample = found.sample(LabelRule.make(), Scope(benchmark="week"), "deletion")
    assert [sample.names["correctness"][code] for code in sample.present("correctness")] == ["not graded"]
    assert sample.present("all") == (0,)


@pytest.mark.parametrize("codes", [[5, 0, 5, 3], [0], []])
def test_renumbered_codes_are_those_of_numpy(codes: list[int]) -> None:
    given = np.array(codes, np.int64)
    expected = np.unique(given, return_inverse=True)
    for ours, theirs in zip(renumbered(given), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("marks", [False, True])
def test_classes_of_training_texts_divide_where_there_are_any(
    tmp_path: Path, path: Path, found: ImportanceData, marks: bool
) -> None:
    rule = LabelRule.make(marks=marks)
    assert "training" not in found.splits
    assert set(found.sample(rule, Scope(), "deletion").group("training").tolist()) == {3}
    own = tmp_path / "overlap.duckdb"
    shutil.copy(path, own)
    classes = overlap.by_turns(TRACES)
    classes[0][0] = None
    overlap.insert(own, TRACES, classes)
    looked_up = importance_of(rdpt.open(own).run()._data())
    assert "training" in looked_up.splits
    sample = looked_up.sample(rule, Scope(), "deletion")
    names = [sample.names["training"][code] for code in sample.group("training")]
    numbers = [row[:2] for row in naive(marks)]
    assert names == [classes[t][i] or "without a class" for t, i in (numbers[row] for row in sample.rows.tolist())]
    assert len(set(names)) >= 3
