"""Joined scripts: every import is there, and comes first."""

from __future__ import annotations

import re

import pytest

from rdpt_core.ui.components import bundle
from rdpt_core.ui.components.reader.payload import MODULES

_IMPORT = re.compile(r'^import \{ (.+) \} from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)


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
