"""The rooms of the house and who may import what; the detector is tested too."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("traces", "scoring", "store", "analysis", "ui")
ROOT_MODULES = {"arrays", "atomic_write", "bundled", "config", "errors", "interrupts", "records"}
FORBIDDEN = {
    "traces": {"torch", "transformers", "duckdb", "streamlit", "plotly"},
    "scoring": {"duckdb", "streamlit", "plotly"},
    "store": {"torch", "transformers", "streamlit", "plotly", "nltk"},
    "analysis": {"torch", "transformers", "streamlit", "plotly", "nltk"},
    "ui": {"torch", "transformers", "nltk"},
    "pages": {"torch", "transformers", "nltk", "duckdb"},
}
# Where the write side's heavy libraries may be imported at all.
TORCH_ROOM = "scoring"


def imports_of(source: str) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def violations(room: str, source: str) -> list[str]:
    """Imports that a file of this room may not have."""
    wrong = []
    allowed_rooms = set(ROOMS) if room == "pages" else set(ROOMS[: ROOMS.index(room) + 1])
    if room == "pages":
        allowed_rooms -= {"traces", "scoring"}
    for name in sorted(imports_of(source)):
        parts = name.split(".")
        if parts[0] in FORBIDDEN[room]:
            wrong.append(name)
        if parts[0] == "rdpt_core" and len(parts) > 1 and parts[1] in {*ROOMS, "commands", "cli"} - allowed_rooms:
            wrong.append(name)
    return wrong


def files_of(room: str) -> list[Path]:
    if room == "pages":
        return [PROJECT / "app.py", *sorted((PROJECT / "pages").glob("*.py"))]
    return sorted((PROJECT / "rdpt_core" / room).rglob("*.py"))


@pytest.mark.parametrize("room", [*ROOMS, "pages"])
def test_a_room_uses_only_rooms_to_its_left(room: str) -> None:
    files = files_of(room)
    assert files
    found = {str(file.relative_to(PROJECT)): violations(room, file.read_text(encoding="utf-8")) for file in files}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_the_root_stands_on_nothing() -> None:
    for name in ROOT_MODULES:
        names = imports_of((PROJECT / "rdpt_core" / f"{name}.py").read_text(encoding="utf-8"))
        inner = {part.split(".")[1] for part in names if part.startswith("rdpt_core.")}
        assert inner <= ROOT_MODULES, name


def test_the_detector_sees_what_it_should() -> None:
    assert violations("store", "def f():\n    import torch.nn\n") == ["torch.nn"]
    assert violations("traces", "from rdpt_core.store.reader import Reader\n") == [
        "rdpt_core.store.reader",
        "rdpt_core.store.reader.Reader",
    ]
    assert violations("ui", "from rdpt_core.store import reader\nimport plotly\n") == []
    assert violations("pages", "from rdpt_core import scoring\n") == ["rdpt_core.scoring"]


def test_reading_a_database_loads_no_model_library() -> None:
    code = (
        "import sys, rdpt_core.store.reader, rdpt_core.analysis.labels, rdpt_core.analysis.export.rows, rdpt_core.cli;"
        "print([m for m in ('torch', 'transformers', 'streamlit', 'nltk') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert result.stdout.strip() == "[]"
