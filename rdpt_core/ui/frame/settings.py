"""What the app shows: `streamlit run app.py -- --db FILE` or `--db FOLDER`, else RDPT_DB, else the demo's database."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from rdpt_core import bundled


def location(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """The path of a database or a folder as given, or the default. Unknown arguments are left to others."""
    arguments = sys.argv[1:] if arguments is None else arguments
    environment = os.environ if environment is None else environment
    given = [argument.removeprefix("--db=") for argument in arguments if argument.startswith("--db=")]
    given += [value for flag, value in pairwise(arguments) if flag == "--db"]
    named = [text for text in (*given, environment.get("RDPT_DB")) if text]
    # An empty name is none: it would stand for the working folder.
    return Path(named[0]) if named else bundled.demo_database()
