"""A small run with a further teacher and a control, in a file."""

from pathlib import Path

import pytest

import rdpt_core as rdpt
from tests.support import companions, synthetic


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("attribution") / "run.duckdb"
    sketches = [*synthetic.sketches(), synthetic.unscored_sketch()]
    companions.build(path, sketches, models=companions.named_teacher())
    return path


@pytest.fixture
def data(scored: Path):
    return rdpt.open(scored).run()._data()
