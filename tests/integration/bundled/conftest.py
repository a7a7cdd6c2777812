"""The bundled triple, scored once for all tests of what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.cli import main


@pytest.fixture(scope="session")
def bundled_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled traces, scored by the bundled models; tests only read it."""
    path = tmp_path_factory.mktemp("bundled") / "demo.duckdb"
    assert main(["demo", "--no-app", "--db", str(path)]) == 0
    return path
