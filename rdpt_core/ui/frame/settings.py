"""What the app shows: `streamlit run app.py -- --db FILE` or `--db FOLDER`, else RDPT_DB, else the demo's database."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rdpt_core import bundled


def location(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """The path of a database or a folder as given, or the default. Unknown arguments are left to others."""
    arguments = sys.argv[1:] if arguments is None else arguments
    environment = os.environ if environment is None else environment
    for position, argument in enumerate(arguments):
        if argument.startswith("--db="):
            return Path(argument.removeprefix("--db="))
        if argument == "--db" and position + 1 < len(arguments):
            return Path(arguments[position + 1])
    given = environment.get("RDPT_DB")
    return Path(given) if given else bundled.demo_database()
