"""Only the teacher's, or preferred by it."""

from __future__ import annotations

import pytest

from rdpt_core.analysis.behaviours.discovery.verdicts import credit_of, verdict
from rdpt_core.analysis.schemes import BEFORE_TRAINING, TRIPLE, WITHOUT_TEACHER

ONLY, PREFERRED = "only the teacher's", "preferred by the teacher"


@pytest.mark.parametrize(
    ("n_decoys", "share", "decoys", "floor", "expected"),
    [
        (5, 1.0, 0.0, 0.4, ONLY),
        (5, 1.0, 0.06, 0.0, PREFERRED),
        (5, 0.85, 0.0, 0.0, PREFERRED),
        (1, 1.0, None, 0.05, ONLY),
        (0, 1.0, None, 0.051, PREFERRED),
        (0, 1.0, None, None, None),
    ],
)
def test_decoys_decide_where_there_are_two(
    n_decoys: int, share: float, decoys: float | None, floor: float | None, expected: str | None
) -> None:
    credit = credit_of(TRIPLE, "Teacher", n_decoys)
    assert verdict(credit, share, decoys, floor, is_found=True)[0] == expected


def test_decoys_say_nothing_of_the_student() -> None:
    credit = credit_of(BEFORE_TRAINING, "Student", 5)
    assert verdict(credit, 1.0, None, 0.01, is_found=True)[0] == "only the student's"


def test_no_verdict_without_a_finding_or_a_credited_model() -> None:
    assert verdict(credit_of(TRIPLE, "Teacher", 5), 1.0, 0.0, 0.0, is_found=False)[0] is None
    for scheme, label in ((TRIPLE, "Boosted"), (TRIPLE, "Shared"), (WITHOUT_TEACHER, "Gained")):
        assert credit_of(scheme, label, 5) is None
    assert verdict(None, 1.0, None, None, is_found=True) == (None, "the label credits no model")
