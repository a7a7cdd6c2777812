"""The components' own files: joined with every import before its use; they parse no HTML and fetch nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rdpt_core.ui.components import bundle
from rdpt_core.ui.components.reader.payload import MODULES

_IMPORT = re.compile(r'^import \{ (.+) \} from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)
UI = bundle.HERE.parent
SOURCES = sorted([*UI.rglob("*.js"), *UI.rglob("*.css"), *UI.rglob("*.svg")])


def source(name: str) -> str:
    return (bundle.HERE / "reader" / f"{name}.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODULES)
def test_every_import_is_exported_by_an_earlier_file_and_used(name: str) -> None:
    text = source(name)
    assert len(_IMPORT.findall(text)) == len(re.findall("^import ", text, re.MULTILINE))
    for names, module in _IMPORT.findall(text):
        assert MODULES.index(module) < MODULES.index(name)
        for wanted in names.split(", "):
            assert wanted in _EXPORT.findall(source(module))
            assert len(re.findall(rf"\b{wanted}\b", text)) > 1, f"{wanted} is imported for nothing"


def test_no_two_files_export_the_same_name() -> None:
    names = [name for module in MODULES for name in _EXPORT.findall(source(module))]
    assert len(names) == len(set(names))


def test_every_file_is_part_of_the_bundle() -> None:
    files = {path.stem for path in (bundle.HERE / "reader").glob("*.js")}
    assert files == {*MODULES, "part"}
    # What nobody uses is dead.
    everything = "\n".join(source(name) for name in (*MODULES, "part"))
    for module in MODULES:
        for name in _EXPORT.findall(source(module)):
            assert len(re.findall(rf"\b{name}\b", everything)) > 1, f"{module}.js exports {name} for nothing"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_own_files_parse_no_html_and_fetch_nothing(path: Path) -> None:
    text = path.read_text()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "@import"):
        assert forbidden not in text
    addresses = [a for a in re.findall(r"(?:https?:)?//[\w.]+\.\w+[^\s\"']*", text) if "www.w3.org" not in a]
    assert addresses == []
    assert "url(" not in text
