"""Candidates' columns: three labels at their boundaries."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.selection.candidates import load_candidates
from rdpt_core.store.reader import open_reader

from .build import store
from .reference import Sentence


@pytest.mark.parametrize(
    ("teacher", "student", "label"),
    [
        # Differences that are exactly β in double precision, one step above and one below it.
        (0.75, 0.5, "n_common"),
        (math.nextafter(0.75, 1), 0.5, "n_teacher"),
        (math.nextafter(0.75, 0), 0.5, "n_common"),
        (0.5, 0.75, "n_common"),
        (0.5, math.nextafter(0.75, 1), "n_student"),
        (0.5, math.nextafter(0.75, 0), "n_common"),
        (0.5, 0.5, "n_common"),
    ],
)
def test_the_three_label_rule_at_its_boundaries(tmp_path: Path, teacher: float, student: float, label: str) -> None:
    import duckdb

    path = tmp_path / "boundary.duckdb"
    store(path, [[[Sentence([-1.0], [-1.0], [1], [-1.0])]]])
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE sentences SET p_teacher = ?, p_student = ?", [teacher, student])
    with open_reader(path) as reader:
        candidates = load_candidates(reader, reader.run(None), LabelRule.make(beta=0.25))
    assert {name: candidates[name][0] for name in ("n_teacher", "n_student", "n_common")} == {
        name: float(name == label) for name in ("n_teacher", "n_student", "n_common")
    }
