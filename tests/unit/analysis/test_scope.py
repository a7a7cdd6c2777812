"""Scopes as conditions: each keeps exactly the traces and sentences that a loop over them would keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rdpt_core.analysis.catalog import GRADES
from rdpt_core.analysis.labels import LabelRule, labels_sql
from rdpt_core.analysis.scope import FILTERS, Scope, in_natural_order, load_choices
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import synthetic

QUOTED = "o'clock \" ? $1"
TRACES = [
    replace(sketch, difficulty=str(i % 3 * 5) if i % 4 else None, model="b" if i % 5 else QUOTED)
    for i, sketch in enumerate([*synthetic.sketches(6), synthetic.hostile_sketch()])
]
GRADE_OF = {True: GRADES[0], False: GRADES[1], None: GRADES[2]}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "synthetic.duckdb"
    synthetic.build(path, TRACES[:3], run_id="a" * 16)
    synthetic.build(path, TRACES, run_id="b" * 16)
    return path


@pytest.fixture
def opened(path: Path) -> Iterator[tuple[Reader, Run]]:
    with open_reader(path) as reader:
        yield reader, reader.run("b" * 16)


def fits(sketch: synthetic.Sketch, scope: Scope) -> bool:
    return all(
        (GRADE_OF[sketch.correct] if name == "grade" else getattr(sketch, name)) == value
        for name, value in scope.items()
    )


SCOPES = [
    Scope(),
    Scope(benchmark="shop"),
    Scope(domain="arithmetic", grade=GRADES[1]),
    Scope(grade=GRADES[2]),
    Scope(grade=GRADES[0], difficulty="10", benchmark="clock"),
    Scope(model=QUOTED),
    Scope(benchmark="attack <i>", domain="<script>"),
    Scope(benchmark="nowhere"),
]


@pytest.mark.parametrize("scope", SCOPES, ids=Scope.words)
def test_a_scope_keeps_what_fits(opened: tuple[Reader, Run], scope: Scope) -> None:
    reader, run = opened
    condition, parameters = scope.where("t")
    sql = f"SELECT trace_id FROM traces AS t WHERE run_no = {run.run_no} AND {condition} ORDER BY trace_no"
    want = [sketch for sketch in TRACES if fits(sketch, scope)]
    assert reader.query(sql, parameters).column(0).to_pylist() == [sketch.trace_id for sketch in want]
    source, parameters = scope.sentences(run.run_no, LabelRule.make())
    labelled = reader.query(labels_sql(LabelRule.make(), run.roles, source), parameters)
    assert labelled.num_rows == sum(len(sketch.sentences) for sketch in want)


def test_choices_are_the_combinations_that_occur(opened: tuple[Reader, Run]) -> None:
    choices = load_choices(*opened)
    assert choices.column_names == [*FILTERS, "n_traces"]
    rows = choices.to_pylist()
    assert sum(row["n_traces"] for row in rows) == len(TRACES)
    want = {(s.benchmark, s.domain, GRADE_OF[s.correct], s.model, s.difficulty) for s in TRACES}
    assert {tuple(row[name] for name in FILTERS) for row in rows} == want


def test_words_name_every_filter() -> None:
    assert Scope().words() == "all traces"
    assert Scope(benchmark="aime", grade="correct").words() == "benchmark = aime, grade = correct"
    assert Scope(half="A").words() == "half of the questions = A"


def test_numbers_stand_in_their_order() -> None:
    assert in_natural_order(["10", "2", "hard", "easy", "1"]) == ["1", "2", "10", "easy", "hard"]
