"""What the page says in words follows from the numbers, and from nothing else."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from rdpt_core.analysis.evidence.importance.contrasts import NO_STRATUM, Contrast
from rdpt_core.analysis.evidence.importance.data import Controlled
from rdpt_core.analysis.evidence.importance.summaries import MEASURES, Ends, Summary
from rdpt_core.analysis.schemes import TRIPLE
from rdpt_core.ui.pages.evidence.importance.summary import at_equal_kind, headline, nats, points, under_controls

NAN = math.nan


def contrast(share: Ends, adjustment: str = "same kind and position") -> Contrast:
    why = NO_STRATUM if math.isnan(share.low) else None
    ends = {"share": share, "mean": share}
    return Contrast("Teacher", "Student", adjustment, ends, 0.9, (50, 60), 4, 30, 28.0, {"share": why, "mean": why})


def summary(label: str, group: str, median: Ends) -> Summary:
    return Summary(label, group, dict.fromkeys(MEASURES, median), 50, 20, 10, 9.5, None)


RAW = contrast(Ends(-0.22, -0.26, -0.18), "as they are")
EQUAL = contrast(Ends(-0.2, -0.25, -0.15))


def test_grades_are_told_apart() -> None:
    found = [
        summary("Teacher", "correct", Ends(0.004, 0.001, 0.016)),
        summary("Student", "correct", Ends(1.62, 1.2, 2.0)),
        summary("Boosted", "correct", Ends(9, 9, 9)),
        summary("Student", "incorrect", Ends(-0.31, NAN, NAN)),
    ]
    assert headline(found, TRIPLE) == (
        "In correct traces the answer loses a median of 0.004 nats (95% interval 0.001 to 0.016) without a Teacher "
        "sentence and 1.62 (1.20 to 2.00) without a Student sentence; in incorrect traces −0.31 without a Student "
        "sentence."
    )
    assert headline(found[2:3], TRIPLE) == "No sentence here is labelled Teacher or Student."


def test_what_is_held_equal_is_said() -> None:
    assert at_equal_kind([RAW, EQUAL], TRIPLE) == (
        "Losses above 1 nat are 22 points (18 to 26) less frequent with a Teacher sentence than with a Student "
        "sentence; among sentences of the same kind and position, 20 points (15 to 25) less frequent."
    )
    kind = contrast(Ends(0.05, -0.02, 0.12), "same kind")
    nothing = contrast(Ends(NAN, NAN, NAN))
    assert at_equal_kind([RAW, nothing, kind], TRIPLE).endswith("same kind, 5 points (−2 to 12) more frequent.")
    assert at_equal_kind([RAW, nothing], TRIPLE).endswith("sentences of the same kind are too few to compare.")
    assert at_equal_kind([], TRIPLE) == ""


@pytest.mark.parametrize(("low", "high", "is_found_as_well"), [(-0.17, -0.05, True), (-0.17, 0.02, False)])
def test_what_a_control_shows_as_well_is_not_claimed_for_the_teacher(
    low: float, high: float, is_found_as_well: bool
) -> None:
    control = Controlled((), (replace(EQUAL, numbers={"share": Ends(-0.11, low, high)}),))
    other = Controlled((), (replace(EQUAL, numbers={"share": Ends(0.3, 0.2, 0.4)}),))
    said = under_controls([RAW, EQUAL], {"far": other, "dec*oy": control}, TRIPLE)
    assert said.startswith("With **dec\\*oy** in the teacher's place they are 11 points")
    assert ("not about the teacher alone" in said) is is_found_as_well


def test_without_controls_or_intervals_nothing_is_said_of_controls() -> None:
    refused = Controlled((), (replace(EQUAL, numbers={"share": Ends(-0.11, NAN, NAN)}),))
    assert under_controls([RAW, EQUAL], {}, TRIPLE) == ""
    assert under_controls([RAW, EQUAL], {"few": refused, "none": Controlled((), ())}, TRIPLE) == ""
    assert under_controls([RAW], {"some": Controlled((), (EQUAL,))}, TRIPLE) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.34, "12.3"), (-1.5, "−1.50"), (0.046, "0.046"), (-0.0001, "0"), (0.0, "0"), (10.0, "10.0"), (NAN, "–")],
)
def test_nats_are_short(value: float, text: str) -> None:
    assert nats(value) == text


def test_points_turn_with_their_interval() -> None:
    assert points(Ends(-0.2, -0.25, 0.05)) == "20 points (−5 to 25) less frequent"
    assert points(Ends(0.2, NAN, NAN)) == "20 points more frequent"
