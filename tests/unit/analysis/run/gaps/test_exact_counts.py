"""Gaps beside a threshold are counted in double precision."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule, labels_sql
from rdpt_core.analysis.run.gaps import exact_counts
from rdpt_core.analysis.run.sensitivity import thresholds
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Role
from rdpt_core.store.reader import open_reader
from tests.support import synthetic
from tests.unit.analysis.run.counted import Counted

TRACES = [*synthetic.sketches(6), synthetic.unscored_sketch()]
RUNS = ("a" * 16, "b" * 16)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("db") / "synthetic.duckdb"
    synthetic.build(database, TRACES, run_id=RUNS[0], roles=(Role.TEACHER, Role.STUDENT))
    synthetic.build(database, TRACES, run_id=RUNS[1])
    return database


def test_gaps_beside_a_threshold_are_counted_in_double_precision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rule = tmp_path / "near.duckdb", LabelRule.make()
    # All of a kind are one number in single precision; they lie beside a threshold, or beside a margin's end.
    edges = [
        0.0,
        0.05,
        0.1,
        0.15,
        *(rule.beta + sign * fraction * rule.beta for fraction in (0.05, 0.5) for sign in (-1, 1)),
    ]
    values = [[value, np.nextafter(value, 9), np.nextafter(value, -9)] for value in edges]
    traces = [
        synthetic.Sketch(f"t{i}", f"q{i % 9}", [(f"{i} {j} ", "Teacher") for j in range(6)], f"b{i % 2}")
        for i in range(40)
    ]
    synthetic.build(path, traces)
    rng = np.random.default_rng(3)
    with duckdb.connect(str(path)) as connection:
        p = rng.choice(np.ravel(values), (240, 2)) * rng.choice([-1, 1], (240, 2))
        rows = [(float(t), float(d), n // 6, n % 6) for n, (t, d) in enumerate(p)]
        connection.executemany(
            "UPDATE sentences SET p_teacher = ?, p_student = 0, p_distilled = ? WHERE trace_no = ? "
            "AND sentence_index = ?",
            rows,
        )
    monkeypatch.setattr(exact_counts, "_PASS", 20)
    with open_reader(path) as reader:
        # Not `run`, which checks its rows: no model gives such values.
        (run,) = reader.runs()
        for scope in (Scope(), Scope(benchmark="b1")):
            source, parameters = scope.sentences(run.run_no, rule)
            sql = f"SELECT * FROM ({labels_sql(rule, run.roles, source)}) ORDER BY trace_no, sentence_index"
            truth = reader.query(sql, parameters).to_pylist()
            counted = Counted(reader, run, rule, scope)
            threshold_map = counted.map()
            for i, j in ((0, 0), (5, 10), (10, 5), (5, 5), (15, 15)):
                other_rule = LabelRule.make(float(threshold_map.grid[i]), float(threshold_map.grid[j]))
                want = reader.query(f"SELECT * FROM ({labels_sql(other_rule, run.roles, source)})", parameters)
                names = Counter(want.column("label").to_pylist())
                assert [names[str(label)] for label in threshold_map.labels] == threshold_map.counts[:, i, j].tolist()
            for row in counted.margins():
                mine = [r["margin"] for r in truth if r["label"] == row["label"]]
                assert row["n"] == len(mine)
                for fraction in thresholds.MARGINS:
                    assert row[thresholds.margin_column(fraction)] == sum(
                        margin <= fraction * rule.beta for margin in mine
                    )
            curve = counted.curves()[0]
            for beta, share in zip(curve.betas, curve.intervals, strict=True):
                apart = [r["gap"] for r in truth if r["label"] != "Shared"]
                assert share.share[0] * share.n_counted == pytest.approx(sum(d > beta for d in apart))
                assert share.share[2] * share.n_counted == pytest.approx(sum(-d > beta for d in apart))
            assert counted.asked == 3
