"""Tables for exports: all columns whatever is known, and NULL for what is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.transfer import rows
from rdpt_core.analysis.evidence.transfer.levels import from_domains
from rdpt_core.analysis.evidence.transfer.reach import reach_table
from tests.unit.analysis.evidence.transfer import worlds
from tests.unit.analysis.evidence.transfer.conftest import TRACES


def test_what_is_not_known_is_null() -> None:
    traces = worlds.traces(["a"] * 9 + ["b"] * 2, ["seen"] * 9 + ["unseen"] * 2)
    assignment = from_domains(traces, "benchmark")
    assert assignment is not None
    table = rows.reach_rows(reach_table(worlds.counted(traces, [2] * 11, [1] * 11), None, assignment))
    first, second = table.to_pylist()[:2]
    assert (first["reach"], second["reach"]) == (pytest.approx(0.3), pytest.approx(0.3))
    assert first["reach_low"] < 0.3 < first["reach_high"]
    assert (second["reach_low"], second["reach_high"]) == (None, None)
    assert second["no_interval_because"] == "only 2 questions; an interval needs 8"
    for stem in ("control_share", "excess", "student_text", "beyond_student_text"):
        assert {first[stem], first[f"{stem}_low"]} == {None}
    steps = rows.step_rows(reach_table(worlds.counted(traces, [2] * 11, [1] * 11), None, assignment)).to_pylist()
    assert {step["number"] for step in steps} == {"reach", "label_share"}
    assert {step["low"] for step in steps} == {None}


def test_classes_of_training_texts(transfer_database: Path, tmp_path: Path) -> None:
    path = tmp_path / "overlap.duckdb"
    shutil.copy(transfer_database, path)
    settings = {"files": [{"name": "sft.jsonl"}], "n_records": 9, "n_rejects": 0, "n_sentences": 90, "n_distinct": 9}
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO training_sets VALUES (1, ?)", [json.dumps(settings)])
        for number in range(len(TRACES)):
            # Three copied, two more with a template, four new, and one that was not looked up.
            verbatim, template = [1] * 3 + [0] * 6 + [None], [2] * 5 + [0] * 4 + [None]
            none = [None] * 10
            connection.execute(
                "INSERT INTO overlap VALUES (1, ?, ?, ?, ?, ?, ?, ?)", [number, verbatim, template, *[none] * 4]
            )
    run = rdpt.open(path).run()
    table = run.transfer(part="copied").to_pylist()
    assert len(table) == 6 * 3
    for row in table:
        own = [
            (index, kind)
            for sketch in TRACES
            if row["name"] in (sketch.benchmark, (sketch.domain or "").replace("-", " "))
            for index, (_, kind) in enumerate(sketch.sentences[:9])
            if kind != "unscored"
        ]
        held = {"copied": range(3), "template": range(3, 5), "new": range(5, 9)}[row["training_class"]]
        inside = [kind for index, kind in own if index in held]
        assert row["share"] == pytest.approx(len(inside) / len(own))
        reached = sum(kind in ("Teacher", "Uncertain", "Boosted") for kind in inside)
        assert row["reach"] == pytest.approx(reached / len(inside))
        assert row["n_sentences"] == len(inside)
    by_overlap = run.transfer(levels_from="overlap").to_pylist()
    assert {row["level"] for row in by_overlap} == {"seen"}
