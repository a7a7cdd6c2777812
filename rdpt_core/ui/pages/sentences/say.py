"""What the labels of a pattern's sentences come to beside all others, in words: only what the numbers say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rdpt_core.analysis.behaviours.patterns.shapes import Against, WithoutTeacher
from rdpt_core.analysis.run.group_shares import Difference
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.style import words


def leading(apart: Difference) -> int:
    """The index of the label whose shares differ most; 0 where nothing can be compared."""
    size = np.abs(apart.value)
    return 0 if np.isnan(size).all() else int(np.nanargmax(size))


def headline(against: Against, labels: Sequence[str], k: int, control: Difference | None) -> str:
    """One label's share of these sentences and of all others, and how far they differ, with the teacher and without.

    Args:
        k: the index of the label.
        control: the difference with no teacher, if there is such a control.
    """
    these, others = against.pattern, against.rest
    if not these.n_counted or not others.n_counted:
        which = "None of these sentences" if not these.n_counted else "No other sentence"
        return f"{which} carries a label, so there is nothing to compare."
    said = (
        f"**{labels[k]} {words.percent(float(these.share[k]))} of these, {words.percent(float(others.share[k]))} of "
        f"all others: {difference(against.difference, k)}**"
        f"{_ends(against.difference, k, words.questions(these.n_questions, these.n_effective))}"
    )
    if control is None:
        return f"{said}."
    return f"{said}; with no teacher at all {difference(control, k)}{_ends(control, k)}."


def excess_in_words(without: WithoutTeacher, label: str, k: int) -> str:
    """By how much the difference with the teacher exceeds that without, and what this proves."""
    excess = without.excess
    if np.isnan(excess.value[k]):
        return "No sentence is scored both with the teacher and without."
    if excess.refused is not None:
        return f"The excess is {difference(excess, k)}, without an interval."
    between = f"The excess is {difference(excess, k)}{_ends(excess, k)}"
    if excludes_zero(excess, k):
        return f"{between}."
    return f"{between}: no evidence that the difference in {label} is about the teacher."


def difference(found: Difference, k: int) -> str:
    """`+27 points`, with one decimal below 10; a dash where missing."""
    return f"{points(float(found.value[k]))} points"


def points(value: float) -> str:
    """A difference of shares in percentage points, signed: `+27`, `−0.4`; a dash where missing."""
    if np.isnan(value):
        return "–"
    hundredfold = 100 * value
    text = f"{hundredfold:+.0f}" if abs(hundredfold) >= 9.95 else f"{hundredfold:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def with_ends(found: Difference, k: int) -> str:
    """`+27 (+21 to +33)`, for a table; without ends where refused."""
    value = points(float(found.value[k]))
    if found.refused is not None:
        return value
    return f"{value} ({points(float(found.low[k]))} to {points(float(found.high[k]))})"


def excludes_zero(found: Difference, k: int) -> bool:
    """Whether there is an interval, and 0 is not in it."""
    return found.refused is None and bool(found.low[k] > 0 or found.high[k] < 0)


def _ends(found: Difference, k: int, n: str = "") -> str:
    more = f"; {n}" if n else ""
    if found.refused is not None:
        return f" (no interval: {found.refused})" if n else ""
    return f" ({SHARE_INTERVAL.name} {points(float(found.low[k]))} to {points(float(found.high[k]))}{more})"
