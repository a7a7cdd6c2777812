"""Shares of copied, template and new sentences, counted by hand, and paired by question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rdpt_core.analysis.evidence.overlap.class_shares import (
    TRAINING,
    dimensions_of,
    grouped_shares,
    traces_of_class,
)
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.group_shares import DIMENSIONS, difference
from rdpt_core.analysis.run.kept import Memory
from rdpt_core.analysis.scope import Scope
from rdpt_core.store import writer
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import synthetic
from tests.support.companions import overlap

SKETCHES = synthetic.sketches(12)
CLASSES = overlap.by_turns(SKETCHES)
CLASSES[0][1] = None
RULE, ALL = LabelRule.make(), Scope()
OF_KIND = {"Uncertain": "Teacher", "Boosted-down": "Boosted", "Boosted-between": "Boosted"}


def run_data(path: Path) -> RunData:
    @contextmanager
    def opened(*others: Run) -> Iterator[Reader]:
        with open_reader(path) as reader:
            yield reader

    with open_reader(path) as reader:
        return RunData(reader.run(None), opened, Memory())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    path = tmp_path_factory.mktemp("db") / "overlap.duckdb"
    synthetic.build(path, SKETCHES)
    overlap.insert(path, SKETCHES, CLASSES)
    return run_data(path)


def expected(*, by_tokens: bool) -> dict[tuple[str, str], Counter[str]]:
    found: dict[tuple[str, str], Counter[str]] = {}
    for sketch, classes in zip(SKETCHES, CLASSES, strict=True):
        for (text, kind), name in zip(sketch.sentences, classes, strict=True):
            if name is not None:
                cell = found.setdefault((name, sketch.benchmark), Counter())
                cell[OF_KIND.get(kind, kind)] += synthetic.n_tokens_of(text) if by_tokens else 1
    return found


@pytest.mark.parametrize("by_tokens", [False, True])
def test_shares_are_those_of_the_sentences_of_a_class(data: RunData, by_tokens: bool) -> None:
    table = grouped_shares({"run": data}, RULE, ALL, TRAINING, "benchmark", by_tokens=by_tokens)
    counts = expected(by_tokens=by_tokens)
    assert [(cell.row, cell.column) for cell in table.cells] == [
        (name, benchmark)
        for name in overlap.CLASSES
        for benchmark in ("clock", "shop", "week")
        if (name, benchmark) in counts
    ]
    for cell in table.cells:
        mine = counts[cell.row, cell.column]
        assert cell.intervals.share == pytest.approx([mine[label] / mine.total() for label in table.labels])
        traces = [
            sketch.trace_id
            for sketch, classes in zip(SKETCHES, CLASSES, strict=True)
            if sketch.benchmark == cell.column and cell.row in classes
        ]
        assert cell.intervals.n_traces == len(traces)
        assert cell.n_sentences == expected(by_tokens=False)[cell.row, cell.column].total()


def test_batches_committed_out_of_order_give_the_same_shares(data: RunData, tmp_path: Path) -> None:
    path = tmp_path / "unordered.duckdb"
    run = synthetic.build(path, SKETCHES, n_scored=0, finish=False)
    synthetic.score(path, run, SKETCHES[20:], first=20)
    synthetic.score(path, run, SKETCHES[:20])
    writer.finish_run(path, run)
    overlap.insert(path, SKETCHES, CLASSES)
    tables = [grouped_shares({"run": one}, RULE, ALL, TRAINING) for one in (data, run_data(path))]
    first, second = ([cell.intervals.share.tolist() for cell in table.cells] for table in tables)
    assert first == second


def test_classes_are_paired_by_question(data: RunData) -> None:
    table = grouped_shares({"run": data}, RULE, ALL, TRAINING)
    assert [cell.row for cell in table.cells] == list(overlap.CLASSES)
    # Every trace has at least four sentences, so every question has all three classes.
    assert difference(table, 0, 2).is_paired
    assert table.cells[0].intervals.n_questions == data.trace_table(ALL).n_questions


def test_a_cell_leads_to_its_sentences(data: RunData) -> None:
    table = grouped_shares({"run": data}, RULE, ALL, "benchmark", TRAINING)
    for cell in table.cells:
        found = traces_of_class([data], RULE, ALL, cell, "Teacher")
        holding = [
            number
            for number, (sketch, classes) in enumerate(zip(SKETCHES, CLASSES, strict=True))
            if sketch.benchmark == cell.row
            and any(
                OF_KIND.get(kind, kind) == "Teacher" and name == cell.column
                for (_, kind), name in zip(sketch.sentences, classes, strict=True)
            )
        ]
        assert found.n == len(holding) and sorted(found.trace_no) == holding
        for trace_no, index in zip(found.trace_no, found.sentence_index, strict=True):
            kind = SKETCHES[trace_no].sentences[index][1]
            assert (OF_KIND.get(kind, kind), CLASSES[trace_no][index]) == ("Teacher", cell.column)
        (n,) = found.numbers.values()
        assert list(n) == sorted(n, reverse=True)


def test_a_run_without_training_texts_has_no_such_dimension(data: RunData, tmp_path: Path) -> None:
    assert dimensions_of(data) == (*DIMENSIONS, TRAINING)
    synthetic.build(tmp_path / "none.duckdb", SKETCHES)
    other = run_data(tmp_path / "none.duckdb")
    assert dimensions_of(other) == DIMENSIONS
    # Beside a run that has them, it is left out where classes are a dimension.
    table = grouped_shares({"with": data, "without": other}, RULE, ALL, "run", TRAINING)
    assert {cell.row for cell in table.cells} == {"with"}
    found = traces_of_class([other, data], RULE, ALL, table.cells[0], "Teacher")
    assert found.run is data.run and found.n
