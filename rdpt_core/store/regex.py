"""Regular expressions as the database understands them: RE2, whose time grows with the text and nothing else."""

from __future__ import annotations

import duckdb

from rdpt_core.errors import UsageError

_SPECIAL = frozenset(r"\.+*?()|[]{}^$")


def literal(text: str, *, match_case: bool) -> str:
    """An expression that matches this text and nothing else."""
    escaped = "".join(f"\\{c}" if c in _SPECIAL else c for c in text)
    return escaped if match_case else f"(?i){escaped}"


def checked(expression: str, *, match_case: bool) -> str:
    """An expression of the user's, ready for the database.

    Raises:
        UsageError: it is no regular expression, is too large, or matches the empty text and so would be everywhere.
    """
    pattern = expression if match_case else f"(?i){expression}"
    # First as it was written, so that a complaint quotes nothing that its author never wrote.
    sought = (expression, pattern)
    with duckdb.connect(":memory:") as connection:
        try:
            rows = [connection.execute("SELECT regexp_matches('', $1)", [text]).fetchall()[0] for text in sought]
        except duckdb.Error as error:
            raise UsageError(
                "this is not a regular expression",
                expected="the syntax of RE2",
                got=str(error).splitlines()[0].removeprefix("Invalid Input Error: "),
                hint="RE2 has no backreferences and no look-around, so that every search ends in good time.",
            ) from error
    if any(matches_empty for (matches_empty,) in rows):
        raise UsageError(
            "this regular expression matches the empty text",
            expected="an expression that needs at least one character",
            hint="Write + instead of *, for example.",
        )
    return pattern
