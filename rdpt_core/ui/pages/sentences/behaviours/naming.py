"""Kinds, and what was found of each, in words."""

from __future__ import annotations

from rdpt_core.analysis.behaviours.discovery.results import Behaviour
from rdpt_core.analysis.behaviours.families import LENS, OPENING, PARTS_OF_SPEECH, TAG
from rdpt_core.ui.style import words

REPLICATED, FOUND, NOT_FOUND = "replicated", "found, not replicated", "not found"

_BEFORE = {LENS: "", TAG: "tag ", PARTS_OF_SPEECH: "", OPENING: "begins: "}


def kind_name(row: Behaviour, limit: int = 60) -> str:
    """A kind with a word of its family where its name alone could be taken for a wording; still a foreign text."""
    return f"{_BEFORE.get(row.family, '')}{words.plain(row.kind, limit)}"


def standing(row: Behaviour) -> str:
    """The verdict of a kind that held on both halves of the questions, else how far it came."""
    if row.is_replicated:
        return row.verdict or REPLICATED
    return FOUND if row.is_found else NOT_FOUND


def percent(share: float | None) -> str:
    """A dash where missing."""
    return "–" if share is None else words.percent(share)


def points(share: float | None) -> str:
    """`+12 points`, with a true minus; a dash where missing."""
    if share is None:
        return "–"
    whole = round(100 * share)
    return f"{whole:+d} points".replace("-", "−") if whole else "0 points"


def nats(drop: float) -> str:
    """Two decimals with a true minus; never a negative zero."""
    return f"{round(drop, 2) + 0.0:.2f} nats".replace("-", "−")


def times(lift: float | None) -> str:
    """`2.1 ×`; a dash where missing."""
    return "–" if lift is None else f"{lift:.1f} ×" if lift < 99.5 else f"{lift:.0f} ×"


def between(low: float | None, high: float | None, text: str = "percent") -> str | None:
    """`61% to 74%`, or the same in points or times; None where there is no interval.

    Args:
        text: `percent`, `points` or `times`.
    """
    if low is None or high is None:
        return None
    write = {"percent": percent, "points": points, "times": times}[text]
    unit = {"percent": "", "points": " points", "times": " ×"}[text]
    return f"{write(low).removesuffix(unit)} to {write(high)}"
