"""Databases that many tests build alike: each is built once by a process, and copied from then on.

A copy takes a hundredth of the time, most of which is DuckDB's for opening a file several times.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Key = TypeVar("Key")

_FOLDER = tempfile.TemporaryDirectory(prefix="rdpt-copies-")
_BUILT: dict[str, tuple[Path, Any]] = {}


def built(path: Path, recipe: object, build: Callable[[Path], Key]) -> Key:
    """A database at `path`, and what names its run.

    Args:
        path: where it goes. Beside or over anything of that name it is built, for what is there may matter.
        recipe: all that `build` goes by, as values whose `repr` tells them apart.
        build: writes the database at the path that it is given.
    """
    folder = path.parent
    if folder.exists() and any(one.name.startswith(path.name) for one in folder.iterdir()):
        return build(path)
    name = repr(recipe)
    if name not in _BUILT:
        # In a folder of its own: what `build` calls may build here, too.
        template = Path(tempfile.mkdtemp(dir=_FOLDER.name)) / "built.duckdb"
        key = build(template)
        assert not template.with_name(f"{template.name}.wal").exists(), "the database is in two files"
        _BUILT[name] = template, key
    template, key = _BUILT[name]
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(template, path)
    found: Key = key
    return found
