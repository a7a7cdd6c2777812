"""Own JavaScript and CSS files as the single strings that Streamlit's components take: no build step, no network."""

from __future__ import annotations

import re
from pathlib import Path

from rdpt_core.ui.style import theme

HERE = Path(__file__).parent

# Components are loaded from one string, where relative imports mean nothing. The files are joined in an order in which
# every name is defined before its use; each but the last becomes a function that is called once and returns what it
# exports, so that everything else stays its own.
# Comments that fill their lines are for readers of the files: Streamlit sends a component's script with every change.
_COMMENT = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)
_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|const|class) (\w+))", re.MULTILINE)


def text(file: str) -> str:
    """One file as it is."""
    return (HERE / file).read_text(encoding="utf-8")


def script(*files: str) -> str:
    """Join JavaScript modules; the last holds the default export. Imports and exports stand on one line each."""
    *modules, last = [_IMPORT.sub("", _COMMENT.sub("", text(name))) for name in files]
    return "\n".join([*map(_wrapped, modules), last])


def _without_export(match: re.Match[str]) -> str:
    return match.group(1)


def _wrapped(module: str) -> str:
    names = ", ".join(name for _, name in _EXPORT.findall(module))
    return f"const {{ {names} }} = (() => {{\n{_EXPORT.sub(_without_export, module)}\nreturn {{ {names} }};\n}})();"


def style(*files: str, root: str) -> str:
    """The palette for the element `root` in either mode, then CSS files."""
    modes = [f'{root}[data-mode="{mode}"] {{\n{theme.css_variables(mode)}\n}}' for mode in theme.MODES]
    roles = [f".r-{role} {{ background: var(--role-{role}); }}" for role in theme.ROLE_DASH]
    sheets = [text(name) for name in files]
    return "\n".join([*modes, *sheets, *roles, theme.mark_css()])
