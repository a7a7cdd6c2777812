"""Sentences about a pattern claim what the numbers say, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.behaviours.patterns.shapes import Against, WithoutTeacher
from rdpt_core.analysis.run.group_shares import Difference
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.ui.pages.sentences import say

LABELS = ("Teacher", "Student")


def shares(first: float, n_counted: int = 40) -> ShareIntervals:
    share = np.array([first, 1 - first])
    return ShareIntervals(share, share - 0.05, share + 0.05, 20, 18.0, 20, n_counted, None)


def apart(value: float, half: float = 0.06, refused: str | None = None) -> Difference:
    values = np.array([value, -value])
    ends = (values - half, values + half) if refused is None else (values * np.nan, values * np.nan)
    return Difference(values, *ends, 20, (20, 20), (18.0, 18.0), refused)


def against(first: float, second: float, refused: str | None = None) -> Against:
    return Against("", shares(first), shares(second), apart(first - second, refused=refused))


def test_the_headline_has_both_shares_the_difference_and_the_control() -> None:
    said = say.headline(against(0.71, 0.44), LABELS, 0, apart(0.25))
    assert said == (
        "**Teacher 71% of these, 44% of all others: +27 points** (95% interval +21 to +33; 20 questions (effective "
        "18)); with no teacher at all +25 points (95% interval +19 to +31)."
    )
    assert "with no teacher" not in say.headline(against(0.71, 0.44), LABELS, 0, None)


def test_too_few_questions_are_named_and_nothing_is_compared_with_nothing() -> None:
    said = say.headline(against(0.71, 0.44, "only 3 questions; an interval needs 8"), LABELS, 0, None)
    assert "+27 points** (no interval: only 3 questions; an interval needs 8)." in said
    empty = Against("", shares(0.5, 0), shares(0.5), apart(float("nan")))
    assert say.headline(empty, LABELS, 0, None) == (
        "None of these sentences carries a label, so there is nothing to compare."
    )


@pytest.mark.parametrize(("value", "is_evidence"), [(0.1, True), (0.02, False), (-0.1, True), (-0.02, False)])
def test_an_excess_whose_interval_holds_0_is_no_evidence(value: float, is_evidence: bool) -> None:
    said = say.excess_in_words(WithoutTeacher(against(0.6, 0.5), apart(value)), "Teacher", 0)
    assert ("no evidence" in said) is not is_evidence
    assert say.points(value) in said


def test_an_excess_without_an_interval_claims_nothing() -> None:
    refused = apart(0.3, refused="only 3 questions; an interval needs 8")
    assert say.excess_in_words(WithoutTeacher(against(0.6, 0.5), refused), "Teacher", 0) == (
        "The excess is +30 points, without an interval."
    )


def test_the_label_that_differs_most_leads() -> None:
    values = np.array([0.1, -0.4, np.nan, 0.3])
    ends = values - 0.1, values + 0.1
    assert say.leading(Difference(values, *ends, 9, (9, 9), (9.0, 9.0), None)) == 1
    nothing = values * np.nan
    assert say.leading(Difference(nothing, nothing, nothing, 0, (0, 0), (0.0, 0.0), "none")) == 0


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.271, "+27"), (-0.271, "−27"), (0.0042, "+0.4"), (-0.00004, "0.0"), (0.0, "0.0"), (float("nan"), "–")],
)
def test_points_have_a_sign_and_never_a_signed_zero(value: float, written: str) -> None:
    assert say.points(value) == written
