"""What a label's share is worth beside its controls, in words: only what the numbers say."""

from __future__ import annotations

from collections.abc import Sequence

from rdpt_core.analysis.evidence.control_shares import Compared
from rdpt_core.analysis.evidence.controls import Control
from rdpt_core.analysis.run.group_shares import Difference
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.analysis.statistics.methods import DIFFERENCE_INTERVAL, SHARE_INTERVAL
from rdpt_core.ui.style import words


def headline(without: Compared) -> str:
    """The share of the first label beside its share with no teacher at all, and their difference.

    Args:
        without: the run with its teacher, and with no teacher.
    """
    label, share = without.labels[0], percent(float(without.control.share[0]))
    return (
        f"**{label}** {with_interval(without.true, 0)} of all sentences; **with no teacher at all, {share}** would be "
        f"called so. The excess is {points_in_words(without, 0)}."
    )


def without_teacher(without: Compared) -> str:
    """What becomes of the first label if the distilled model stands in the teacher's place, in a few sentences."""
    label = without.labels[0]
    said = [headline(without)]
    stays, rejected = without.fates.stays[0], without.fates.rejected[0]
    if stays.n_counted:
        said.append(f"Of the {label} sentences, {with_interval(stays, 0)} stay {label} without any teacher.")
    if rejected.n_counted:
        said.append(
            f"Of the sentences that are called {label} without one, the teacher rejects {with_interval(rejected, 0)}."
        )
    said.append(_conclusion(without))
    return " ".join(said)


def _conclusion(without: Compared) -> str:
    label, excess = without.labels[0], without.excess
    if excess.refused is not None:
        return "So few questions say nothing about others."
    if float(excess.low[0]) > 0:
        return f"**More sentences are called {label} with the teacher than without one.**"
    no_evidence = (
        f"**So the share of {label} alone is no evidence that the teacher was needed to find such sentences.**"
    )
    if not without.fates.rejected[0].n_counted:
        return no_evidence
    return f"{no_evidence} What the teacher adds is what it rejects."


def against_others(others: Sequence[tuple[Control, Compared]]) -> str:
    """Which model in the teacher's place makes most sentences the first label, and how far the teacher exceeds it;
    empty without one.

    Args:
        others: models in the teacher's place, beside the distilled one and the student.
    """
    if not others:
        return ""
    control, most = max(others, key=lambda other: float(other[1].control.share[0]))
    said = f"**{name(control)}** makes {percent(float(most.control.share[0]))} of the sentences {most.labels[0]}"
    among = f"Of {len(others)} other models in the teacher's place, {said}, the most."
    first = among if len(others) > 1 else f"In the teacher's place, {said}."
    return f"{first} The excess over it is {points_in_words(most, 0)}."


def name(control: Control, limit: int = 60) -> str:
    """A control in running text; that of a decoy is its user's."""
    return words.no_markdown(control.name, limit)


def points_in_words(compared: Compared, k: int) -> str:
    """`+11.5 points (95% interval of the difference +5.3 to +18.0)`."""
    excess = compared.excess
    value = f"{100 * float(excess.value[k]):+.1f} points"
    if excess.refused is not None:
        return f"{value} (no interval: {excess.refused})"
    low, high = 100 * float(excess.low[k]), 100 * float(excess.high[k])
    return f"{value} ({DIFFERENCE_INTERVAL.name} {low:+.1f} to {high:+.1f})"


def points(excess: Difference, k: int) -> str:
    """`+11.5 (+5.3 to +18.0)`, for a table."""
    value, low, high = (100 * float(end[k]) for end in (excess.value, excess.low, excess.high))
    return f"{value:+.1f}" if excess.refused is not None else f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def with_interval(intervals: ShareIntervals, k: int) -> str:
    """`47% (44% to 50%)`, or a share without an interval."""
    share = percent(float(intervals.share[k]))
    if intervals.refused is not None:
        return f"{share} (no {SHARE_INTERVAL.name})"
    return f"{share} ({percent(float(intervals.low[k]))} to {percent(float(intervals.high[k]))})"


def percent(share: float) -> str:
    """`words.percent`, with one decimal close to 100%, too: what is left of it is what the teacher is asked for."""
    return f"{share:.1%}" if 0.975 <= share < 1 else words.percent(share)
