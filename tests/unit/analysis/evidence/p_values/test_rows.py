"""Rows for elsewhere: API and export say what the run's arrays hold."""

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.p_values.sums import MISSING
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.errors import UsageError

RULE = LabelRule.make()
COLUMNS = ["p_value", "q_value", "n_references", "n_references_as_high"]


def numbers(table, name):
    return np.array([np.nan if value is None else value for value in table.column(name).to_pylist()], float)


@pytest.mark.parametrize("benchmark", [None, "clock"])
def test_every_road_gives_the_same(folder, evidence, benchmark) -> None:
    run = rdpt.open(folder / "5.duckdb").run()
    own, scope = evidence(5), Scope(benchmark=benchmark)
    rows = own.sentences(RULE, scope)
    whole = own.evidence(RULE)
    table = run.evidence(benchmark=benchmark)
    assert table.column_names == [
        *("run_id", "trace_id", "question_id", "benchmark", "domain", "sentence_index"),
        *COLUMNS,
    ]
    assert numbers(table, "p_value") == pytest.approx(whole.p_values(rows), nan_ok=True)
    assert numbers(table, "q_value") == pytest.approx(own.q_values(RULE, scope)[rows], nan_ok=True)
    n = whole.n_as_high[rows].astype(float)
    assert numbers(table, "n_references_as_high") == pytest.approx(np.where(n == MISSING, np.nan, n), nan_ok=True)
    exported = run.sentences(benchmark=benchmark)
    assert exported.column_names[-4:] == COLUMNS
    for name in COLUMNS:
        assert exported.column(name).to_pylist() == table.column(name).to_pylist()


def test_one_trace_has_the_same_rows(folder) -> None:
    run = rdpt.open(folder / "5.duckdb").run()
    whole = run.sentences().to_pylist()
    name = whole[30]["trace_id"]
    assert run.trace(name).sentences.to_pylist() == [row for row in whole if row["trace_id"] == name]


def test_a_run_without_controls_has_no_such_columns(folder) -> None:
    run = rdpt.open(folder / "0.duckdb").run()
    assert not set(COLUMNS) & set(run.sentences().column_names)
    with pytest.raises(UsageError, match="cannot be tested"):
        run.evidence()


def test_few_references_give_counts_alone(folder) -> None:
    run = rdpt.open(folder / "2.duckdb").run()
    table = run.evidence()
    assert table.column("p_value").null_count == table.column("q_value").null_count == table.num_rows
    assert set(table.column("n_references").to_pylist()) == {2}
    assert table.column("n_references_as_high").null_count < table.num_rows
    with pytest.raises(UsageError, match="4 or more controls"):
        run.evidence_shares()


def test_shares_by_label(folder, evidence) -> None:
    table = rdpt.open(folder / "5.duckdb").run().evidence_shares()
    found = evidence(5).found(RULE, Scope())
    assert table.column("label").to_pylist() == ["all", "Teacher", "Shared", "Student", "Boosted"]
    assert table.column("n_found").to_pylist() == [row.n_found for row in found.rows]
