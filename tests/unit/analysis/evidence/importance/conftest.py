"""A database with importance by two methods: of most traces, none of some, and a reason for one."""

from __future__ import annotations

from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.importance.data import ImportanceData, importance_of
from tests.support import synthetic
from tests.support.companions import importance

MARKED = synthetic.Sketch(
    "marked",
    "marked",
    [
        ("<think>\n", "Shared"),
        ("Hm. ", "Teacher"),
        ("1 + 1 = 2. ", "Student"),
        ("</think>", "Shared"),
        ("The answer is 2. ", "Student"),
        ("Anything else?", "Teacher"),
    ],
    benchmark="marks",
)
TRACES = [*synthetic.sketches(), synthetic.unscored_sketch(), MARKED]
WITHOUT = 3
"""The trace that has a reason instead of numbers; the two before the last have none at all by replacement."""

MARKED_DROPS: list[float | None] = [0.5, 1.25, 2.5, -0.25, None, None]


def deletion_rows() -> list[importance.Row]:
    rows = importance.rows_of(TRACES)
    rows[WITHOUT] = (WITHOUT, "deletion", None, [None] * len(TRACES[WITHOUT].sentences), "no_answer")
    start = len("".join(text for text, _ in MARKED.sentences[:4]))
    rows[-1] = (len(TRACES) - 1, "deletion", start, MARKED_DROPS, None)
    # Sentences that were not measured.
    rows[0][3][1] = rows[1][3][0] = None
    return rows


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("importance") / "run.duckdb"
    synthetic.build(path, TRACES)
    importance.insert(path, deletion_rows())
    importance.insert(path, importance.rows_of(TRACES, "replacement")[:-2])
    return path


@pytest.fixture
def found(path: Path) -> ImportanceData:
    return importance_of(rdpt.open(path).run()._data())
