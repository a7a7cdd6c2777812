"""The rooms of the package and who may import whom. Every detector is tested too: it sees what is forbidden."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.project.imports import Graph, circles, import_graph, imported_names, read_package

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = read_package(PROJECT / "rdpt_core")
PAGE_FILES = (PROJECT / "app.py", *(PROJECT / "pages").glob("*.py"))
PAGES = {path.name: path.read_text(encoding="utf-8") for path in PAGE_FILES}

# The floors of a folder, from the ground up. A room imports rooms of lower floors only, and so no room of its own.
FLOORS = {
    "rdpt_core": "arrays bundled errors interrupts | records | atomic_write config | traces | scoring | store"
    " | analysis | ui | api | commands | cli | __main__",
    "rdpt_core.traces": "canonical files splitters thinking token_spans worker_process"
    " | acceptance formats grading markers respelling templates | importing overlap parts_of_speech summary",
    "rdpt_core.scoring": "concurrency engine request variants | models | backends benchmark | jobs"
    " | importance known_writers local_context pipeline resplit | adding training",
    "rdpt_core.analysis": "schemes | catalog labels questions statistics which_teacher"
    " | sentences | faint scope selection | trace | run | attribution evidence | behaviours | export",
    "rdpt_core.ui": "server style | components | data | frame | parts | pages | shell",
    # No page knows another.
    "rdpt_core.ui.pages": "registry"
    " | benchmarks compare evidence overview positions predict ratios runs selection sentences teachers thresholds"
    " trace training verdicts",
}
# The only rooms that may import a library that is slow to load, or that belongs to one side of the package.
ROOMS_OF_LIBRARY = {
    "torch": {"scoring"},
    "transformers": {"scoring"},
    "nltk": {"traces"},
    "textblob": {"traces"},
    "duckdb": {"store"},
    "streamlit": {"ui", "pages"},
    "plotly": {"ui", "pages"},
}
MAX_LINES = 400


def room_of(module: str, folder: str) -> str | None:
    """The room of this folder in which a module stands; None outside of them."""
    return module[len(folder) + 1 :].partition(".")[0] if module.startswith(f"{folder}.") else None


def climbs(graph: Graph, folder: str, floors: str) -> list[str]:
    """Imports between rooms of a folder that do not lead to a lower floor."""
    floor_of = {room: number for number, floor in enumerate(floors.split("|")) for room in floor.split()}
    found = []
    for module, targets in graph.items():
        for target in targets:
            room, other = room_of(module, folder), room_of(target, folder)
            if room and other and room != other and floor_of[room] <= floor_of[other]:
                found.append(f"{module} imports {target}")
    return sorted(found)


def misplaced_libraries(sources: Mapping[str, str], room: str | None = None) -> list[str]:
    """Libraries in rooms that may not import them; all sources are of one room if it is given."""
    found = []
    for module, source in sources.items():
        at = room or room_of(module, "rdpt_core")
        libraries = {name.partition(".")[0] for name in imported_names(source)}
        found += [
            f"{module} imports {library}"
            for library in sorted(libraries & ROOMS_OF_LIBRARY.keys())
            if at not in ROOMS_OF_LIBRARY[library]
        ]
    return sorted(found)


def beyond_the_ui(pages: Mapping[str, str]) -> list[str]:
    """What `app.py` and the files of `pages/` import from other rooms than the one that draws them."""
    imported = {name for source in pages.values() for name in imported_names(source)}
    return sorted(name for name in imported if name.startswith("rdpt_core.") and room_of(name, "rdpt_core") != "ui")


def untold(sources: Mapping[str, str]) -> list[str]:
    """Modules that the table of contents of their folder leaves out.

    A line of the `__init__`'s docstring begins with the module's name. A registry, which imports its modules by name,
    lists them well enough.
    """
    found = []
    for folder in sorted({module.rpartition(".")[0] for module in sources} & sources.keys()):
        source = sources[folder]
        told = set(re.findall(r"^ *(\w+)  +\S", ast.get_docstring(ast.parse(source)) or "", re.MULTILINE))
        listed = told | {name.rpartition(".")[2] for name in imported_names(source) if name in sources}
        rooms = {module for module in sources if module.rpartition(".")[0] == folder}
        found += sorted(module for module in rooms if module.rpartition(".")[2] not in listed)
    return [module for module in found if not module.endswith(".__main__")]


def too_long(sources: Mapping[str, str]) -> list[str]:
    return sorted(module for module, source in sources.items() if len(source.splitlines()) > MAX_LINES)


def run_without(libraries: tuple[str, ...], code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own in which these libraries cannot be imported."""
    blocker = (
        "import sys\n"
        "class Blocker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {libraries!r}:\n"
        "            raise ImportError(f'{name} is blocked')\n"
        "sys.meta_path.insert(0, Blocker())\n"
    )
    return subprocess.run([sys.executable, "-c", blocker + code], capture_output=True, text=True, cwd=PROJECT)


# ── The package as it is ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("folder", FLOORS)
def test_imports_lead_to_lower_floors(folder: str) -> None:
    rooms = {room_of(module, folder) for module in SOURCES} - {None}
    assert rooms == set(FLOORS[folder].replace("|", " ").split()), "every room has its floor in the table, and no other"
    assert climbs(import_graph(SOURCES), folder, FLOORS[folder]) == []


