"""`select` with another teacher than the triple's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.cli import main
from tests.support import companions, synthetic

# The triple's teacher finds both sentences of the first candidate more likely than the student does; the code teacher,
# both of the second.
CANDIDATES = [
    synthetic.Sketch("a", "q", [("One. ", "Teacher"), ("Two.", "Teacher")], sample=0),
    synthetic.Sketch("b", "q", [("Three. ", "Student"), ("Four.", "Student")], sample=1),
]
CODE = {**companions.PROBABILITIES["teacher:code"], "Teacher": 0.01, "Student": 0.99}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("select") / "run.duckdb"
    run = synthetic.build(path, CANDIDATES, models=companions.named_teacher("math"))
    companions.add(path, run, CANDIDATES, "teacher:code", probabilities=CODE)
    return path


def picked(database: Path, out: Path, *flags: str) -> tuple[str, dict[str, Any]]:
    """The response that was chosen, and the manifest."""
    arguments = ["--strategy", "teacher-count", "--out", str(out), *flags]
    assert main(["select", "--db", str(database), *arguments]) == 0
    (row,) = (json.loads(line) for line in out.read_text(encoding="utf-8").splitlines())
    manifest = json.loads(out.with_name(f"{out.stem}.manifest.json").read_text(encoding="utf-8"))
    return row["messages"][-1]["content"], manifest


def test_the_teacher_that_is_named_decides(database: Path, tmp_path: Path) -> None:
    own, manifest = picked(database, tmp_path / "own.jsonl")
    assert own == "One. Two."
    assert picked(database, tmp_path / "named.jsonl", "--teacher", "math")[0] == own
    assert (tmp_path / "named.jsonl").read_bytes() == (tmp_path / "own.jsonl").read_bytes()
    for name in ("code", "teacher:code"):
        response, other = picked(database, tmp_path / "code.jsonl", "--teacher", name)
        assert response == "Three. Four."
        # Which teacher it was is part of what decided.
        assert other["models"] != manifest["models"] and "data/companions/code" in json.dumps(other["models"])


def test_a_teacher_that_the_run_lacks_writes_nothing(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.jsonl"
    flags = ["--strategy", "teacher-count", "--out", str(out), "--teacher", "law"]
    assert main(["select", "--db", str(database), *flags]) == 2
    assert "the run has no such teacher: --teacher law; expected math or code" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
