"""Where things stand: tests/unit mirrors rdpt_core, and every folder of Python files can be taken in at a glance."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
# Test files that name no module, and why.
NAMES_NO_MODULE = {
    "api/test_flags.py": "every function of the API beside its command",
    "api/test_names.py": "what `import rdpt_core` offers",
    "api/test_signatures.py": "the signatures of the whole API",
    "traces/formats/test_fuzz.py": "hostile input to every format at once",
    "traces/formats/test_routed.py": "one field in every format that may have it",
}
MAX_ENTRIES = 16
# Lists of siblings that look alike need no grouping.
LISTS = {"pages", "rdpt_core/traces/formats", "tests/unit/traces/formats"}
# What tools leave behind.
NOT_OURS = {"build", "dist", "__pycache__"}


def strays(tests: Path, package: Path) -> list[str]:
    """Test files without a module of their name at the same place of the package."""
    found = []
    for path in sorted(tests.rglob("test_*.py")):
        place = path.relative_to(tests)
        module = package / place.with_name(place.name.removeprefix("test_"))
        if not module.is_file() and not (module.with_suffix("") / "__init__.py").is_file():
            found.append(str(place))
    return found


def long_folders(root: Path) -> list[str]:
    """Folders with more than `MAX_ENTRIES` modules and folders of modules, beside their `__init__`."""
    entries: dict[Path, set[str]] = {}
    for name, folders, files in os.walk(root):
        path = Path(name)
        folders[:] = [inner for inner in folders if not inner.startswith(".") and inner not in NOT_OURS]
        names = {file for file in files if file.endswith(".py") and file != "__init__.py"}
        if names or "__init__.py" in files:
            entries.setdefault(path, set()).update(names)
            for inner in (path, *path.parents):
                if inner == root:
                    break
                entries.setdefault(inner.parent, set()).add(inner.name)
    return sorted(str(path.relative_to(root)) for path, names in entries.items() if len(names) > MAX_ENTRIES)


def test_every_unit_test_stands_where_its_module_stands() -> None:
    assert strays(PROJECT / "tests" / "unit", PROJECT / "rdpt_core") == sorted(NAMES_NO_MODULE)


def test_no_folder_is_too_long() -> None:
    assert set(long_folders(PROJECT)) == LISTS


def test_strays_are_seen(tmp_path: Path) -> None:
    package, tests = tmp_path / "package", tmp_path / "unit"
    for name in ("room/module.py", "room/part/__init__.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).touch()
    (tests / "room").mkdir(parents=True)
    for name in ("test_module.py", "room/test_module.py", "room/test_part.py", "room/test_other.py"):
        (tests / name).touch()
    assert strays(tests, package) == ["room/test_other.py", "test_module.py"]


def test_long_folders_are_seen(tmp_path: Path) -> None:
    for name in ("few", "many", "rooms"):
        (tmp_path / name).mkdir()
    for number in range(MAX_ENTRIES):
        (tmp_path / "few" / f"m{number}.py").touch()
        (tmp_path / "many" / f"m{number}.py").touch()
        (tmp_path / "rooms" / f"r{number}").mkdir()
        (tmp_path / "rooms" / f"r{number}" / "m.py").touch()
    (tmp_path / "many" / "one_more.py").touch()
    (tmp_path / "rooms" / "one_more.py").touch()
    assert long_folders(tmp_path) == ["many", "rooms"]
