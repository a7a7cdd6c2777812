"""The bundled traces, scored once for all tests of what they show."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

import rdpt_core as rdpt
from rdpt_core import bundled
from rdpt_core.cli import main
from rdpt_core.records import ROLES


def built_once(tmp_path_factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """A file that the first worker who asks for it builds, while others wait."""
    own = tmp_path_factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    path = folder / name
    with FileLock(f"{path}.lock"):
        if not path.exists():
            unfinished = path.with_name(f"unfinished-{name}")
            build(unfinished)
            unfinished.rename(path)
    return path


@pytest.fixture(scope="session")
def bundled_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled traces under the bundled triple, named as `demo` names them; tests only read it."""
    models = {str(role): bundled.DATA / role for role in ROLES}

    def build(path: Path) -> None:
        rdpt.score(bundled.DATA / "traces.jsonl", path, name="bundled demo", quiet=True, **models)

    return built_once(tmp_path_factory, "triple.duckdb", build)


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `demo` makes: both runs with all their models, which takes several times as long; tests only read it."""

    def build(path: Path) -> None:
        assert main(["demo", "--no-app", "--db", str(path)]) == 0

    return built_once(tmp_path_factory, "demo.duckdb", build)