def test_slow_libraries_stay_in_their_rooms() -> None:
    assert misplaced_libraries(SOURCES) == []
    assert misplaced_libraries(PAGES, "pages") == []


def test_pages_know_the_ui_alone() -> None:
    assert len(PAGES) > 10
    assert beyond_the_ui(PAGES) == []


def test_no_modules_import_each_other() -> None:
    assert circles(import_graph(SOURCES, for_types=False)) == []


def test_every_folder_lists_its_modules() -> None:
    assert untold(SOURCES) == []


def test_no_file_is_too_long() -> None:
    assert too_long({**SOURCES, **PAGES}) == []


def test_reading_needs_no_app_and_no_model() -> None:
    code = (
        "import importlib, pkgutil, rdpt_core\n"
        "for name in ('rdpt_core.analysis', 'rdpt_core.api'):\n"
        "    package = importlib.import_module(name)\n"
        "    for module in pkgutil.walk_packages(package.__path__, f'{name}.'):\n"
        "        importlib.import_module(module.name)\n"
        "for name in rdpt_core.__all__:\n"
        "    getattr(rdpt_core, name)\n"
    )
    result = run_without(("streamlit", "torch", "transformers"), code)
    assert result.returncode == 0, result.stderr


def test_the_command_line_loads_nothing_slow_before_it_knows_the_command() -> None:
    result = run_without((*ROOMS_OF_LIBRARY, "scipy", "pyarrow"), "import rdpt_core.cli")
    assert result.returncode == 0, result.stderr


# ── The detectors, with one forbidden line added to the real sources ───────────────────────────────────────────────


def with_line(module: str, line: str) -> dict[str, str]:
    """The sources with a line more at the end of one module."""
    return {**SOURCES, module: f"{SOURCES[module]}\n{line}\n"}


@pytest.mark.parametrize(
    ("folder", "module", "line", "target"),
    [
        ("rdpt_core", "rdpt_core.traces.summary", "import rdpt_core.store.reader", "rdpt_core.store.reader"),
        ("rdpt_core", "rdpt_core.errors", "from rdpt_core import records", "rdpt_core.records"),
        ("rdpt_core", "rdpt_core.api.database", "def f():\n    from rdpt_core.cli import main", "rdpt_core.cli"),
        (
            "rdpt_core.scoring",
            "rdpt_core.scoring.engine.head",
            "from rdpt_core.scoring.models.loading import load_config as load",
            "rdpt_core.scoring.models.loading",
        ),
        (
            "rdpt_core.ui",
            "rdpt_core.ui.frame.links",
            "if TYPE_CHECKING:\n    from rdpt_core.ui.parts import chart",
            "rdpt_core.ui.parts.chart",
        ),
        (
            "rdpt_core.ui.pages",
            "rdpt_core.ui.pages.compare.page",
            "from rdpt_core.ui.pages.trace.page import draw",
            "rdpt_core.ui.pages.trace.page",
        ),
    ],
)
def test_a_climbing_import_is_seen(folder: str, module: str, line: str, target: str) -> None:
    graph = import_graph(with_line(module, line))
    assert climbs(graph, folder, FLOORS[folder]) == [f"{module} imports {target}"]


def test_a_misplaced_library_is_seen() -> None:
    sources = with_line("rdpt_core.store.reader", "def f():\n    import torch.nn")
    assert misplaced_libraries(sources) == ["rdpt_core.store.reader imports torch"]
    assert misplaced_libraries({"trace.py": "import duckdb, streamlit"}, "pages") == ["trace.py imports duckdb"]


def test_a_page_that_knows_more_than_the_ui_is_seen() -> None:
    pages = {**PAGES, "app.py": "from rdpt_core import scoring\nfrom rdpt_core.ui import shell\n"}
    assert beyond_the_ui(pages) == ["rdpt_core.scoring"]


def test_a_circle_is_seen() -> None:
    line = "def f():\n    from rdpt_core.analysis.scope import Scope"
    (circle,) = [c for c in circles(import_graph(with_line("rdpt_core.analysis.catalog", line))) if "catalog" in str(c)]
    assert circle == ["rdpt_core.analysis.catalog", "rdpt_core.analysis.scope"]
    for_types = f"if TYPE_CHECKING:\n    {line.splitlines()[1].strip()}"
    graph = import_graph(with_line("rdpt_core.analysis.catalog", for_types), for_types=False)
    assert circles(graph) == []


def test_circles_of_any_length_are_seen() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a", "d"}}
    assert circles(graph) == [["a", "b", "c"], ["d", "e"]]


def test_an_unlisted_module_is_seen() -> None:
    sources = {
        "p": '"""Rooms.\n\nroom   one\nother  two\n"""\n',
        "p.room": '"""A registry."""\nfrom p.room import listed\n',
        "p.room.listed": "",
        "p.room.forgotten": "",
        "p.other": "",
        "p.third": "",
    }
    assert untold(sources) == ["p.third", "p.room.forgotten"]


def test_a_long_file_is_seen() -> None:
    assert too_long({"a": "x\n" * MAX_LINES, "b": "x\n" * (MAX_LINES + 1)}) == ["b"]


def test_the_blocker_blocks() -> None:
    result = run_without(("streamlit",), "import streamlit")
    assert result.returncode == 1 and "streamlit is blocked" in result.stderr
