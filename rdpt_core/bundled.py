"""Where the app's own files stand: `app.py`, `pages/`, `.streamlit/config.toml` and the bundled data.

A clone has them at its top level. A wheel carries them inside the package, in the same layout, so that whatever starts
from `ROOT` works in both.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSIDE_WHEEL = _PACKAGE / "_bundled"

IS_CLONE = not _INSIDE_WHEEL.is_dir()
ROOT = _PACKAGE.parent if IS_CLONE else _INSIDE_WHEEL
APP = ROOT / "app.py"
ENDS_WITH_INPUT = "--ends-with-input"
"""An argument of the app: its server ends when its standard input does."""
SERVER_SETTINGS = ROOT / ".streamlit" / "config.toml"
DATA = ROOT / "data"


def demo_database() -> Path:
    """Where `demo` keeps its database: in the clone, outside git's sight; else among the user's own data."""
    return (ROOT / ".rdpt" if IS_CLONE else _user_data()) / "demo.duckdb"


def _user_data() -> Path:
    """The folder where this platform wants a program to keep what it made for a user."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "rdpt-explorer"
