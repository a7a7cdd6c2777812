"""Names of the package are imported when they are asked for, and type checkers see the same names."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rdpt_core as rdpt

HEAVY = ("numpy", "pyarrow", "duckdb", "pydantic", "nltk", "torch", "transformers", "streamlit", "plotly", "tqdm")


def loaded_after(code: str) -> list[str]:
    """Which heavy packages a fresh interpreter has loaded after some code."""
    check = f"{code}; import sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout.split()


def test_the_package_alone_loads_nothing() -> None:
    assert loaded_after("import rdpt_core, rdpt_core.errors") == []


def test_no_name_loads_a_library_of_models_or_of_the_app() -> None:
    loaded = loaded_after("from rdpt_core import *")
    assert not {"torch", "transformers", "streamlit", "plotly", "nltk"} & set(loaded)


def test_every_name_is_there() -> None:
    assert dir(rdpt) == sorted(rdpt.__all__)
    for name in rdpt.__all__:
        assert getattr(rdpt, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'scoer'"):
        rdpt.scoer  # noqa: B018


def test_type_checkers_see_what_is_imported() -> None:
    tree = ast.parse(Path(rdpt.__file__).read_text(encoding="utf-8"))
    (branch,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {alias.name: node.module for node in branch.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == {name: f"rdpt_core.{module}" for name, module in rdpt._MODULES.items()}
