"""Own JavaScript and CSS files as the single strings that Streamlit's components take: no build step, no network."""

from __future__ import annotations

import re
from pathlib import Path

from rdpt_core.ui import theme

HERE = Path(__file__).parent

# Components are loaded from one string, where relative imports mean nothing: the files are joined in an order in which
# every name is defined before its use, and lose their import lines and the `export` of plain functions.
_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def script(*files: str) -> str:
    """Join JavaScript modules; the last holds the default export."""
    parts = [(HERE / name).read_text(encoding="utf-8") for name in files]
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", part)) for part in parts)


def style(*files: str, root: str) -> str:
    """The palette for the element `root` in either mode, then CSS files."""
    modes = [f'{root}[data-mode="{mode}"] {{\n{theme.css_variables(mode)}\n}}' for mode in theme.MODES]
    roles = [f".r-{role} {{ background: var(--role-{role}); }}" for role in theme.ROLE_DASH]
    parts = [(HERE / name).read_text(encoding="utf-8") for name in files]
    return "\n".join([*modes, *parts, *roles, theme.mark_css()])
