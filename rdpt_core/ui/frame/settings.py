"""Which database the app shows: `streamlit run app.py -- --db FILE`, else RDPT_DB, else the demo's."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

DEFAULT_DATABASE = Path(".rdpt/demo.duckdb")


def database_path(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """The path as given, or the default. Unknown arguments are left to others."""
    arguments = sys.argv[1:] if arguments is None else arguments
    environment = os.environ if environment is None else environment
    for position, argument in enumerate(arguments):
        if argument.startswith("--db="):
            return Path(argument.removeprefix("--db="))
        if argument == "--db" and position + 1 < len(arguments):
            return Path(arguments[position + 1])
    return Path(environment.get("RDPT_DB") or DEFAULT_DATABASE)
