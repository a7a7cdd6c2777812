"""Where the app's files and the demo's database are, in a clone and in an installed copy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rdpt_core import bundled

PROJECT = Path(__file__).resolve().parents[2]


def test_a_clone_uses_its_own_files() -> None:
    assert bundled.IS_CLONE
    assert bundled.ROOT == PROJECT
    assert bundled.APP.is_file() and bundled.SERVER_SETTINGS.is_file() and (bundled.DATA / "traces.jsonl").is_file()
    assert bundled.demo_database() == PROJECT / ".rdpt" / "demo.duckdb"


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {}, "home/.local/share"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data"),
        ("darwin", {"XDG_DATA_HOME": "/data"}, "home/Library/Application Support"),
        ("win32", {}, "home/AppData/Local"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local"),
    ],
)
def test_an_installed_copy_keeps_its_database_among_the_users_data(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], folder: str
) -> None:
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("home"))
    monkeypatch.setattr(bundled, "IS_CLONE", False)
    assert bundled.demo_database() == Path(folder) / "rdpt-explorer" / "demo.duckdb"
