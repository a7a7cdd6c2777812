"""The bundled traces, scored once for all tests of what they show."""

from __future__ import annotations

from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core import bundled
from rdpt_core.cli import main
from rdpt_core.records import ROLES


@pytest.fixture(scope="session")
def bundled_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled traces under the bundled triple, named as `demo` names them; tests only read it."""
    path = tmp_path_factory.mktemp("bundled") / "triple.duckdb"
    models = {str(role): bundled.DATA / role for role in ROLES}
    rdpt.score(bundled.DATA / "traces.jsonl", path, name="bundled demo", quiet=True, **models)
    return path


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `demo` makes: both runs with all their models, which takes several times as long; tests only read it."""
    path = tmp_path_factory.mktemp("bundled") / "demo.duckdb"
    assert main(["demo", "--no-app", "--db", str(path)]) == 0
    return path
