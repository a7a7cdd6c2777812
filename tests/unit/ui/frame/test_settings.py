"""Which database or folder the app shows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from rdpt_core import bundled
from rdpt_core.ui.frame import settings


@pytest.mark.parametrize(
    ("arguments", "environment", "path"),
    [
        ([], {}, bundled.demo_database()),
        ([], {"RDPT_DB": "x.duckdb"}, "x.duckdb"),
        (["--db", "y.duckdb"], {"RDPT_DB": "x.duckdb"}, "y.duckdb"),
        (["--other", "--db=z.duckdb"], {}, "z.duckdb"),
        (["--db="], {}, bundled.demo_database()),
        (["--db", ""], {"RDPT_DB": "x.duckdb"}, "x.duckdb"),
        (["--db"], {"RDPT_DB": ""}, bundled.demo_database()),
        (["--from=/data", "--db=x.duckdb"], {}, "/data/x.duckdb"),
        (["--from=/data", "--db=/other/x.duckdb"], {}, "/other/x.duckdb"),
    ],
)
def test_location(arguments: list[str], environment: dict[str, str], path: str | Path) -> None:
    assert settings.location(arguments, environment) == Path(path)


@pytest.mark.parametrize(
    ("given", "path", "shown"),
    [
        ("x.duckdb", "/home/ann/runs/x.duckdb", "x.duckdb"),
        ("../x.duckdb", "/home/ann/runs/../x.duckdb", "../x.duckdb"),
        # One of a folder.
        (".", "/home/ann/runs/x.duckdb", "x.duckdb"),
        ("/home/ann/x.duckdb", "/home/ann/x.duckdb", "/home/ann/x.duckdb"),
    ],
)
def test_a_path_is_shown_as_it_was_given(monkeypatch: pytest.MonkeyPatch, given: str, path: str, shown: str) -> None:
    arguments = ["app.py", "--from=/home/ann/runs", f"--db={given}"]
    assert settings.shown(Path(path), arguments, {}) == shown
    monkeypatch.setattr(sys, "argv", arguments)
    said = f'IO Error: Cannot open file "{os.path.realpath(path)}" or {path}'
    assert settings.without_paths(said, Path(path)) == f'IO Error: Cannot open file "{shown}" or {shown}'


def test_the_target_of_a_link_is_not_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "link.duckdb").symlink_to(tmp_path / "elsewhere.duckdb")
    monkeypatch.setattr(sys, "argv", ["app.py", f"--from={tmp_path}", "--db=link.duckdb"])
    said = f"Cannot read {tmp_path}/elsewhere.duckdb"
    assert settings.without_paths(said, settings.location()) == "Cannot read link.duckdb"
