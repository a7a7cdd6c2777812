"""`info` over runs that are finished and runs that are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rdpt_core.cli import main
from tests.support import synthetic


def test_the_traces_of_an_unfinished_run_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.duckdb"
    synthetic.build(path, synthetic.sketches(), n_scored=16, finish=False)
    synthetic.build(path, synthetic.sketches(2), run_id="a", name="whole")
    assert main(["info", "--db", str(path)]) == 0
    printed = capsys.readouterr().out
    assert (
        printed.count("the run is not finished")
        == printed.count("  16 of 36 traces; the run is not finished. The same `score` command")
        == 1
    )
    assert main(["info", "--db", str(path), "--json"]) == 0
    half, whole = json.loads(capsys.readouterr().out)["runs"]
    assert (half["state"], half["counts"]["traces"], half["counts"]["traces_scored"]) == ("scoring", 36, 16)
    assert (whole["state"], whole["counts"]["traces"]) == ("complete", whole["counts"]["traces_scored"])
