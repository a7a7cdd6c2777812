"""A database with a run of every set of roles, over the same synthetic traces; tests only read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rdpt_core.records import Role
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import synthetic

TRACES = [*synthetic.sketches(), synthetic.unscored_sketch()]
PAIR, TRIPLE, NO_TEACHER = "a" * 16, "b" * 16, "c" * 16
# What a kind of synthetic sentence is labelled at the default thresholds, where that is not its name.
LABEL = {"Boosted-down": "Boosted", "Boosted-between": "Boosted", "Uncertain": "Teacher", "unscored": None}


def expected_labels(sketch: synthetic.Sketch) -> list[str | None]:
    return [LABEL.get(kind, kind) for _, kind in sketch.sentences]


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pair-and-triple") / "synthetic.duckdb"
    synthetic.build(path, TRACES, run_id=PAIR, roles=(Role.TEACHER, Role.STUDENT))
    synthetic.build(path, TRACES, run_id=NO_TEACHER, roles=(Role.STUDENT, Role.DISTILLED))
    synthetic.build(path, TRACES, run_id=TRIPLE)
    return path


@pytest.fixture
def triple(path: Path) -> Iterator[tuple[Reader, Run]]:
    with open_reader(path) as reader:
        yield reader, reader.run(TRIPLE)


@pytest.fixture(params=[PAIR, TRIPLE, NO_TEACHER], ids=["pair", "triple", "no-teacher"])
def each_run(request: pytest.FixtureRequest, path: Path) -> Iterator[tuple[Reader, Run]]:
    with open_reader(path) as reader:
        yield reader, reader.run(request.param)
