"""Grading takes the last stated answer, and nothing else."""

import pytest

from data.recipe.problems.grade import is_correct, stated_answer


@pytest.mark.parametrize(
    ("response", "gold", "verdict"),
    [
        ("8 + 5 = 13. The answer is 13.", "13", True),
        ("The answer is 12. Wait. The answer is 13.", "13", True),
        ("The answer is 13. Wait. The answer is 12.", "13", False),
        ("Day 5 is Friday. The answer is Friday.", "Friday", True),
        ("Mia is first in line. The answer is Mia.", "Mia", True),
        ("Mia is first in line. The answer is Mia.", "Mi", False),
        ("The answer is 3.", "13", False),
        ("8 + 5 = 13.", "13", False),
        ("The answer is 13", "13", False),
        ("", "13", False),
    ],
)
def test_grading_takes_the_last_stated_answer(response: str, gold: str, verdict: bool) -> None:
    assert is_correct(response, gold) is verdict


def test_no_answer_is_none() -> None:
    assert stated_answer("I would say 13.") is None
