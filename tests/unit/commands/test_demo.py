"""`demo` in a copy of the program whose bundled data are missing or incomplete."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core import bundled
from rdpt_core.cli import main

FILES = ("mixture.toml", "mixture_traces.jsonl", "triple.toml", "traces.jsonl")


@pytest.mark.parametrize(
    ("there", "got"),
    [
        ((), "a copy of the program without its data"),
        (("traces.jsonl",), "no mixture.toml, mixture_traces.jsonl, triple.toml"),
        (FILES[:3], "no traces.jsonl"),
    ],
)
def test_missing_data_are_named_and_no_database_is_made(
    there: tuple[str, ...],
    got: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bundled, "ROOT", tmp_path)
    monkeypatch.setattr(bundled, "DATA", tmp_path / "data")
    (tmp_path / "data").mkdir()
    for name in there:
        (tmp_path / "data" / name).touch()
    assert main(["demo", "--no-app", "--db", str(tmp_path / "demo.duckdb")]) == 2
    said = capsys.readouterr().err
    assert "the bundled data are not here" in said and str(tmp_path / "data") in said
    assert got in said
    assert all(name in said for name in FILES)
    assert not (tmp_path / "demo.duckdb").exists()
