"""Patterns as files: the shares of all that are kept or of one, and the sentences of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.behaviours.patterns import members, view
from rdpt_core.cli import main
from tests.support import synthetic


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (members, view):
        monkeypatch.setattr(module, "kinds_of", lambda data, marks: ())
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches())
    opened = rdpt.open(path)
    opened.save_pattern("equations", text="=")
    opened.save_pattern("sums", expression=r"\d \+ \d")
    return path


def export(database: Path, *flags: str) -> list[dict[str, Any]]:
    out = database.with_name("out.jsonl")
    assert main(["export", "--db", str(database), "--out", str(out), *flags]) == 0
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_the_shares_of_every_pattern(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = rdpt.open(database).run()
    rows = export(database, "--what", "patterns", "--beta", "0.2")
    expected = []
    for pattern in rdpt.open(database).patterns():
        expected += run.pattern(pattern).shares(beta=0.2).to_pylist()
    assert rows == expected
    assert {row["pattern"] for row in rows} == {"equations", "sums"}
    assert (
        export(database, "--what", "patterns", "--pattern", "sums")
        == run.pattern(rdpt.open(database).pattern("sums")).shares().to_pylist()
    )
    # A kind that this run lacks does not keep the others from being written.
    rdpt.open(database).save_pattern("elsewhere", kind="so the", family="opening")
    capsys.readouterr()
    assert export(database, "--what", "patterns", "--beta", "0.2") == rows
    assert "pattern 'elsewhere' is left out" in capsys.readouterr().err


def test_the_sentences_of_one(database: Path) -> None:
    rows = export(database, "--what", "sentences", "--pattern", "equations")
    assert rows == [row for row in export(database, "--what", "sentences") if "=" in row["text"]]


def test_without_patterns_there_are_columns_only(database: Path) -> None:
    for pattern in rdpt.open(database).patterns():
        rdpt.open(database).delete_pattern(pattern.name)
    out = database.with_name("out.csv")
    assert main(["export", "--db", str(database), "--what", "patterns", "--out", str(out)]) == 0
    assert out.read_text().startswith('"pattern","how","family","value"') and out.read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--what", "traces", "--pattern", "sums"], "only sentences and shares belong to a pattern"),
        (["--what", "sentences", "--pattern", "nobody"], "no pattern has this name"),
        (["--what", "patterns", "--pattern", "gone"], "no sentence of the run has this kind of opening"),
    ],
)
def test_what_cannot_be_written_writes_nothing(
    database: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    rdpt.open(database).save_pattern("gone", kind="so the", family="opening")
    out = database.with_name("out.jsonl")
    assert main(["export", "--db", str(database), "--out", str(out), *flags]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()
