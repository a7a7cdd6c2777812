"""How a line says that it cannot become a trace: what was expected, and what was found."""

from __future__ import annotations


class LineError(Exception):
    """Why a line cannot become a trace. The reader turns it into a reject; it never reaches a caller."""


def described(value: object) -> str:
    """A value of a JSON file in a few words."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return "an empty string" if not value else f"the string {shown(value)}"
        case int() | float():
            return f"the number {str(value)[:40]}"
        case list():
            return "an empty list" if not value else f"a list of {len(value)}"
        case _:
            return "an object"


def shown(text: str) -> str:
    """A text in quotes, cut to 60 characters."""
    return repr(text if len(text) <= 60 else text[:57] + "...")
