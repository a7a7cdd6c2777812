"""Random triples and traces for runs from end to end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rdpt_core.cli import main
from rdpt_core.records import ROLES
from tests.support.tiny_models import save_model


@pytest.fixture(scope="session")
def triple(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three small random models that share a tokenizer."""
    folder = tmp_path_factory.mktemp("triple")
    for seed, role in enumerate(ROLES):
        save_model(folder / role, seed=seed, context_length=512)
    return folder


@pytest.fixture
def model_flags(triple: Path) -> list[str]:
    return [part for role in ROLES for part in (f"--{role}", str(triple / role))]


def make_lines(n: int) -> list[dict[str, object]]:
    """Traces of very different lengths in two benchmarks."""
    return [
        {
            "trace_id": f"t{number}",
            "question_id": f"q{number // 2}",
            "question": f"What is {number // 2} + 1?",
            "response": f"Okay, let me think. We start with {number}.\n\nSo {number} + 1 = {number + 1}! "
            * (number % 7 + 1),
            "benchmark": "even" if number % 4 < 2 else "odd",
            "sample": number % 2,
            "correct": [True, False, None][number % 3],
        }
        for number in range(n)
    ]


def write_lines(path: Path, lines: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def traces_file(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "traces.jsonl", make_lines(30))


@pytest.fixture(scope="session")
def scored_once(triple: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `score` makes of the traces of `traces_file` under the triple; tests only read it, or copy it.

    The file of traces is gone: whatever goes on from here has the database alone.
    """
    folder = tmp_path_factory.mktemp("scored")
    traces, database = write_lines(folder / "traces.jsonl", make_lines(30)), folder / "run.duckdb"
    models = [part for role in ROLES for part in (f"--{role}", str(triple / role))]
    assert main(["score", "--traces", str(traces), *models, "--db", str(database), "--quiet"]) == 0
    traces.unlink()
    return database


@pytest.fixture
def scored(scored_once: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copy(scored_once, tmp_path / "run.duckdb"))


def export(database: Path, what: str, out: Path, *options: str, status: int = 0) -> list[dict[str, object]]:
    """Rows of `export`, through the command line; `status` is 3 for a run that is not finished."""
    assert main(["export", "--db", str(database), "--what", what, "--out", str(out), *options]) == status
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
