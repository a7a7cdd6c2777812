"""Small runs with controls, in files."""

from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.p_values.data import EvidenceData, evidence_of
from tests.support.companions import references


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs `0.duckdb`, `2.duckdb`, … with so many references."""
    path = tmp_path_factory.mktemp("p_values")
    for n in (0, 2, 5, 19):
        references.build(path / f"{n}.duckdb", n)
    return path


@pytest.fixture
def evidence(folder: Path):
    """The evidence of the run with so many references, seen with a teacher."""

    def of(n: int, teacher: str | None = None) -> EvidenceData:
        return evidence_of(rdpt.open(folder / f"{n}.duckdb").run()._data(teacher))

    return of
