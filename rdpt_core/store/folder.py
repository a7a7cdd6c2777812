"""A folder of databases, each under a name that fits an address."""

from __future__ import annotations

from pathlib import Path

from rdpt_core.errors import StoreError

_ENDING = ".duckdb"


def databases_in(folder: Path) -> dict[str, Path]:
    """Name → file of every database that lies in the folder itself, in the order of their names.

    A name is that of the file without its ending; bytes that are no UTF-8 become escapes. Hidden files are left out.

    Raises:
        StoreError: the folder cannot be read.
    """
    try:
        files = [path for path in folder.iterdir() if path.suffix == _ENDING and path.is_file()]
    except OSError as error:
        raise StoreError(
            "the folder cannot be read", where=str(folder), expected="a folder of databases", got=error.strerror
        ) from error
    named: dict[str, Path] = {}
    for path in sorted(files):
        if not path.name.startswith("."):
            name = _name(path)
            # Two files may look alike once their names are escaped.
            while name in named:
                name += "'"
            named[name] = path
    return {name: named[name] for name in sorted(named, key=lambda name: (name.casefold(), name))}


def _name(path: Path) -> str:
    return path.stem.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
