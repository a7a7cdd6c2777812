"""A database of patterns: marks of format, phrases over sentences' ends, letters outside ASCII, unscored sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.behaviours.patterns import members, view
from rdpt_core.analysis.run.data import RunData
from tests.support import synthetic
from tests.unit.analysis.behaviours.patterns.samples import TRACES, families


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("patterns") / "patterns.duckdb"
    synthetic.build(path, TRACES)
    return path


@pytest.fixture
def run(path: Path) -> rdpt.ScoredRun:
    return rdpt.open(path).run()


@pytest.fixture
def data(run: rdpt.ScoredRun) -> RunData:
    return run._data()


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Families that the tests can count themselves."""
    for module in (members, view):
        monkeypatch.setattr(module, "kinds_of", lambda data, marks: families())
