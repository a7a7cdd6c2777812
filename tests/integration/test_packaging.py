"""What is installed: from pyproject.toml by pip, from requirements.txt by make."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from rdpt_core import __version__

PROJECT = Path(__file__).resolve().parents[2]
BUNDLED = "rdpt_core/_bundled/"


def requirements(lines: list[str]) -> dict[str, str]:
    """Package → its range."""
    kept = (line.strip() for line in lines if line.strip() and not line.startswith("#"))
    split = ((line, next(n for n, c in enumerate(line) if c in "<>=")) for line in kept)
    return {line[:n]: line[n:] for line, n in split}


def test_both_lists_of_dependencies_agree_on_all_but_torch() -> None:
    pinned = requirements((PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines())
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ranges = requirements(project["dependencies"])
    assert list(pinned) == list(ranges)
    assert {name for name in pinned if pinned[name] != ranges[name]} == {"torch"}
    assert ranges["torch"].split(",")[0] == f">={'.'.join(pinned['torch'].removeprefix('==').split('.')[:2])}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    assert path.name == f"rdpt_explorer-{__version__}-py3-none-any.whl"
    return ZipFile(path)


def test_the_wheel_holds_the_app_and_the_bundled_data(wheel: ZipFile) -> None:
    names = wheel.namelist()
    bundled = {name.removeprefix(BUNDLED) for name in names if name.startswith(BUNDLED)}
    pages = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "pages").glob("*.py")}
    data = {
        path.relative_to(PROJECT).as_posix()
        for folder in ("teacher", "student", "distilled", "companions", "checkpoints")
        for path in (PROJECT / "data" / folder).rglob("*")
        if path.is_file()
    }
    for run in ("triple.toml", "mixture.toml"):
        tables = [tomllib.loads((PROJECT / "data" / run).read_text(encoding="utf-8"))]
        while tables:
            table = tables.pop()
            tables += [value for value in table.values() if isinstance(value, dict)]
            assert "model" not in table or f"data/{table['model']}/model.safetensors" in data
        data.add(f"data/{run}")
    data |= {"data/traces.jsonl", "data/mixture_traces.jsonl", "data/distillation.jsonl"}
    assert bundled == {"app.py", ".streamlit/config.toml", *pages, *data}
    for name in bundled:
        assert wheel.read(BUNDLED + name) == (PROJECT / name).read_bytes()
    package = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "rdpt_core").rglob("*") if path.is_file()}
    assert {name for name in package if "__pycache__" not in name} == {
        name for name in names if name.startswith("rdpt_core/") and not name.startswith(BUNDLED)
    }
    assert {"rdpt_core/py.typed", "rdpt_core/ui/style/icon.svg"} <= set(names)
    assert {name.split("/")[0] for name in names} == {"rdpt_core", f"rdpt_explorer-{__version__}.dist-info"}


def test_the_wheel_brings_a_command(wheel: ZipFile) -> None:
    entry_points = wheel.read(f"rdpt_explorer-{__version__}.dist-info/entry_points.txt").decode()
    assert entry_points.split() == ["[console_scripts]", "rdpt", "=", "rdpt_core.cli:main"]
