"""What the app shows: `streamlit run app.py -- --db FILE` or `--db FOLDER`, else RDPT_DB, else the demo's database.

`rdpt view` serves from a folder of its own, so it passes the one that it was started in as `--from`. Pages name the
database as it was named there: where it lies beyond that is not for everybody who looks at them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from rdpt_core import bundled


def location(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """The path of a database or a folder as given, or the default. Unknown arguments are left to others."""
    given, started_in = _given(arguments, environment)
    return bundled.demo_database() if given is None else started_in / given


def shown(path: Path, arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> str:
    """The path of the database, or of one in the folder, as whoever started the app would name it from where they
    did: relative, unless they gave an absolute one."""
    given, started_in = _given(arguments, environment)
    return str(path) if given is not None and Path(given).is_absolute() else os.path.relpath(path, started_in)


def without_paths(message: str, path: Path) -> str:
    """What a library says of the file, with the path as it is shown; a link's target is not named either."""
    for known in sorted({str(path), str(path.absolute()), os.path.realpath(path)}, key=len, reverse=True):
        message = message.replace(known, shown(path))
    return message


def _given(arguments: Sequence[str] | None, environment: Mapping[str, str] | None) -> tuple[str | None, Path]:
    """What was named, and the folder where it was; an empty name is none, for it would stand for that folder."""
    arguments = sys.argv[1:] if arguments is None else arguments
    environment = os.environ if environment is None else environment
    named = [text for text in (*_values("--db", arguments), environment.get("RDPT_DB")) if text]
    return next(iter(named), None), Path(next(iter(_values("--from", arguments)), ""))


def _values(flag: str, arguments: Sequence[str]) -> list[str]:
    equals = f"{flag}="
    given = [argument.removeprefix(equals) for argument in arguments if argument.startswith(equals)]
    return given + [value for name, value in pairwise(arguments) if name == flag]
